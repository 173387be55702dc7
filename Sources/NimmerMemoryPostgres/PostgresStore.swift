import NimmerMemory
import NimmerWave

/// Long-term memory in PostgreSQL.
///
/// Everything runs on one thread of its own over one connection, which is made on first use and again after it was
/// lost; the caller decides when to try again (``Batcher``).
public actor PostgresStore: MemoryStore {
    /// Settings of the database.
    public nonisolated let settings: DatabaseSettings
    private nonisolated let executor = ThreadExecutor()
    private var connection: PostgresConnection?
    private var staged: Set<String> = []
    private var months: Set<String> = []

    /// A store that has not connected yet.
    public init(_ settings: DatabaseSettings) {
        self.settings = settings
    }

    /// The thread of this store.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Connects and checks the schema; asks a connection that is open already whether it lives, and, where the settings ask for a
    /// server that takes changes, whether it still does.
    public func open() throws(MemoryError) {
        try perform { (connection) throws(PostgresFailure) in
            // After a failover a server may answer and take no changes.
            let isReadOnly = try connection.script("select current_setting('transaction_read_only')").first == "on"
            if isReadOnly, settings.writes { throw .readOnlySession(connection.name) }
        }
    }

    /// Writes a batch; see ``MemoryStore/write(_:)``.
    public func write(_ entries: [MemoryEntry]) throws(MemoryError) -> WriteReport {
        try perform { (connection) throws(PostgresFailure) in
            for month in newMonths(of: entries) {
                try connection.run("select make_transition_partition(\(month + "-01T00:00:00Z")::timestamptz)")
                months.insert(month)
            }
            var report = WriteReport()
            try store(Array(entries.indices), of: entries, on: connection, &report)
            return report
        }
    }

    /// Follows a decision; see ``MemoryStore/trail(of:)``.
    public func trail(of id: MessageID) throws(MemoryError) -> MemoryTrail? {
        try PostgresTrail(connection: try ready()).follow(id)
    }

    /// Ids that begin so, at most two: one is meant, two are too many.
    package func ids(_ prefix: IDPrefix) throws(MemoryError) -> [MessageID] {
        try PostgresTrail(connection: try ready()).ids(prefix)
    }

    /// Examples for training; see ``MemoryStore/trainingPage(_:)``.
    public func trainingPage(_ query: TrainingQuery) throws(MemoryError) -> TrainingPage {
        let found = try perform { (connection) throws(PostgresFailure) in try connection.run(query.sql) }.values
        let rows = found.map { row in
            Result { () throws(MemoryError) in try TrainingExample(row: row) }
        }
        guard found.count >= query.limit, let last = found.last else { return TrainingPage(rows: rows, next: nil) }
        return TrainingPage(rows: rows, next: query.after(try TrainingExample.place(last)))
    }

    /// Answers with known outcomes; see ``MemoryStore/answerPage(_:)``.
    public func answerPage(_ query: TrainingQuery) throws(MemoryError) -> AnswerPage {
        let found = try perform { (connection) throws(PostgresFailure) in try connection.run(query.answers) }.values
        let rows = found.map { row in Result { () throws(MemoryError) in try AnsweredRequest(row: row) } }
        guard found.count >= query.limit, let last = found.last else { return AnswerPage(rows: rows, next: nil) }
        return AnswerPage(rows: rows, next: query.after(try AnsweredRequest.place(last)))
    }

    /// Lifeforce that was spent and earned; see ``MemoryStore/lifeforce(_:)``.
    public func lifeforce(_ query: LifeforceQuery) throws(MemoryError) -> [LifeforceDay] {
        try perform { (connection) throws(PostgresFailure) in try connection.run(query.sql) }
            .values.map { (row) throws(MemoryError) in try LifeforceDay(row: row, query.environment) }
    }

    /// The gates with their totals; see ``MemoryStore/gates(_:)``.
    public func gates(_ environment: Environment) throws(MemoryError) -> [GateBalance] {
        try perform { (connection) throws(PostgresFailure) in
            try connection.run(
                """
                select gate_id, domain, region, state, potential, weight, transitions, openings, closings, confirmed,
                       failed, partial, lifeforce_spent, lifeforce_earned, last_transition_at
                from gate_overview where env = \(environment.rawValue) order by gate_id collate "C"
                """)
        }
        .values.map { (row) throws(MemoryError) in try GateBalance(row: row, environment) }
    }

    /// Returns the number of rows of each kind.
    public func counts() throws(MemoryError) -> MemoryCounts {
        let row =
            try perform { (connection) throws(PostgresFailure) in
                try connection.run(
                    """
                    select (select count(*) from transition_messages), (select count(*) from collapse_messages),
                           (select count(*) from correlation_messages), (select count(*) from request_messages),
                           (select count(*) from response_messages), (select count(*) from verification_messages),
                           (select count(*) from rejected_overview), (select count(*) from act_messages),
                           (select count(*) from accepted_messages)
                    """)
            }.values.first ?? []
        let numbers = row.compactMap { $0.flatMap { Int($0) } }
        guard numbers.count == 9 else { throw MemoryError(.unexpected, "\(settings) returned no row to a count") }
        var counts = MemoryCounts()
        counts.transitions = numbers[0]
        counts.collapses = numbers[1]
        counts.correlations = numbers[2]
        counts.requests = numbers[3]
        counts.responses = numbers[4]
        counts.verifications = numbers[5]
        counts.rejected = numbers[6]
        counts.acts = numbers[7]
        counts.accepted = numbers[8]
        return counts
    }

    /// The look-ups over the open connection.
    func reading() throws(MemoryError) -> PostgresTrail { PostgresTrail(connection: try ready()) }

    /// The rows of a statement that reads.
    func rows(_ statement: SQL) throws(MemoryError) -> [[String?]] {
        try perform { (connection) throws(PostgresFailure) in try connection.run(statement) }.values
    }

    /// Runs statements in one transaction.
    func inTransaction(_ body: (PostgresConnection) throws(PostgresFailure) -> Void) throws(MemoryError) {
        try perform { (connection) throws(PostgresFailure) in
            try connection.script("begin")
            try body(connection)
            try connection.script("commit")
        }
    }

    /// Closes the connection.
    public func close() {
        connection = nil
        staged = []
        months = []
    }

    // MARK: - Connection

    private func ready() throws(MemoryError) -> PostgresConnection {
        if let connection, !connection.isLost { return connection }
        close()
        let fresh = try PostgresConnection(settings)
        try fresh.prepareSession()
        let state: SchemaState
        do throws(PostgresFailure) {
            state = try Schema(connection: fresh).state(expecting: Migration.all)
        } catch {
            throw error.memoryError
        }
        if let refusal = state.refusal(fresh.name) { throw refusal }
        connection = fresh
        return fresh
    }

    private func perform<Result>(
        _ body: (PostgresConnection) throws(PostgresFailure) -> Result
    ) throws(MemoryError) -> Result {
        let connection = try ready()
        do throws(PostgresFailure) {
            return try body(connection)
        } catch {
            connection.rollback()
            if connection.isLost || error.needsNewConnection { close() }
            throw error.memoryError
        }
    }

    // MARK: - Writing

    private func newMonths(of entries: [MemoryEntry]) -> [String] {
        var found: Set<String> = []
        var days: Set<Int64> = []
        for entry in entries {
            guard case .transition(let message) = entry.row,
                days.insert(message.body.at.dayAndRest.day).inserted
            else { continue }
            let month = String(message.body.at.rfc3339.prefix(7))
            if !months.contains(month) { found.insert(month) }
        }
        return found.sorted()
    }

    /// Writes the entries at these places; a bad one is found by halving and set aside alone.
    private func store(
        _ places: [Int], of entries: [MemoryEntry], on connection: PostgresConnection, _ report: inout WriteReport
    ) throws(PostgresFailure) {
        guard !places.isEmpty else { return }
        do throws(PostgresFailure) {
            let stored = try transact(places.map { entries[$0] }, on: connection)
            report.stored += stored
            report.known += places.count - stored
        } catch {
            connection.rollback()
            guard error.isData, !connection.isLost else { throw error }
            guard places.count == 1, let place = places.first else {
                let half = places.count / 2
                try store(Array(places[..<half]), of: entries, on: connection, &report)
                try store(Array(places[half...]), of: entries, on: connection, &report)
                return
            }
            if case .rejected = entries[place].row { throw error }
            _ = try transact([entries[place].setAside(because: error.reason)], on: connection)
            report.setAside.append(WriteReport.SetAside(index: place, reason: error.reason))
        }
    }

    /// Writes all of these entries in one transaction; returns how many are new.
    ///
    /// New rows are the rule: they are copied straight into their tables. A row that is known stops that, and the
    /// batch goes through staging tables, which leave known rows alone.
    private func transact(_ entries: [MemoryEntry], on connection: PostgresConnection) throws(PostgresFailure) -> Int {
        let parts = RowWriter.parts(of: entries)
        do throws(PostgresFailure) {
            try connection.script(PostgresStore.begin)
            var rows = 0
            for var part in parts {
                rows += try connection.copy(
                    "copy \(part.table.name) (\(part.table.columns)) from stdin (format binary)"
                ) { part.nextPiece() }
            }
            try connection.script("commit")
            return rows
        } catch {
            connection.rollback()
            guard error.isDuplicate, !connection.isLost else { throw error }
        }
        for part in parts where staged.insert(part.table.name).inserted {
            let name = part.table.name
            try connection.script(
                "create temp table staging_\(name) (like \(name) including defaults) on commit delete rows")
        }
        try connection.script(PostgresStore.begin)
        var rows = 0
        for var part in parts {
            let (name, columns) = (part.table.name, part.table.columns)
            _ = try connection.copy("copy staging_\(name) (\(columns)) from stdin (format binary)") { part.nextPiece() }
            rows += try connection.script(
                """
                insert into \(name) (\(columns)) select \(columns) from staging_\(name) on conflict do nothing
                """
            ).affected
        }
        try connection.script("commit")
        return rows
    }

    /// Writers take turns: two hippocampi with the same rows would otherwise wait for each other's rows and gates.
    private static let begin = "begin; select pg_advisory_xact_lock(hashtext('nimmerverse memory'))"
}

extension PostgresConnection {
    /// Settings of a session: times as they are parsed, no wait without end, commits that are durable.
    func prepareSession() throws(MemoryError) {
        do throws(PostgresFailure) {
            try script(
                """
                set timezone = 'UTC'; set datestyle = 'ISO'; set search_path = public;
                set lock_timeout = '10s'; set idle_in_transaction_session_timeout = '30s';
                select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'
                """)
        } catch {
            throw error.memoryError
        }
        guard serverVersion >= 130_000 else {
            throw MemoryError(
                .settings, "\(name) is PostgreSQL \(serverVersion / 10_000), expected 13 or later",
                remedy: "Update the server", canRetry: true)
        }
        guard parameter("server_encoding") == "UTF8" else {
            throw MemoryError(
                .settings, "\(name) has the encoding \(parameter("server_encoding") ?? "unknown"), expected UTF8",
                remedy: "Create a database with encoding UTF8", canRetry: true)
        }
    }
}

import NimmerMemory
import NimmerWave

/// Operations of the owner of the schema only: `nimmer db migrate` and `nimmer db prune`.
///
/// Every call connects, works and closes.
public actor PostgresAdministration {
    /// Settings of the database.
    public nonisolated let settings: DatabaseSettings
    private nonisolated let executor = ThreadExecutor()
    private let migrations: [Migration]

    /// An administration of one database.
    public init(_ settings: DatabaseSettings) {
        self.init(settings, migrations: Migration.all)
    }

    init(_ settings: DatabaseSettings, migrations: [Migration]) {
        var patient = settings
        patient.statementSeconds = max(settings.statementSeconds, 3_600)
        patient.writes = true
        self.settings = patient
        self.migrations = migrations
    }

    /// The thread of this administration.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Compares the schema with this program's migrations.
    public func state() throws(MemoryError) -> SchemaState {
        try work { (connection) throws(PostgresFailure) in
            try Schema(connection: connection).state(expecting: migrations)
        }
    }

    /// State of pgvector: memory by meaning is searched by it, or in the process.
    public func meanings() throws(MemoryError) -> MeaningSupport {
        try work { (connection) throws(PostgresFailure) in try VectorExtension(connection: connection).support }
    }

    /// Brings the schema to this program's version; applying it twice changes nothing.
    ///
    /// One migration at a time, each in a transaction of its own, under an advisory lock: two at once are safe.
    ///
    /// - Parameter creatingDatabase: whether a database that does not exist is created (encoding UTF8).
    public func migrate(creatingDatabase: Bool = true) throws(MemoryError) -> MigrationReport {
        var report = MigrationReport()
        do throws(MemoryError) {
            try migrate(&report)
        } catch {
            guard creatingDatabase, error.code == .missingDatabase else { throw error }
            try createDatabase()
            report.createdDatabase = settings.databaseName
            try migrate(&report)
        }
        return report
    }

    /// Returns what is older than the policy keeps; changes nothing.
    public func prunePlan(_ policy: RetentionPolicy, at now: Timestamp) throws(MemoryError) -> PrunePlan {
        try work { (connection) throws(PostgresFailure) in
            try checkOwner(connection)
            return PrunePlan(steps: try steps(policy, at: now, connection))
        }
    }

    /// Carries a plan out, step by step; what a step removed stays removed when a later one fails.
    ///
    /// - Returns: the steps with the number of rows that went.
    public func prune(_ plan: PrunePlan) throws(MemoryError) -> PrunePlan {
        try work { (connection) throws(PostgresFailure) in
            try checkOwner(connection)
            var done: [PrunePlan.Step] = []
            for var step in plan.steps {
                switch step.kind {
                case .partition:
                    // The name is asked of the catalogue again: a plan is data, and names in statements must be ours.
                    let statement = try connection.run(
                        """
                        select format('drop table %I', partition) from transition_partitions(\(step.before)::timestamptz)
                        where partition = \(step.table) and expired
                        """)
                    guard let statement = statement.first else { continue }
                    try connection.script(statement)
                case .rows:
                    guard let table = Prunable(rawValue: step.table) else { continue }
                    step.rows = try connection.run(table.deletion(before: step.before)).affected
                }
                done.append(step)
            }
            return PrunePlan(steps: done)
        }
    }

    // MARK: - Migrating

    private func migrate(_ report: inout MigrationReport) throws(MemoryError) {
        let name = settings.description
        let (applied, notes, refusal) = try work { (connection) throws(PostgresFailure) in
            try connection.script(
                "set lock_timeout = '60s'; select pg_advisory_lock(hashtext('nimmerverse migrations'))")
            let schema = Schema(connection: connection)
            var state = try schema.state(expecting: migrations)
            switch state {
            case .missing, .older, .current: break
            case .foreign, .newer, .tampered: return ([Migration](), [String](), state.refusal(name))
            }
            let access = Access(connection: connection)
            let notes = try access.prepare()
            try connection.script(Schema.table)
            state = try schema.state(expecting: migrations)
            let version = state.version
            var applied: [Migration] = []
            for migration in migrations where migration.version > version {
                try connection.script("begin")
                try connection.script(migration.sql)
                try connection.run(
                    """
                    insert into schema_migrations (version, name, checksum)
                    values (\(migration.version)::int, \(migration.name),
                            encode(sha256(convert_to(\(migration.sql), 'UTF8')), 'hex'))
                    """)
                try connection.script("commit")
                applied.append(migration)
            }
            try access.grant()
            if migrations.contains(.meanings) { report.meanings = try prepareMeanings(connection) }
            return (applied, notes, MemoryError?.none)
        }
        if let refusal { throw refusal }
        report.applied = applied
        report.version = migrations.count
        report.notes = notes
    }

    /// Gives the rows of memory by meaning vectors and indexes, however many they are, where the database has pgvector.
    private func prepareMeanings(_ connection: PostgresConnection) throws(PostgresFailure) -> MeaningSupport {
        let found = try connection.run(
            "select distinct kernel, model, dimensions from memory_meanings order by 1, 2, 3")
        for row in found.values + [[nil, nil, nil]] {
            try connection.run("select prepare_meanings(\(row[0]), \(row[1]), \(row[2])::int, null)")
        }
        return try VectorExtension(connection: connection).support
    }

    private func createDatabase() throws(MemoryError) {
        let database = settings.databaseName
        let elsewhere = PostgresAdministration.maintenance(settings)
        let connection = try PostgresConnection(elsewhere)
        do throws(PostgresFailure) {
            let quoted = try connection.text("select quote_ident(\(database))", "quoted name")
            try connection.script("create database \(quoted) encoding 'UTF8' template template0")
        } catch {
            // 42P04, or 23505 on the catalogue: another session created it at this moment.
            guard error.state != "42P04", !error.isDuplicate else { return }
            throw error.memoryError
        }
    }

    private static func maintenance(_ settings: DatabaseSettings) -> DatabaseSettings {
        settings.database("postgres")
    }

    // MARK: - Pruning

    /// Tables that are pruned row by row, by the time that counts.
    private enum Prunable: String, CaseIterable {
        case transitions = "gate_transitions_default"
        case correlations = "correlation_events"
        case rejected = "rejected_messages"
        case meanings = "memory_meanings"

        func deletion(before: Timestamp) -> SQL {
            switch self {
            case .transitions: "delete from gate_transitions_default where at < \(before)::timestamptz"
            case .correlations: "delete from correlation_events where window_end < \(before)::timestamptz"
            case .rejected: "delete from rejected_messages where stored_at < \(before)::timestamptz"
            case .meanings: "delete from memory_meanings where kind <> 'summary' and at < \(before)::timestamptz"
            }
        }

        func count(before: Timestamp) -> SQL {
            switch self {
            case .transitions: "select count(*) from gate_transitions_default where at < \(before)::timestamptz"
            case .correlations: "select count(*) from correlation_events where window_end < \(before)::timestamptz"
            case .rejected: "select count(*) from rejected_messages where stored_at < \(before)::timestamptz"
            case .meanings:
                "select count(*) from memory_meanings where kind <> 'summary' and at < \(before)::timestamptz"
            }
        }
    }

    private func steps(
        _ policy: RetentionPolicy, at now: Timestamp, _ connection: PostgresConnection
    ) throws(PostgresFailure) -> [PrunePlan.Step] {
        var steps: [PrunePlan.Step] = []
        func rows(of table: Prunable, before: Timestamp) throws(PostgresFailure) {
            let count = try connection.whole(table.count(before: before), "count of \(table.rawValue)")
            guard count > 0 else { return }
            steps.append(.init(kind: .rows, table: table.rawValue, rows: count, bytes: 0, before: before))
        }
        let day = 86_400_000.0
        if let days = policy.transitionDays {
            let before = now.advanced(milliseconds: -Double(days) * day)
            let found = try connection.run(
                """
                select partition, rows_estimated, bytes from transition_partitions(\(before)::timestamptz) where expired
                """)
            for row in found.values {
                guard let table = row[0] else {
                    throw .unexpected(name: connection.name, "found no name of a partition, expected a text")
                }
                steps.append(
                    .init(
                        kind: .partition, table: table, rows: try connection.whole(row[1], "estimate of \(table)"),
                        bytes: try connection.whole(row[2], "size of \(table)"), before: before))
            }
            try rows(of: .transitions, before: before)
        }
        if let days = policy.correlationDays {
            try rows(of: .correlations, before: now.advanced(milliseconds: -Double(days) * day))
        }
        if let days = policy.rejectedDays {
            try rows(of: .rejected, before: now.advanced(milliseconds: -Double(days) * day))
        }
        if let days = policy.meaningDays {
            try rows(of: .meanings, before: now.advanced(milliseconds: -Double(days) * day))
        }
        return steps
    }

    private func checkOwner(_ connection: PostgresConnection) throws(PostgresFailure) {
        try Access(connection: connection).becomeOwner()
    }

    private func work<Result>(
        _ body: (PostgresConnection) throws(PostgresFailure) -> Result
    ) throws(MemoryError) -> Result {
        let connection = try PostgresConnection(settings)
        try connection.prepareSession()
        do throws(PostgresFailure) {
            return try body(connection)
        } catch {
            throw error.memoryError
        }
    }
}

/// Result of `nimmer db migrate`.
public struct MigrationReport: Sendable, Hashable {
    /// The database that was created, when it did not exist.
    public var createdDatabase: String?
    /// The migrations that were applied now, oldest first.
    public var applied: [Migration] = []
    /// The version that the schema has now.
    public var version = 0
    /// Notes for a person, such as roles that could not be created.
    public var notes: [String] = []
    /// State of pgvector; nil before the migration of memory by meaning.
    public var meanings: MeaningSupport?
}

extension Schema {
    /// The table of what is applied.
    static let table = """
        create table if not exists schema_migrations (
            version int primary key,
            name text not null,
            checksum text not null,
            applied_at timestamptz not null default now())
        """
}

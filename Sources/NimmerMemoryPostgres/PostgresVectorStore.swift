import NimmerIris
import NimmerMemory
import NimmerWave

/// Memory by meaning in PostgreSQL: searched in the database where it has pgvector, else in the process (decision 0038).
///
/// Everything runs on one thread of its own over one connection, which is made on first use and again after it was lost.
public actor PostgresVectorStore: VectorStore {
    /// Settings of the database.
    public nonisolated let settings: DatabaseSettings
    /// The nervous system whose memories these are.
    public nonisolated let kernel: Token
    /// Embeddings of a model that are held in the process at most, where the database has no pgvector: the newest.
    public nonisolated let mostHeld: Int
    private nonisolated let executor = ThreadExecutor()
    private var connection: PostgresConnection?
    private var vectors: VectorExtension?
    /// Embeddings that are searched in the process, by model.
    private var held: [EmbeddingModel: HeldMeanings] = [:]
    /// Indicates whether this user may make partitions and indexes.
    private var prepares = false

    /// A store that has not connected yet.
    ///
    /// - Parameters:
    ///   - kernel: the nervous system whose memories these are; the user must be its member.
    ///   - mostHeld: embeddings of a model that are held in the process at most.
    public init(_ settings: DatabaseSettings, kernel: Token, mostHeld: Int = 50_000) {
        self.settings = settings
        self.kernel = kernel
        self.mostHeld = max(1, mostHeld)
    }

    /// The thread of this store.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Connects, checks the schema and the user's kernel, and brings vectors where pgvector came since; asks a connection that is open
    /// whether it lives.
    public func open() throws(MemoryError) {
        // The extension may have come since.
        if vectors?.support.isInDatabase == false { vectors = nil }
        try perform { (connection, _) throws(PostgresFailure) in
            let isReadOnly = try connection.script("select current_setting('transaction_read_only')").first == "on"
            if isReadOnly, settings.writes { throw .readOnlySession(connection.name) }
        }
    }

    /// Keeps items; see ``VectorStore/keep(_:)``.
    public func keep(_ items: [RememberedItem]) throws(MemoryError) -> VectorReport {
        var report = VectorReport()
        let admitted = report.admit(items)
        var models: [EmbeddingModel] = []
        for item in admitted where !models.contains(item.model) { models.append(item.model) }
        for model in models {
            let mine = admitted.filter { $0.model == model }
            for start in stride(from: 0, to: mine.count, by: Self.batch) {
                let part = Array(mine[start..<min(start + Self.batch, mine.count)])
                try perform { (connection, vectors) throws(PostgresFailure) in
                    try keep(part, model, on: connection, vectors, &report)
                }
            }
        }
        return report
    }

    /// The nearest items; see ``VectorStore/search(_:)``.
    public func search(_ query: VectorQuery) throws(MemoryError) -> [VectorMatch] {
        try query.check()
        let rows = try perform { (connection, vectors) throws(PostgresFailure) in
            if vectors.support.isInDatabase {
                return try VectorSearch(kernel: kernel, query: query, vectors: vectors, connection: connection).run()
            }
            return try searchHeld(query, on: connection)
        }
        var matches: [VectorMatch] = []
        for row in rows {
            let match = try MeaningRows.match(row, query)
            if match.cosine >= query.minimumCosine { matches.append(match) }
        }
        matches.sort(by: Self.precedes)
        return Array(matches.prefix(query.limit))
    }

    /// State of pgvector in this database.
    public func support() throws(MemoryError) -> MeaningSupport {
        try perform { (_, vectors) throws(PostgresFailure) in vectors.support }
    }

    /// Closes the connection, and gives up what was held.
    public func close() {
        connection = nil
        vectors = nil
        held = [:]
    }

    /// Items of one transaction at most.
    private static let batch = 200
    /// Bytes of a kernel's rows at most that a running system gives vectors and an index; more wait for `nimmer db migrate`.
    private static let mostPrepared = 16 << 20

    private static func precedes(_ a: VectorMatch, _ b: VectorMatch) -> Bool {
        a.cosine != b.cosine
            ? a.cosine > b.cosine : a.item.at != b.item.at ? a.item.at > b.item.at : a.item.id < b.item.id
    }

    // MARK: - Connection

    private func ready() throws(MemoryError) -> PostgresConnection {
        if let connection, !connection.isLost, vectors != nil { return connection }
        let open: PostgresConnection
        if let connection, !connection.isLost {
            open = connection
        } else {
            close()
            open = try PostgresConnection(settings)
            try open.prepareSession()
        }
        var refusal: MemoryError?
        do throws(PostgresFailure) {
            refusal = try Schema(connection: open).state(expecting: Migration.all).refusal(open.name)
            if refusal == nil { refusal = try checkMember(open) }
            if refusal == nil, prepares { try prepare(nil, on: open) }
            vectors = try VectorExtension(connection: open)
        } catch {
            close()
            throw error.memoryError
        }
        if let refusal {
            close()
            throw refusal
        }
        connection = open
        return open
    }

    /// Finds out whether this user is a member of the kernel, and whether it may make partitions; returns why not.
    private func checkMember(_ connection: PostgresConnection) throws(PostgresFailure) -> MemoryError? {
        let row =
            try connection.run(
                """
                select session_user, not row_security_active('public.memory_meanings')
                           or coalesce(meaning_kernel() = \(kernel.text), false)
                           or meaning_keeper() and pg_has_role(current_user, relowner, 'usage'),
                       has_function_privilege('prepare_meanings(text, text, int, bigint)', 'execute')
                           and current_setting('transaction_read_only') = 'off'
                from pg_class where oid = 'public.memory_meanings'::regclass
                """
            ).values.first ?? []
        guard row.count == 3, let user = row[0] else {
            throw .unexpected(name: connection.name, "found no user")
        }
        prepares = row[2] == "t"
        guard row[1] != "t" else { return nil }
        return MemoryError(
            .permission, "the user \(user) is no member of the kernel \(kernel) of \(connection.name)",
            remedy: "The schema's owner adds it: insert into meaning_members values ('\(user)', '\(kernel)')",
            canRetry: true)
    }

    /// Makes the kernel's partition and, where pgvector is there, vectors and the index of a model.
    private func prepare(_ model: EmbeddingModel?, on connection: PostgresConnection) throws(PostgresFailure) {
        try connection.run(
            """
            select prepare_meanings(\(kernel.text), \(model?.name), \(model.map { "\($0.dimensions)" })::int,
                                    \(Self.mostPrepared)::bigint)
            """)
    }

    func perform<Result>(
        _ body: (PostgresConnection, VectorExtension) throws(PostgresFailure) -> Result
    ) throws(MemoryError) -> Result {
        var isSecond = false
        while true {
            let connection = try ready()
            guard let vectors else { throw MemoryError(.closed, "\(settings) is closed", canRetry: true) }
            do throws(PostgresFailure) {
                return try body(connection, vectors)
            } catch {
                connection.rollback()
                if connection.isLost || error.needsNewConnection {
                    close()
                } else if !isSecond, error.isStale {
                    // The extension was dropped, or rows that are held were: both are looked at again, once.
                    isSecond = true
                    self.vectors = nil
                    held = [:]
                    continue
                }
                throw error.memoryError
            }
        }
    }

    // MARK: - Keeping

    /// Keeps items of one model in one transaction: all of them, or none.
    private func keep(
        _ items: [RememberedItem], _ model: EmbeddingModel, on connection: PostgresConnection,
        _ vectors: VectorExtension, _ report: inout VectorReport
    ) throws(PostgresFailure) {
        if prepares { try prepare(model, on: connection) }
        let writing = MeaningWriting(kernel: kernel, model: model, connection: connection)
        try writing.begin()
        let known = try writing.known(items)
        var fresh: [RememberedItem] = []
        var ids = known
        for item in items where ids.insert(item.id).inserted { fresh.append(item) }
        let originals: [MessageID?]
        if vectors.support.isInDatabase {
            originals = try writing.originals(of: fresh, vectors)
        } else {
            let held = try refreshed(model, on: connection)
            originals = fresh.map { held.index.original(of: $0)?.id }
        }
        let plan = MeaningPlan(fresh, originals)
        try writing.write(plan)
        report.known += items.count - fresh.count
        report.kept += plan.kept.count
        report.duplicates += plan.duplicates.count
    }

    // MARK: - Searching in the process

    /// The rows of the nearest items that are held.
    private func searchHeld(_ query: VectorQuery, on connection: PostgresConnection) throws(PostgresFailure)
        -> [[String?]]
    {
        let hits = try refreshed(query.model, on: connection).index.nearest(query)
        guard !hits.isEmpty else { return [] }
        var sql = MeaningSQL(kernel, query.model)
        let ids = sql.bind(MeaningSQL.array(hits.map(\.id.text)))
        let rows = try connection.run(
            sql.statement(
                """
                select \(MeaningRows.columns)
                from (select * from memory_meanings where \(sql.conditions) and message_id = any(\(ids)::uuid[])) m
                left join meaning_outcomes o on o.opening = m.opening and o.env = m.env
                """)
        ).values
        // Rows that were pruned meanwhile are held no more.
        guard rows.count == hits.count else { throw .staleMeanings(connection.name) }
        return rows
    }

    /// The held embeddings of a model, with the rows that came since.
    private func refreshed(_ model: EmbeddingModel, on connection: PostgresConnection) throws(PostgresFailure)
        -> HeldMeanings
    {
        if held[model] == nil, held.count >= 2 { held = [:] }
        var mine = held.removeValue(forKey: model) ?? HeldMeanings(model)
        try mine.refresh(kernel, most: mostHeld, on: connection)
        held[model] = mine
        return mine
    }
}

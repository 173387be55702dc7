import NimmerIris
import NimmerMemory
import NimmerWave

extension PostgresStore: MeaningSource {
    /// The kernel whose embeddings count, by the table's key.
    private static let ownKernel: StaticString = "(select coalesce(meaning_kernel(), 'main'))"

    /// Lets rows wait; see ``MeaningSource/beginMeanings(_:model:)``.
    public func beginMeanings(_ environment: Environment, model: EmbeddingModel) throws(MemoryError) {
        try inTransaction { (connection) throws(PostgresFailure) in
            let found = try connection.run(
                """
                insert into meaning_settings as s (env, model, dimensions)
                values (\(environment.rawValue), \(model.name), \(model.dimensions)::integer)
                on conflict (env) do update set model = excluded.model, dimensions = excluded.dimensions, dropped = 0
                    where (s.model, s.dimensions) <> (excluded.model, excluded.dimensions)
                returning env
                """)
            guard found.first != nil else { return }
            // What the model embedded before, ahead of another one, stays as it is.
            let limit = PendingMeanings.backfill
            try connection.run(
                """
                insert into pending_meanings (env, kind, id)
                select env, 'collapse', collapse_id
                from (select env, collapse_id, window_end from collapses where env = \(environment.rawValue)
                      order by window_end desc limit \(limit)::bigint) newest
                where not exists (select from memory_meanings m where m.kernel = \(name: Self.ownKernel)
                                  and m.message_id = newest.collapse_id and m.model = \(model.name) and m.dimensions = \(model.dimensions)::integer)
                  and not exists (select from meaning_duplicates m where m.kernel = \(name: Self.ownKernel)
                                  and m.message_id = newest.collapse_id and m.model = \(model.name) and m.dimensions = \(model.dimensions)::integer)
                order by window_end on conflict do nothing
                """)
            try connection.run(
                """
                insert into pending_meanings (env, kind, id)
                select env, 'decision', request_id
                from (select env, request_id, published_at from cognitive_responses
                      where env = \(environment.rawValue) and outcome = 'answered'
                      order by published_at desc limit \(limit)::bigint) newest
                where not exists (select from memory_meanings m where m.kernel = \(name: Self.ownKernel)
                                  and m.message_id = newest.request_id and m.model = \(model.name) and m.dimensions = \(model.dimensions)::integer)
                  and not exists (select from meaning_duplicates m where m.kernel = \(name: Self.ownKernel)
                                  and m.message_id = newest.request_id and m.model = \(model.name) and m.dimensions = \(model.dimensions)::integer)
                order by published_at on conflict do nothing
                """)
            try connection.run(
                """
                insert into pending_meanings (env, kind, id)
                select env, 'outcome', message_id
                from (select env, message_id, at from accepted_outcomes
                      where env = \(environment.rawValue) and coalesce(kind, 'outcome') in ('outcome', 'replacement')
                      order by at desc limit \(limit)::bigint) newest
                where not exists (select from memory_meanings m where m.kernel = \(name: Self.ownKernel)
                                  and m.message_id = newest.message_id and m.model = \(model.name) and m.dimensions = \(model.dimensions)::integer)
                  and not exists (select from meaning_duplicates m where m.kernel = \(name: Self.ownKernel)
                                  and m.message_id = newest.message_id and m.model = \(model.name) and m.dimensions = \(model.dimensions)::integer)
                order by at on conflict do nothing
                """)
        }
    }

    /// Lets nothing wait any more.
    public func stopMeanings(_ environment: Environment) throws(MemoryError) {
        try inTransaction { (connection) throws(PostgresFailure) in
            try connection.run("delete from meaning_settings where env = \(environment.rawValue)")
            try connection.run("delete from pending_meanings where env = \(environment.rawValue)")
        }
    }

    /// Rows that wait, the oldest first.
    public func pendingMeanings(_ environment: Environment, limit: Int) throws(MemoryError) -> PendingMeanings {
        let found = try rows(
            """
            select p.number, p.kind, p.id, (extract(epoch from now() - p.added_at) * 1000)::double precision,
                   a.opening, a.result, a.at
            from pending_meanings p
            left join accepted_messages a on p.kind = 'outcome' and a.message_id = p.id and a.env = p.env
            where p.env = \(environment.rawValue) order by p.number limit \(limit)::bigint
            """)
        let totals = try rows(
            """
            select (select count(*) from pending_meanings where env = \(environment.rawValue)),
                   coalesce((select dropped from meaning_settings where env = \(environment.rawValue)), 0)
            """)
        let numbers = (totals.first ?? []).compactMap { $0.flatMap { Int($0) } }
        guard numbers.count == 2 else {
            throw MemoryError(.unexpected, "\(settings) returned no row to a count of what waits to be embedded")
        }
        return PendingMeanings(
            rows: try found.map { (row) throws(MemoryError) in try PendingMeaning(row: row) }, waiting: numbers[0],
            dropped: numbers[1])
    }

    /// These wait no more.
    public func endMeanings(_ numbers: [Int]) throws(MemoryError) {
        guard !numbers.isEmpty else { return }
        let list = "{" + numbers.map { String($0) }.joined(separator: ",") + "}"
        _ = try rows("delete from pending_meanings where number = any (\(list)::bigint[])")
    }
}

extension PendingMeaning {
    private static let columns = ["number", "kind", "id", "waited", "opening", "result", "at"]

    /// A row that waits.
    ///
    /// - Throws: an error that names the row and the column that does not fit.
    fileprivate init(row: [String?]) throws(MemoryError) {
        do throws(Refusal) {
            let row = try NamedColumns(Self.columns, row)
            self.init(
                number: try row.whole("number"),
                kind: try row.read("kind", "be a kind of what is remembered") { RememberedItem.Kind(rawValue: $0) },
                id: try row.read("id", "be a UUID") { try? MessageID($0) },
                opening: row.optional("opening").flatMap { try? MessageID($0) },
                result: row.optional("result").flatMap { VerificationResult(rawValue: $0) },
                at: row.optional("at") == nil ? nil : try row.time("at"),
                waitedMilliseconds: try row.number("waited"))
        } catch {
            let number = (row.first ?? nil) ?? "without a number"
            throw MemoryError(
                .unexpected, "the row \(number) of pending_meanings cannot be read back: \(error.message)")
        }
    }
}

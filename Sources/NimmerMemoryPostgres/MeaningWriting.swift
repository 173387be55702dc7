import NimmerIris
import NimmerMemory
import NimmerWave

/// Plan for items of one model that the database does not know: kept, or counted as near duplicates of others.
struct MeaningPlan {
    /// Items to keep, and the duplicates among the others of the batch.
    var kept: [(item: RememberedItem, duplicates: Int)] = []
    /// Ids of near duplicates, and what they are duplicates of.
    var duplicates: [(id: MessageID, original: MessageID)] = []
    /// Duplicates of rows that are stored already, by row.
    var counted: [MessageID: Int] = [:]

    /// - Parameter originals: the stored item of each that makes it a near duplicate.
    init(_ items: [RememberedItem], _ originals: [MessageID?]) {
        for (item, original) in zip(items, originals) {
            if let original {
                duplicates.append((item.id, original))
                counted[original, default: 0] += 1
            } else if let place = kept.firstIndex(where: { Self.isDuplicate(item, of: $0.item) }) {
                duplicates.append((item.id, kept[place].item.id))
                kept[place].duplicates += 1
            } else {
                kept.append((item, 0))
            }
        }
    }

    private static func isDuplicate(_ item: RememberedItem, of other: RememberedItem) -> Bool {
        item.kind == other.kind && item.region == other.region && item.environment == other.environment
            && item.embedding.cosine(other.embedding) > RememberedItem.duplicateCosine
    }
}

/// One transaction that keeps items of one kernel and model.
struct MeaningWriting {
    let kernel: Token
    let model: EmbeddingModel
    let connection: PostgresConnection

    /// Begins; the writers of a kernel take turns, so that of two near duplicates one is kept.
    func begin() throws(PostgresFailure) {
        try connection.script("begin")
        try connection.run(
            "select pg_advisory_xact_lock(hashtext('nimmerverse meanings'), hashtext(\(kernel.text)))")
    }

    /// The ids that were kept or counted before, of this model.
    func known(_ items: [RememberedItem]) throws(PostgresFailure) -> Set<MessageID> {
        var sql = MeaningSQL(kernel, model)
        let ids = sql.bind(MeaningSQL.array(items.map(\.id.text))) + "::uuid[]"
        let found = try connection.run(
            sql.statement(
                """
                select message_id from memory_meanings where \(sql.conditions) and message_id = any(\(ids))
                union all
                select message_id from meaning_duplicates where \(sql.conditions) and message_id = any(\(ids))
                """))
        return Set(found.column.compactMap { try? MessageID($0) })
    }

    /// The stored item that makes each a near duplicate, found in the database.
    func originals(of items: [RememberedItem], _ vectors: VectorExtension) throws(PostgresFailure) -> [MessageID?] {
        var originals = [MessageID?](repeating: nil, count: items.count)
        guard !items.isEmpty else { return originals }
        let type = vectors.type(model.dimensions)
        var sql = MeaningSQL(kernel, model)
        let lists = [
            items.map { $0.environment.rawValue }, items.map(\.region.text), items.map(\.kind.rawValue),
            items.map { MeaningSQL.components($0.embedding, "[", "]") },
        ].map { sql.bind(MeaningSQL.array($0)) + "::text[]" }
        let limit = sql.bind("\(1 - RememberedItem.duplicateCosine)")
        let rows = try connection.run(
            sql.statement(
                """
                select b.place, n.message_id
                from unnest(\(lists.joined(separator: ", "))) with ordinality as b(env, region, kind, wanted, place)
                cross join lateral (
                    select message_id, vector::\(type) \(vectors.distance) b.wanted::\(type) as distance from memory_meanings m
                    where \(sql.conditions) and m.env = b.env and m.region = b.region and m.kind = b.kind
                    order by (vector::\(type) \(vectors.distance) b.wanted::\(type)) + 0 limit 1) n
                where n.distance < \(limit)::float8
                """))
        for row in rows.values {
            let place = try connection.whole(row[0], "place of an item")
            guard items.indices.contains(place - 1) else { continue }
            originals[place - 1] = row[1].flatMap { try? MessageID($0) }
        }
        return originals
    }

    /// Writes what is planned, and commits.
    func write(_ plan: MeaningPlan) throws(PostgresFailure) {
        if !plan.kept.isEmpty { try insert(plan.kept) }
        if !plan.duplicates.isEmpty { try count(plan) }
        try connection.run(
            "delete from meaning_duplicates where kernel = \(kernel.text) and stored_at < now() - interval '15 days'")
        try connection.script("commit")
    }

    private func insert(_ kept: [(item: RememberedItem, duplicates: Int)]) throws(PostgresFailure) {
        let items = kept.map(\.item)
        var sql = MeaningSQL(kernel, model)
        let lists = [
            ("uuid", items.map(\.id.text)), ("text", items.map(\.kind.rawValue)),
            ("text", items.map(\.environment.rawValue)),
            ("text", items.map(\.region.text)), ("uuid", items.map { $0.opening?.text }),
            ("timestamptz", items.map(\.at.rfc3339)), ("text", items.map(\.text)),
            ("text", items.map { MeaningSQL.components($0.embedding, "{", "}") }),
            ("int", kept.map { "\($0.duplicates)" }),
        ].map { (type: String, values: [String?]) in sql.bind(MeaningSQL.array(values)) + "::\(type)[]" }
        try connection.run(
            sql.statement(
                """
                insert into memory_meanings (kernel, model, dimensions, seq, message_id, kind, env, region, opening, at, text,
                                             embedding, duplicates)
                select $1, $2, \(model.dimensions), l.seq + r.place, r.id, r.kind, r.env, r.region, r.opening, r.at, r.text,
                       r.embedding::real[], r.duplicates
                from unnest(\(lists.joined(separator: ", "))) with ordinality
                         as r(id, kind, env, region, opening, at, text, embedding, duplicates, place)
                cross join (select coalesce(max(seq), 0) as seq from memory_meanings where \(sql.conditions)) l
                order by r.place
                """))
    }

    private func count(_ plan: MeaningPlan) throws(PostgresFailure) {
        let ids = MeaningSQL.array(plan.duplicates.map(\.id.text))
        let originals = MeaningSQL.array(plan.duplicates.map(\.original.text))
        try connection.run(
            """
            insert into meaning_duplicates (kernel, model, dimensions, message_id, original)
            select \(kernel.text), \(model.name), \(model.dimensions)::int, d.id, d.original
            from unnest(\(ids)::uuid[], \(originals)::uuid[]) as d(id, original)
            """)
        guard !plan.counted.isEmpty else { return }
        let counted = plan.counted.sorted { $0.key < $1.key }
        let rows = MeaningSQL.array(counted.map(\.key.text))
        let numbers = MeaningSQL.array(counted.map { "\($0.value)" })
        let changed = try connection.run(
            """
            update memory_meanings m set duplicates = m.duplicates + c.number
            from unnest(\(rows)::uuid[], \(numbers)::int[]) as c(id, number)
            where m.kernel = \(kernel.text) and m.model = \(model.name) and m.dimensions = \(model.dimensions)::int
                and m.message_id = c.id
            """
        ).affected
        guard changed == counted.count else { throw .staleMeanings(connection.name) }
    }
}

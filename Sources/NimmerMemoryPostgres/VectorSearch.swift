import NimmerIris
import NimmerMemory
import NimmerWave

/// One search in a database with pgvector.
///
/// Few rows are compared one by one, which misses none; among many an HNSW scan walks on (`iterative_scan`) until enough fit the question, and
/// where it ends too early all are compared after all.
struct VectorSearch {
    let kernel: Token
    let query: VectorQuery
    let vectors: VectorExtension
    let connection: PostgresConnection

    /// Rows that are compared one by one at most, before an index is asked.
    static let few = 2_000

    /// The columns of ``MeaningRows/columns`` of the nearest rows.
    func run() throws(PostgresFailure) -> [[String?]] {
        let sql = MeaningSQL(kernel, query)
        try connection.script(
            """
            begin read only; set local hnsw.iterative_scan = strict_order;
            set local hnsw.ef_search = \(min(1_000, max(100, query.limit * 2)))
            """)
        let few = try connection.whole(
            sql.statement(
                "select count(*) from (select 1 from memory_meanings where \(sql.conditions) limit \(Self.few + 1)) r"),
            "number of memories")
        var rows: [[String?]] = []
        if few > Self.few, query.model.dimensions <= 2_000 {
            try connection.script("set local enable_sort = off")
            rows = try nearest(by: "", sql)
            try connection.script("set local enable_sort = on")
        }
        if rows.count < query.limit { rows = try nearest(by: " + 0, at desc, message_id", sql) }
        try connection.script("commit")
        return rows
    }

    /// - Parameter order: what follows the distance in the order; nothing but the distance lets the index be used.
    private func nearest(by order: String, _ conditions: MeaningSQL) throws(PostgresFailure) -> [[String?]] {
        var sql = conditions
        let type = vectors.type(query.model.dimensions)
        let wanted = sql.bind(MeaningSQL.components(query.embedding, "[", "]"))
        return try connection.run(
            sql.statement(
                """
                select \(MeaningRows.columns)
                from (select * from memory_meanings where \(conditions.conditions)
                      order by (vector::\(type) \(vectors.distance) \(wanted)::\(type))\(order) limit \(query.limit)) m
                left join meaning_outcomes o on o.opening = m.opening and o.env = m.env
                """)
        ).values
    }
}

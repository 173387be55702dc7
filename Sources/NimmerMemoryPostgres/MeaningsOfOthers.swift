import NimmerIris
import NimmerMemory
import NimmerWave

extension PostgresVectorStore {
    /// Items of other models; see ``VectorStore/withoutEmbedding(of:kind:in:before:limit:)``.
    public func withoutEmbedding(
        of model: EmbeddingModel, kind: RememberedItem.Kind, in environment: Environment, before: VectorPlace?,
        limit: Int
    ) throws(MemoryError) -> [RememberedItem] {
        let rows = try perform { (connection, _) throws(PostgresFailure) in
            try connection.run(
                """
                select \(name: MeaningRows.columns)
                from (select distinct on (at, message_id) kernel, message_id, model, dimensions from memory_meanings a
                      where kernel = \(kernel.text) and kind = \(kind.rawValue) and env = \(environment.rawValue)
                        and (model, dimensions) <> (\(model.name), \(model.dimensions)::int)
                        and (\(before?.id.text)::uuid is null
                             or (at, message_id) < (\(before?.at.rfc3339)::timestamptz, \(before?.id.text)::uuid))
                        and not exists (
                            select from memory_meanings o where o.kernel = a.kernel and o.message_id = a.message_id
                                and o.model = \(model.name) and o.dimensions = \(model.dimensions)::int)
                        and not exists (
                            select from meaning_duplicates o where o.kernel = a.kernel and o.message_id = a.message_id
                                and o.model = \(model.name) and o.dimensions = \(model.dimensions)::int)
                      order by at desc, message_id desc, model, dimensions limit \(limit)::bigint) k
                join memory_meanings m using (kernel, message_id, model, dimensions)
                left join meaning_outcomes o on o.opening = m.opening and o.env = m.env
                order by m.at desc, m.message_id desc
                """
            ).values
        }
        return try rows.map { (row) throws(MemoryError) in try MeaningRows.match(row, nil).item }
    }
}

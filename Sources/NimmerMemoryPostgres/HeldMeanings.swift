import NimmerIris
import NimmerMemory
import NimmerWave

/// The embeddings of one model that are searched in the process, read once and then only what came since.
struct HeldMeanings {
    let model: EmbeddingModel
    private(set) var index: ExactIndex
    /// The last row that is held.
    private var last: Int64 = 0

    init(_ model: EmbeddingModel) {
        self.model = model
        index = ExactIndex(dimensions: model.dimensions)
    }

    /// Reads the rows that came since, and holds the newest.
    mutating func refresh(_ kernel: Token, most: Int, on connection: PostgresConnection) throws(PostgresFailure) {
        let name = try connection.text("select quote_literal(\(model.name))", "quoted name")
        let mine = "kernel = '\(kernel.text)' and model = \(name) and dimensions = \(model.dimensions)"
        var refusal: MemoryError?
        try connection.copy(
            """
            copy (select \(IndexedMeaning.columns) from memory_meanings
                  where \(mine) and seq > greatest(\(last), (select max(seq) from memory_meanings where \(mine)) - \(most))
                  order by seq) to stdout (format binary)
            """
        ) { bytes in
            do throws(MemoryError) {
                if let row = try IndexedMeaning(copied: bytes), row.embedding.dimensions == model.dimensions {
                    index.add(row.id, row.kind, in: row.environment, of: row.region, at: row.at, row.embedding)
                    last = row.place
                }
            } catch { refusal = refusal ?? error }
            return true
        }
        if let refusal { throw .unexpected(name: connection.name, refusal.message) }
        // A tenth more is held before the oldest go, so that not every row moves all of them.
        if index.count > most + most / 10 { index.keepNewest(most) }
    }
}

import NimmerIris
import NimmerMemory
import NimmerWave

/// The embeddings of one model that are searched in the process, read once and then only what came since.
struct HeldMeanings {
    let model: EmbeddingModel
    private(set) var index: ExactIndex
    /// The last row that is held.
    private var last: Int64 = 0
    /// The model's name as it stands in a statement, quoted by the server.
    private var name = ""

    init(_ model: EmbeddingModel) {
        self.model = model
        index = ExactIndex(dimensions: model.dimensions)
    }

    /// Reads the rows that came since, and holds the newest.
    mutating func refresh(_ kernel: Token, most: Int, on connection: PostgresConnection) throws(PostgresFailure) {
        let newest = try connection.run(
            """
            select seq from memory_meanings
            where kernel = \(kernel.text) and model = \(model.name) order by seq desc limit 1
            """
        ).first.flatMap { Int64($0) }
        guard let newest, newest != last else { return }
        if newest < last {
            // What was newest was pruned: numbers are given again.
            self = HeldMeanings(model)
        }
        if name.isEmpty { name = try connection.text("select quote_literal(\(model.name))", "quoted name") }
        let mine = "kernel = '\(kernel.text)' and model = \(name) and dimensions = \(model.dimensions)"
        var refusal: MemoryError?
        try connection.copy(
            """
            copy (select \(IndexedMeaning.columns) from memory_meanings
                  where \(mine) and seq > \(max(last, newest - Int64(most)))
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
        // Others may have written between the two statements.
        last = max(last, newest)
        if let refusal { throw .unexpected(name: connection.name, refusal.message) }
        // A tenth more is held before the oldest go, so that not every row moves all of them.
        if index.count > most + most / 10 { index.keepNewest(most) }
    }
}

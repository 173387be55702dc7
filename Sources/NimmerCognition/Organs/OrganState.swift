import NimmerSystem
import NimmerWave

extension OrganLogic {
    /// The state of the organ, as it answers `state` and as `$SRV.STATS` shows it.
    ///
    /// - Parameter embedding: the last answer to `embed`, which names the model of its vectors; nil before the first.
    package func status(of settings: OrganSettings, embedding: JSON? = nil) -> JSON {
        var status: JSONObject = [
            "state": .string(state.rawValue), "loaded": .bool(isLoaded),
            "model": .string(settings.model), "card": settings.card.map { .string($0) } ?? .null,
            "waiting": .number(Double(queue.count)), "taken": .number(Double(counters.taken)),
            "processed": .number(Double(counters.processed)),
            "refused": .number(Double(counters.refused)), "loads": .number(Double(counters.loads)),
        ]
        if settings.embeddings {
            status["embedding_model"] = embedding?["embedding_model"] ?? .null
            status["dimensions"] = embedding?["dimensions"] ?? settings.dimensions.map { .number(Double($0)) } ?? .null
        }
        return .object(status)
    }
}

import NimmerSystem
import NimmerWave

extension OrganLogic {
    /// The state of the organ, as it answers `state` and as `$SRV.STATS` shows it.
    package func status(of settings: OrganSettings) -> JSON {
        [
            "state": .string(state.rawValue), "loaded": .bool(isLoaded),
            "model": .string(settings.model), "card": settings.card.map { .string($0) } ?? .null,
            "waiting": .number(Double(queue.count)), "taken": .number(Double(counters.taken)),
            "processed": .number(Double(counters.processed)),
            "refused": .number(Double(counters.refused)), "loads": .number(Double(counters.loads)),
        ]
    }
}

import NimmerBus
import NimmerMemory
import NimmerWave

/// Status of the hippocampus: counted since its start, shown in its `$SRV.STATS`.
package struct HippocampusStatus: Sendable, Hashable {
    /// Rows that are new in long-term memory.
    package var stored = 0
    /// Rows that were there already: deliveries that came again.
    package var known = 0
    /// Rows that the store could not hold and set aside.
    package var setAside = 0
    /// Messages that could not be decoded.
    package var rejected = 0
    /// Correlation events dropped because the store was unavailable.
    package var tracesDropped = 0
    /// Writes that were committed.
    package var batches = 0
    /// Messages that wait for their commit.
    package var held = 0
    /// Number of messages of each stream that are not yet committed; those streams that are being read.
    package var lag: [String: UInt64] = [:]
    /// Backlog of each of these streams, and how long it is kept there.
    package var backlogs: [String: StreamBacklog] = [:]
    /// Lifeforce that was spent and earned today (UTC), by region, as the store had it a few seconds ago.
    package var today: [LifeforceDay] = []
    /// Reason why the store is unavailable; nil while it is available.
    package var trouble: MemoryError?

    /// The status for `$SRV.STATS`.
    package var json: JSON {
        [
            "stored": .number(Double(stored)), "known": .number(Double(known)), "set_aside": .number(Double(setAside)),
            "rejected": .number(Double(rejected)), "traces_dropped": .number(Double(tracesDropped)),
            "batches": .number(Double(batches)), "held": .number(Double(held)),
            "database": .string(trouble == nil ? "connected" : "lost"),
            "lag": .object(JSONObject(lag.map { .init($0.key, .number(Double($0.value))) })),
            "streams": .object(JSONObject(backlogs.sorted { $0.key < $1.key }.map { .init($0.key, $0.value.json) })),
            "trouble": trouble.map { .string($0.description) } ?? .null,
        ]
    }
}

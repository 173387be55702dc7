import NimmerWave

/// Counters of a cell since its start.
public struct CellCounters: Sendable, Hashable {
    /// Looks at its capability.
    public var senses = 0
    /// Waves that it emitted.
    public var waves = 0
    /// Change events that it reported.
    public var changes = 0
    /// Waves that it held back, being hungry.
    public var heldBack = 0
    /// Waves that could not be delivered: no server, or no room to keep them.
    public var lost = 0
    /// Waves that could not be published because a number was not finite.
    public var refused = 0
    /// Waves of other cells that it heard.
    public var wavesIn = 0
    /// Messages on its inputs.
    public var messagesIn = 0
    /// Messages that it refused.
    public var rejected = 0
    /// Commands that came.
    public var requests = 0
    /// Commands that it refused.
    public var requestsRefused = 0
    /// Commands that failed or took too long.
    public var requestsFailed = 0
    /// Looks or messages that ended in an error.
    public var faults = 0
    /// Values that stand for no reading and were left out.
    public var sentinels = 0
    /// Changes of its own gate.
    public var transitions = 0
    /// Energy spent.
    public var lifeforce = 0.0

    /// All zero.
    public init() {}

    /// The counters as `$SRV.STATS` shows them.
    public var json: JSONObject {
        [
            "senses": .number(Double(senses)), "waves_emitted": .number(Double(waves)),
            "changes_reported": .number(Double(changes)), "waves_lost": .number(Double(lost)),
            "waves_held_back": .number(Double(heldBack)),
            "waves_refused": .number(Double(refused)),
            "waves_heard": .number(Double(wavesIn)), "messages_in": .number(Double(messagesIn)),
            "messages_rejected": .number(Double(rejected)), "requests": .number(Double(requests)),
            "requests_refused": .number(Double(requestsRefused)), "requests_failed": .number(Double(requestsFailed)),
            "faults": .number(Double(faults)), "sentinels": .number(Double(sentinels)),
            "transitions": .number(Double(transitions)),
            "lifeforce": .number(lifeforce),
        ]
    }
}

// What follows from a message's fields, for those who read it.

extension WaveSignal {
    /// The region that the wave speaks of.
    public var effectiveRegion: Region { region ?? Region(domain) }
}

extension ChangeEvent {
    /// The view of a cell that has become STALE, or is so no more: its value is the silence so far, and its normal the usual interval of its
    /// readings (0 while it knows none), both in milliseconds (protocol.md, ChangeEvent).
    public static let silence = "silence"
    /// The view of a cell that has become HUNGRY, or is so no more: its value is what is left of its budget, and its normal the budget, both
    /// in LF (protocol.md, ChangeEvent).
    public static let hunger = "hunger"
}

extension LifeforceSpent {
    /// Maximum number of regions of one message.
    public static let maximumRegions = 512
}

extension GateTransition {
    /// Indicates whether it opens its gate.
    public var isOpening: Bool { fromState == .stable && toState == .open }
}

extension AcceptedOutcome {
    /// Maximum number of origins that a snapshot names; those with the most outcomes.
    public static let maximumOrigins = 512

    /// Effect of the message.
    public var effect: OutcomeKind { kind ?? .outcome }
}

extension AcceptedOutcome {
    /// Indicates whether it is the opinion of a mind: any other outcome takes its place.
    public var isOpinion: Bool { weight != nil }

    /// Indicates whether its opening has an outcome from now on that only a withdrawal changes.
    public var decides: Bool {
        switch effect {
        case .outcome, .replacement: !isOpinion
        case .withdrawal, .reset: false
        }
    }
}

extension VerificationOutcome {
    /// Begin of the verification source of a mind's opinion; its name follows.
    public static let mind = "mind:"

    /// Returns whether it is the opinion of a mind: the bridge gives no other.
    public func isOpinion(of sender: Token?) -> Bool {
        verificationSource.hasPrefix(Self.mind) || sender?.text == ServiceName.bridge
    }
}

extension Act {
    /// A one-line description: `done: motor.stop ok, motor.turn ok`.
    public var summary: String {
        let ends = commands.map { "\($0.target).\($0.command) \($0.status?.rawValue ?? "not sent")" }
        return outcome.rawValue + (ends.isEmpty ? "" : ": " + ends.joined(separator: ", "))
    }
}

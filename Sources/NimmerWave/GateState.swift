/// The three states of a gate: CLOSED / STABLE / OPEN (gates.md).
public enum GateState: Int8, CaseIterable, Sendable, Hashable, Comparable {
    /// Denied: -1.
    case closed = -1
    /// Undecided, the state of rest: 0.
    case stable = 0
    /// Agreed: +1.
    case open = 1

    /// The state's word on the wire.
    public var word: String {
        switch self {
        case .closed: "closed"
        case .stable: "stable"
        case .open: "open"
        }
    }

    /// The state with this word, or nil.
    public init?(word: String) {
        guard let state = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = state
    }

    /// CLOSED, then STABLE, then OPEN.
    public static func < (a: GateState, b: GateState) -> Bool { a.rawValue < b.rawValue }
}

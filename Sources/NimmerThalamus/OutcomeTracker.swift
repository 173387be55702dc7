import NimmerWave

/// Decides which verification outcomes count: each for an opening that the stream holds, and the first of each opening alone (gates.md,
/// Learning).
///
/// A value of bounded size: it remembers recent openings. Of others the streams show whether they exist, and whether they were
/// judged before: see ``Verdict/look``.
public struct OutcomeTracker: Sendable {
    /// Openings that are remembered.
    public static let capacity = 16_384

    /// An opening as an outcome names it.
    public struct Opening: Hashable, Sendable {
        /// The gate, from the subject.
        public var gate: GateID
        /// The message id of the transition.
        public var id: MessageID

        /// Creates an opening.
        public init(gate: GateID, id: MessageID) {
            self.gate = gate
            self.id = id
        }
    }

    /// Answers to the question what an outcome does.
    public enum Verdict: Hashable, Sendable {
        /// Its gate learns from it.
        case learn
        /// It has been learned from: the same message comes again.
        case known
        /// It is not in memory: ``OutcomeTracker/looked(_:at:isOpening:first:)`` with what the streams hold.
        case look
        /// It changes nothing, and its sender gets the reason.
        case refuse(Refusal)
    }

    /// The sequence of the outcome that judged an opening; nil while none has.
    private var openings: [Opening: UInt64?] = [:]
    private var order: [Opening] = []
    private var oldest = 0

    /// A book that knows no opening.
    public init() {}

    /// An opening was stored by this thalamus, and is not judged yet.
    public mutating func opened(_ opening: Opening) {
        guard openings[opening] == nil else { return }
        remember(opening, nil)
    }

    /// An outcome arrives.
    ///
    /// - Parameter sequence: its place in the stream of outcomes.
    public mutating func verdict(_ opening: Opening, at sequence: UInt64) -> Verdict {
        guard let known = openings[opening] else { return .look }
        guard let first = known else {
            openings[opening] = .some(sequence)
            return .learn
        }
        return first == sequence ? .known : .refuse(Self.repeated(opening))
    }

    /// Its gate was not there to learn from an outcome: it is as if that had not come.
    public mutating func wasNotLearned(_ opening: Opening, at sequence: UInt64) {
        guard let judged = openings[opening], judged == sequence else { return }
        openings.updateValue(nil, forKey: opening)
    }

    /// The streams were looked into for an outcome.
    ///
    /// - Parameters:
    ///   - isOpening: whether the stream of transitions holds this opening of this gate.
    ///   - first: the place of the first valid outcome for it; nil if absent.
    public mutating func looked(
        _ opening: Opening, at sequence: UInt64, isOpening: Bool, first: UInt64?
    ) -> Verdict {
        guard isOpening else {
            return .refuse(
                .wrong(
                    "body.original_signal_id", "must be an opening of the gate '\(opening.gate)' that the stream holds",
                    found: opening.id.text))
        }
        // Another call may have looked meanwhile.
        if openings[opening] == nil { remember(opening, first.flatMap { $0 < sequence ? $0 : nil }) }
        return verdict(opening, at: sequence)
    }

    /// Forgets openings of gates that another thalamus has from now on.
    public mutating func forget(where isGone: (GateID) -> Bool) {
        openings = openings.filter { !isGone($0.key.gate) }
        order = order[oldest...].filter { openings[$0] != nil }
        oldest = 0
    }

    private mutating func remember(_ opening: Opening, _ judged: UInt64?) {
        openings.updateValue(judged, forKey: opening)
        order.append(opening)
        guard order.count - oldest > Self.capacity else { return }
        openings[order[oldest]] = nil
        oldest += 1
        if oldest > Self.capacity {
            order.removeFirst(oldest)
            oldest = 0
        }
    }

    /// The refusal of an outcome for an opening that its gate does not await one for (trust.md, Learning).
    public static func decided(_ opening: Opening) -> Refusal {
        Refusal(
            .duplicate, field: "body.original_signal_id",
            "body.original_signal_id must be one of the gate's last 64 openings without an outcome",
            found: opening.id.text)
    }

    private static func repeated(_ opening: Opening) -> Refusal {
        Refusal(
            .duplicate, field: "body.original_signal_id",
            "body.original_signal_id names an opening whose outcome is known: the first counts", found: opening.id.text)
    }
}

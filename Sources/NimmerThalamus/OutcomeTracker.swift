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

    /// Statement of a message about an opening.
    public enum Claim: Hashable, Sendable {
        /// Reality confirmed it or did not.
        case outcome
        /// A mind holds it for a false alarm: any other outcome takes its place.
        case opinion
        /// The outcome that counts is taken back.
        case withdrawal
    }

    /// State of an opening.
    public enum Standing: Hashable, Sendable {
        /// Its outcome is awaited.
        case awaited
        /// An outcome counts.
        case judged
        /// The opinion of a mind counts.
        case opined
    }

    /// Answers to the question what an outcome does.
    public enum Verdict: Hashable, Sendable {
        /// Its gate learns from it.
        case learn
        /// Its gate learns from it instead of the mind's opinion.
        case replace
        /// The outcome that counts no longer does.
        case takeBack
        /// It has had its effect: the same message comes again.
        case known
        /// It is not in memory: ``OutcomeTracker/looked(_:at:as:isOpening:standing:last:)`` with what the streams hold.
        case look
        /// It changes nothing, and its sender gets the reason.
        case refuse(Refusal)
    }

    private struct Judgement {
        var standing = Standing.awaited
        /// Place of the last message that had an effect; 0: none had.
        var last: UInt64 = 0
    }

    private struct Known {
        var now: Judgement
        /// Before its last message.
        var before: Judgement
    }

    private var openings: [Opening: Known] = [:]
    private var order: [Opening] = []
    private var oldest = 0

    /// A book that knows no opening.
    public init() {}

    /// An opening was stored by this thalamus, and is not judged yet.
    public mutating func opened(_ opening: Opening) {
        guard openings[opening] == nil else { return }
        remember(opening, Judgement())
    }

    /// A message about an opening arrives.
    ///
    /// - Parameter sequence: its place in the stream of outcomes.
    public mutating func verdict(_ opening: Opening, at sequence: UInt64, as claim: Claim = .outcome) -> Verdict {
        guard let known = openings[opening]?.now else { return .look }
        guard sequence > known.last else { return .known }
        let verdict: Verdict
        let standing: Standing
        switch (claim, known.standing) {
        case (.outcome, .awaited): (verdict, standing) = (.learn, .judged)
        case (.opinion, .awaited): (verdict, standing) = (.learn, .opined)
        case (.outcome, .opined): (verdict, standing) = (.replace, .judged)
        case (.withdrawal, .judged), (.withdrawal, .opined): (verdict, standing) = (.takeBack, .awaited)
        case (.outcome, .judged), (.opinion, .judged), (.opinion, .opined): return .refuse(Self.repeated(opening))
        case (.withdrawal, .awaited): return .refuse(Self.nothing(opening))
        }
        openings[opening] = Known(now: Judgement(standing: standing, last: sequence), before: known)
        return verdict
    }

    /// A message had no effect after all: it is as if it had not come.
    public mutating func wasNotLearned(_ opening: Opening, at sequence: UInt64) {
        guard let known = openings[opening], known.now.last == sequence else { return }
        openings[opening] = Known(now: known.before, before: known.before)
    }

    /// The streams were looked into for a message.
    ///
    /// - Parameters:
    ///   - isOpening: whether the streams hold this opening of this gate.
    ///   - standing: its state there.
    ///   - last: the place of the last message that had an effect on it; nil if absent.
    public mutating func looked(
        _ opening: Opening, at sequence: UInt64, as claim: Claim = .outcome, isOpening: Bool, standing: Standing,
        last: UInt64?
    ) -> Verdict {
        guard isOpening else {
            return .refuse(Self.unknown(opening))
        }
        // Another call may have looked meanwhile.
        if openings[opening] == nil { remember(opening, Judgement(standing: standing, last: last ?? 0)) }
        return verdict(opening, at: sequence, as: claim)
    }

    /// Forgets openings of gates that another thalamus has from now on.
    public mutating func forget(where isGone: (GateID) -> Bool) {
        openings = openings.filter { !isGone($0.key.gate) }
        order = order[oldest...].filter { openings[$0] != nil }
        oldest = 0
    }

    private mutating func remember(_ opening: Opening, _ judgement: Judgement) {
        openings[opening] = Known(now: judgement, before: judgement)
        order.append(opening)
        guard order.count - oldest > Self.capacity else { return }
        openings[order[oldest]] = nil
        oldest += 1
        if oldest > Self.capacity {
            order.removeFirst(oldest)
            oldest = 0
        }
    }

    /// The refusal of an outcome for an opening that the stream does not hold.
    package static func unknown(_ opening: Opening) -> Refusal {
        .wrong(
            "body.original_signal_id", "must be an opening of the gate '\(opening.gate)' that the stream holds",
            found: opening.id.text)
    }

    /// The refusal of an outcome for an opening that its gate does not await one for (trust.md, Learning).
    public static func decided(_ opening: Opening) -> Refusal {
        Refusal(
            .duplicate, field: "body.original_signal_id",
            "body.original_signal_id must be one of the gate's last 64 openings without an outcome",
            found: opening.id.text)
    }

    private static func nothing(_ opening: Opening) -> Refusal {
        .wrong(
            "body.original_signal_id", "must be an opening that has an outcome, to take it back", found: opening.id.text
        )
    }

    private static func repeated(_ opening: Opening) -> Refusal {
        Refusal(
            .duplicate, field: "body.original_signal_id",
            "body.original_signal_id names an opening whose outcome is known: the first counts", found: opening.id.text)
    }
}

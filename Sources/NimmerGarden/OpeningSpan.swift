import NimmerWave

/// The time that an opening is about: from its oldest asserting witness to its release.
package struct OpeningSpan: Sendable, Hashable {
    /// Time of the oldest asserting witness.
    package var from: Timestamp
    /// Time of the release; nil while the gate is open.
    package var until: Timestamp?

    package init(from: Timestamp, until: Timestamp? = nil) {
        self.from = from
        self.until = until
    }

    /// The span of an opening that has just happened.
    package init(_ opening: GateTransition) {
        let asserting = opening.triggerSignals.filter { $0.polarity > 0 }.map(\.timestamp)
        self.init(from: min(opening.at, asserting.min() ?? opening.at))
    }

    /// Returns whether two spans have a moment in common.
    ///
    /// - Parameter slack: time by which they may miss each other, in milliseconds.
    package func overlaps(_ other: OpeningSpan, slack: Double) -> Bool {
        func begins(_ one: OpeningSpan, _ two: OpeningSpan) -> Bool {
            guard let until = two.until else { return true }
            return one.from <= until.advanced(milliseconds: slack)
        }
        return begins(self, other) && begins(other, self)
    }
}

extension OpeningSpan {
    /// Returns whether this time, in which waves were missed, holds an opening or a witness of it.
    func isBeside(_ opening: RealOpening) -> Bool {
        from <= opening.at && opening.span.from <= (until ?? opening.at)
    }
}

/// An opening of the real thalamus, and what reality made of it.
package struct RealOpening: Sendable {
    /// Senders whose feedback is kept; of more the first goes whose outcome does not count.
    private static let senders = 8

    package let id: MessageID
    package let gate: GateID
    package let region: Region
    /// Time of the opening.
    package let at: Timestamp
    package var span: OpeningSpan
    /// Indicates whether a question went up.
    package let isCall: Bool
    /// Lifeforce of its witnesses, in LF.
    package let lifeforce: Double
    /// Outcome that counts; nil while none is known.
    package var outcome: VerificationResult?
    /// Share of an outcome that it counts as; nil of any but the opinion of a mind.
    package var weight: Double?
    /// Sender of that outcome.
    package var sender: String?
    /// Parts of outcomes that verifiers have for the variants, oldest first: that of the outcome's sender counts.
    private(set) var feedback: [HeardFeedback] = []
    /// Part that has reached the variants.
    var fed: Double?
    /// Variants that opened for the same.
    package var matched: Set<String> = []
    /// Indicates whether it came while the garden heard nothing: then no variant can be blamed.
    package var isUnseen = false

    package init(_ opening: GateTransition, id: MessageID) {
        self.id = id
        gate = opening.gateID
        region = opening.region
        at = opening.at
        span = OpeningSpan(opening)
        isCall = opening.escalation != nil
        lifeforce = opening.lifeforceCost
    }

    /// Outcome that holds for or against a variant: none of a mind's opinion.
    package var evidence: VerificationResult? { weight == nil ? outcome : nil }

    /// Keeps what a verifier has for the variants; the first of each sender.
    mutating func note(_ feedback: HeardFeedback) {
        guard !self.feedback.contains(where: { $0.sender == feedback.sender }) else { return }
        self.feedback.append(feedback)
        if self.feedback.count > Self.senders, let place = self.feedback.firstIndex(where: { $0.sender != sender }) {
            self.feedback.remove(at: place)
        }
    }
}

/// An opening of a variant, and what is known of it.
package struct VirtualOpening: Sendable {
    package let id: MessageID
    package let gate: GateID
    package let region: Region
    package let domain: Token
    package let at: Timestamp
    package var span: OpeningSpan
    /// Window of its gate, in milliseconds.
    package let window: Double
    package let potential: Double
    /// Trust of its gate, as the transition reports it.
    package let weight: Double
    package let isCall: Bool
    package let lifeforce: Double
    package let opener: Token?
    package let witnesses: [Token]
    /// Outcome of the nearest real opening that is about the same.
    package var verdict: VerificationResult?
    /// Distance of that opening, in milliseconds.
    package var distance = Double.infinity
    /// Indicates whether the verdict is the opinion of a mind, which counts for trust and is no evidence.
    package var isOpinion = false

    package init(_ opening: GateTransition, id: MessageID, window: Double) {
        self.id = id
        gate = opening.gateID
        region = opening.region
        domain = opening.domain
        at = opening.at
        span = OpeningSpan(opening)
        self.window = window
        potential = opening.stateValue
        weight = opening.weight
        isCall = opening.escalation != nil
        lifeforce = opening.lifeforceCost
        opener = opening.opener
        witnesses = opening.triggerSignals.filter { $0.polarity > 0 }.map(\.origin)
    }

    /// Returns whether a real opening is about the same: of one region, in times that overlap within the window of this gate.
    package func matches(_ real: RealOpening) -> Bool {
        real.region == region && span.overlaps(real.span, slack: window)
    }

    /// Outcome that holds for or against its variant: none of a mind's opinion.
    package var evidence: VerificationResult? { isOpinion ? nil : verdict }

    /// Takes the outcome of a matching real opening: that of the nearest counts, of two as near that of the earlier one, and no opinion where there
    /// is more.
    ///
    /// - Returns: whether it is the first one.
    package mutating func take(_ outcome: VerificationResult, of real: RealOpening) -> Bool {
        let isFirst = verdict == nil
        let distance = abs(at.milliseconds(since: real.at))
        let isOpinion = real.weight != nil
        if isFirst || (isOpinion == self.isOpinion ? distance < self.distance : self.isOpinion) {
            verdict = outcome
            self.distance = distance
            self.isOpinion = isOpinion
        }
        return isFirst
    }
}

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

/// An opening of the real thalamus, and what reality made of it.
package struct RealOpening: Sendable {
    /// Part of an outcome that a verifier has for the variants.
    package struct Feedback: Sendable, Hashable {
        /// Part of an outcome, -1…1.
        package var amount: Double
        /// The verifier.
        package var sender: String
        /// Indicates whether it has reached the variants.
        package var isTaken = false
    }

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
    /// Sender of that outcome.
    package var sender: String?
    /// Part of an outcome that its verifier has for the variants beside it.
    package var feedback: Feedback?
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
    package let isCall: Bool
    package let lifeforce: Double
    package let opener: Token?
    package let witnesses: [Token]
    /// Outcome of the nearest real opening that is about the same.
    package var verdict: VerificationResult?
    /// Distance of that opening, in milliseconds.
    package var distance = Double.infinity

    package init(_ opening: GateTransition, id: MessageID, window: Double) {
        self.id = id
        gate = opening.gateID
        region = opening.region
        domain = opening.domain
        at = opening.at
        span = OpeningSpan(opening)
        self.window = window
        potential = opening.stateValue
        isCall = opening.escalation != nil
        lifeforce = opening.lifeforceCost
        opener = opening.opener
        witnesses = opening.triggerSignals.filter { $0.polarity > 0 }.map(\.origin)
    }

    /// Returns whether a real opening is about the same: of one region, in times that overlap within the window of this gate.
    package func matches(_ real: RealOpening) -> Bool {
        real.region == region && span.overlaps(real.span, slack: window)
    }

    /// Takes the outcome of a matching real opening: that of the nearest counts, of two as near that of the earlier one.
    ///
    /// - Returns: whether it is the first one.
    package mutating func take(_ outcome: VerificationResult, of real: RealOpening) -> Bool {
        let isFirst = verdict == nil
        let distance = abs(at.milliseconds(since: real.at))
        if distance < self.distance {
            verdict = outcome
            self.distance = distance
        }
        return isFirst
    }
}

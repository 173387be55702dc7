import NimmerWave

/// A wave as a gate sees it (gates.md, A wave arrives). Names are small numbers, so that nothing is allocated; where
/// `max_origins` forces a choice between witnesses of the same age, the smaller number goes first.
public struct Evidence: Hashable, Sendable {
    /// Origin that makes the witness independent.
    public var origin: Int32
    /// The semantic region.
    public var region: Int32
    /// `1` asserts, `-1` denies.
    public var polarity: Int8
    /// Confidence, 0…1; finite.
    public var confidence: Double
    /// Time at which it was sensed.
    public var at: Timestamp

    /// A wave.
    @inlinable
    public init(origin: Int32, region: Int32, polarity: Int8 = 1, confidence: Double, at: Timestamp) {
        self.origin = origin
        self.region = region
        self.polarity = polarity
        self.confidence = confidence
        self.at = at
    }
}

/// Verdict of a gate on a wave (gates.md, A wave arrives).
public enum Verdict: String, Sendable, Hashable {
    /// It came more than a window late and changed nothing.
    case late
    /// Its confidence is below the floor; it is seen, but does not resonate.
    case belowFloor = "below_floor"
    /// It was weighed, and became its origin's last.
    case resonated
    /// It waits: a thalamus that joins regions does not know yet where its region lives. No gate gives this.
    case held
}

/// A remembered wave: the last of its origin within the window.
public struct GateWitness: Hashable, Sendable {
    /// Origin that makes it independent.
    public internal(set) var origin: Int32
    /// The semantic region.
    public internal(set) var region: Int32
    /// Place at which the record of its origin's trust was last found; -1 without one.
    var record: Int32
    /// `1` asserts, `-1` denies.
    public internal(set) var polarity: Int8
    /// Its confidence.
    public internal(set) var confidence: Double
    /// The confidence with which it spoke: the same, quieter where its origin has disappointed (trust.md).
    var voiced: Double
    /// The greatest confidence of its origin since that became a witness of this polarity.
    var loudest: Double
    /// The time that the gate used for it.
    public internal(set) var at: Timestamp
    /// Its contribution to the potential.
    public internal(set) var push: Double
    /// The embedding; empty when it carried none.
    public internal(set) var vector: [Double]
    /// The length of the embedding; -1 without one.
    var norm: Double
}

/// A change of a gate's state, by one step.
public struct Transition: Hashable, Sendable {
    /// Time; exact for a release.
    public let at: Timestamp
    /// The state before.
    public let from: GateState
    /// The state after.
    public let to: GateState
    /// The potential at the change.
    public let potential: Double
    /// The support of the wave that tipped it; 0 for a release.
    public let support: Double
}

/// Account of how one resonating wave moved a gate (gates.md, Explanation).
public struct Explanation: Hashable, Sendable {
    /// The wave's origin.
    public var origin: Int32 = 0
    /// Confidence of the wave.
    public var confidence = 0.0
    /// `1` asserts, `-1` denies.
    public var polarity: Int8 = 1
    /// The support of the other origins in the window, -1…1.
    public var support = 0.0
    /// Novelty of the wave, 0…1.
    public var novelty = 0.0
    /// Trust in the origin, 0…1.
    public var trust = 0.0
    /// Outcomes that count for the origin, under earned trust.
    public var confirmed = 0.0
    /// Outcomes that count against the origin, under earned trust.
    public var failed = 0.0
    /// Loudness that its record leaves the origin, 0…1.
    public var voice = 1.0
    /// Verdict on its claim to be heard alone.
    public var hearing = HearingVerdict.none
    /// Factor of trust, at least 1.
    public var gain = 1.0
    /// Part of ``push`` that needs no other witness: as far as trust vouches for the origin.
    public var lift = 0.0
    /// Contribution of the wave: a reflex's lift and gain × confidence × support × novelty, as far as -1…1 left room. Pushes
    /// and decay add up to the potential.
    public var push = 0.0
    /// The potential before it, decayed to its time.
    public var before = 0.0
    /// The potential after it.
    public var after = 0.0
    /// Number of other origins in the window.
    public var witnesses = 0
    /// The time that the gate used.
    public var at = Timestamp(nanoseconds: 0)

    /// Nothing yet.
    public init() {}
}

import NimmerCell

/// A direction in which the robot measures.
public enum Sector: String, CaseIterable, Sendable, Hashable {
    /// Direction of travel.
    case front
    /// To its left.
    case left
    /// To its right.
    case right
    /// Behind it.
    case back

    var number: Int32 {
        switch self {
        case .front: 0
        case .left: 1
        case .right: 2
        case .back: 3
        }
    }
}

/// Content of a distance cell's wave about one sector.
public struct Obstacle: Sendable, Hashable {
    /// Sector.
    public var sector: Sector
    /// Distance, in metres; infinite where nothing is in range.
    public var distance: Double
    /// Confidence of the cell that something is near, 0…1.
    public var confidence: Double
    /// Time at which it was measured.
    public var at: Timestamp

    /// Makes an obstacle of a wave.
    public init(_ sector: Sector, distance: Double, confidence: Double, at: Timestamp) {
        (self.sector, self.distance, self.confidence, self.at) = (sector, distance, confidence, at)
    }

    /// Reads the wave of a distance cell; nil when its content has neither a usable `distance_m` nor a true `clear`.
    public init?(_ wave: HeardWave, sector: Sector) {
        if wave.content["clear"]?.bool == true {
            self.init(sector, distance: .infinity, confidence: wave.confidence, at: wave.at)
            return
        }
        guard let distance = wave.content["distance_m"]?.double, distance >= 0, distance.isFinite else { return nil }
        self.init(sector, distance: distance, confidence: wave.confidence, at: wave.at)
    }
}

/// Maneuver of the nerve to get out of the way; also the name of the command that the motor is asked for.
public enum Maneuver: String, CaseIterable, Sendable {
    /// Turn to the left, where there is more room.
    case turnLeft = "turn_left"
    /// Turn to the right, where there is more room.
    case turnRight = "turn_right"
    /// Go back: the front and both sides are blocked.
    case reverse
}

/// Settings of the nerve. Distances in metres, times in milliseconds.
public struct AvoidanceSettings: Sendable, Hashable {
    /// Nearer than this, the front is blocked.
    public var block = 0.9
    /// Farther than this, the front is clear again; at least `block`.
    public var clear = 1.0
    /// The room that a side needs for a turn.
    public var side = 0.6
    /// The room that the back needs for going back.
    public var back = 0.3
    /// Silence after which a sensor counts as missing.
    public var missing = 1000.0
    /// Maximum time of a turn before it counts as a try that failed.
    public var turn = 8000.0
    /// Duration of one reverse.
    public var reverse = 1500.0
    /// Tries that may fail before the nerve escalates.
    public var tries = 3
    /// Share of a side's confidence that supports the front in the nerve's gate; below ½, so that a wall beside the robot
    /// never opens the gate alone.
    public var sideShare = 0.4
    /// The defaults.
    public init() {}

    /// Share of a sector's confidence in the nerve's gate; nil keeps it from the gate: what is behind is not in the way.
    public func share(of sector: Sector) -> Double? {
        switch sector {
        case .front: 1
        case .left, .right: sideShare
        case .back: nil
        }
    }

    /// Refuses settings that contradict each other.
    public func validated() throws(Refusal) -> AvoidanceSettings {
        guard block > 0, clear >= block else {
            throw Refusal(
                .value, field: "clear_m", "expected 0 < block_m <= clear_m", found: "block_m \(block), clear_m \(clear)"
            )
        }
        for (name, value) in [
            ("side_m", side), ("back_m", back), ("missing_ms", missing), ("turn_ms", turn), ("reverse_ms", reverse),
        ]
        where !(value > 0 && value.isFinite) {
            throw Refusal(.value, field: name, "\(name) must be above 0", found: "\(value)")
        }
        guard (1...100).contains(tries) else {
            throw Refusal(.value, field: "tries", "tries must be between 1 and 100", found: "\(tries)")
        }
        guard (0..<0.5).contains(sideShare) else {
            throw Refusal(
                .value, field: "side_share", "side_share must be at least 0 and below 0.5", found: "\(sideShare)")
        }
        return self
    }
}

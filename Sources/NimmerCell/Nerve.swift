import NimmerWave

/// A nerve: a behaviour over the waves of several cells (architecture.md).
///
/// A cell that also hears: the waves of the cells that ``Cell/hears`` names feed its gate, all as of one region; when the
/// gate opens (``Cell/gateChanged(_:_:)``) it runs its own state machine, asks cells (``Pulse/send(_:to:)``), says its
/// states (``Pulse/enter(_:from:reason:cost:details:)``) and emits its own wave.
public protocol Nerve: Cell {
    /// The cells (or nerves) that it hears, by the names that its settings give.
    var hears: [Token] { get }
}

extension Nerve {
    /// A nerve.
    public static var role: Role { .nerve }
}

/// A wave of another cell, as a nerve hears it.
public struct HeardWave: Sendable, Hashable {
    /// The cell, by its name in the subject.
    public var cell: Token
    /// What makes the witness independent; the cell's name unless the wave says otherwise.
    public var origin: Token
    /// The semantic region.
    public var region: Region
    /// How sure the cell is, 0…1.
    public var confidence: Double
    /// `1` asserts, `-1` denies.
    public var polarity: Int
    /// What the cell says.
    public var content: JSON
    /// Energy that the cell spent.
    public var cost: Double
    /// When it was sensed, as far as that can be believed: never later than it arrived.
    public var at: Timestamp

    /// A wave from its parts.
    public init(
        cell: Token, origin: Token? = nil, region: Region, confidence: Double, polarity: Int = 1, content: JSON = [:],
        cost: Double = 0, at: Timestamp
    ) {
        self.cell = cell
        self.origin = origin ?? cell
        self.region = region
        self.confidence = confidence
        self.polarity = polarity
        self.content = content
        self.cost = cost
        self.at = at
    }

    /// A wave from its message.
    ///
    /// - Parameters:
    ///   - message: the message.
    ///   - cell: its sender, by the name in the subject.
    ///   - arrival: when it came in.
    ///   - tolerance: the rule that decides between the message's time and its arrival.
    public init(
        _ message: Envelope<WaveSignal>, cell: Token, arrival: Timestamp, tolerance: ClockTolerance = ClockTolerance()
    ) {
        let body = message.body
        self.init(
            cell: cell, origin: body.origin, region: body.effectiveRegion, confidence: body.confidence,
            polarity: body.polarity, content: body.semanticContent, cost: body.lifeforceCost,
            at: tolerance.time(sent: message.header.timestamp, arrival: arrival).at)
    }
}

/// What a wave is worth to a nerve's gate.
public struct HeardEvidence: Sendable, Hashable {
    /// How sure, 0…1.
    public var confidence: Double
    /// `1` asserts, `-1` denies.
    public var polarity: Int

    /// A confidence and a polarity.
    public init(confidence: Double, polarity: Int = 1) {
        self.confidence = confidence
        self.polarity = polarity
    }
}

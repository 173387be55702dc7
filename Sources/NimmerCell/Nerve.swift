import NimmerWave

/// A nerve: a behaviour over the waves of several cells (architecture.md).
///
/// A cell that also hears: the waves of the cells that ``hears`` names feed its gate, all as of one region; when the
/// gate opens (``Cell/gateChanged(_:_:)``) it runs its own state machine, asks cells (``Pulse/send(_:to:)``), publishes its
/// states (``Pulse/enter(_:of:reason:cost:details:isLast:)``) and emits its own wave.
public protocol Nerve: Cell {
    /// The cells (or nerves) that it hears, by the names that its settings give.
    var hears: [Token] { get }

    /// The cells (or nerves) to which it sends commands, by the names that its settings give; none unless given.
    var asks: [Token] { get }

    /// Returns the evidence of a wave for the nerve's gate; nil keeps the wave from the gate.
    func evidence(of wave: HeardWave) -> HeardEvidence?

    /// A wave that it hears, after the gate has weighed it.
    mutating func hear(_ wave: HeardWave, _ pulse: inout Pulse) throws

    /// A gate of a region opened whose openings the system file lets it verify (`verifies`): it may report later whether that was right
    /// (``Pulse/verify(_:_:because:)``).
    mutating func opened(_ opening: HeardOpening, _ pulse: inout Pulse) throws
}

extension Nerve {
    /// A nerve.
    public static var kind: CellKind<Self> {
        .nerve(
            Hearing(
                cells: { $0.hears }, asks: { $0.asks }, evidence: { $0.evidence(of: $1) },
                hear: { nerve, wave, pulse in try nerve.hear(wave, &pulse) },
                opened: { nerve, opening, pulse in try nerve.opened(opening, &pulse) }))
    }

    /// None.
    public var asks: [Token] { [] }

    /// The wave as it is.
    public func evidence(of wave: HeardWave) -> HeardEvidence? {
        HeardEvidence(confidence: wave.confidence, polarity: wave.polarity)
    }

    /// Does nothing.
    public mutating func hear(_ wave: HeardWave, _ pulse: inout Pulse) throws {}

    /// Does nothing.
    public mutating func opened(_ opening: HeardOpening, _ pulse: inout Pulse) throws {}
}

/// Kind of a type that is run as a cell. The runtime drives both kinds alike, and hears for a nerve what it names.
public enum CellKind<C: Cell>: Sendable {
    /// A cell.
    case cell
    /// A nerve, and how it hears; only ``Nerve`` makes one.
    case nerve(Hearing<C>)

    /// The role of its process.
    public var role: Role {
        switch self {
        case .cell: .cell
        case .nerve: .nerve
        }
    }

    var hearing: Hearing<C>? {
        switch self {
        case .cell: nil
        case .nerve(let hearing): hearing
        }
    }
}

/// Hearing of a nerve.
public struct Hearing<C: Cell>: Sendable {
    let cells: @Sendable (C) -> [Token]
    let asks: @Sendable (C) -> [Token]
    let evidence: @Sendable (C, HeardWave) -> HeardEvidence?
    let hear: @Sendable (inout C, HeardWave, inout Pulse) throws -> Void
    let opened: @Sendable (inout C, HeardOpening, inout Pulse) throws -> Void
}

/// A wave of another cell, as a nerve hears it.
public struct HeardWave: Sendable, Hashable {
    /// The cell, by its name in the subject.
    public var cell: Token
    /// Origin that makes the witness independent; the cell's name unless the wave names another.
    public var origin: Token
    /// The semantic region.
    public var region: Region
    /// Confidence of the cell, 0…1.
    public var confidence: Double
    /// `1` asserts, `-1` denies.
    public var polarity: Int
    /// Content of the wave.
    public var content: JSON
    /// Energy that the cell spent.
    public var cost: Double
    /// Time at which it was sensed, as far as that can be believed: never later than it arrived.
    public var at: Timestamp
    /// Interval at which the cell senses when all is well, in milliseconds; 0 where it states none.
    public var interval: Double

    /// Creates a wave.
    public init(
        cell: Token, origin: Token? = nil, region: Region, confidence: Double, polarity: Int = 1, content: JSON = [:],
        cost: Double = 0, at: Timestamp, interval: Double = 0
    ) {
        self.cell = cell
        self.origin = origin ?? cell
        self.region = region
        self.confidence = confidence
        self.polarity = polarity
        self.content = content
        self.cost = cost
        self.at = at
        self.interval = interval
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
            at: tolerance.time(sent: message.header.timestamp, arrival: arrival).at,
            interval: body.intervalMilliseconds ?? 0)
    }
}

/// Evidence of a wave for a nerve's gate.
public struct HeardEvidence: Sendable, Hashable {
    /// Confidence, 0…1.
    public var confidence: Double
    /// `1` asserts, `-1` denies.
    public var polarity: Int

    /// A confidence and a polarity.
    public init(confidence: Double, polarity: Int = 1) {
        self.confidence = confidence
        self.polarity = polarity
    }
}

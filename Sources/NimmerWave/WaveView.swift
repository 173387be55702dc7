/// A wave as it lies in its message: numbers, and ranges into the bytes. It owns nothing and costs no allocation, so one
/// view serves a whole subscription (hot-path.md).
public struct WaveView: Sendable {
    /// The message's identity.
    public var messageID = MessageID(high: 0, low: 0)
    /// Time at which it was sensed, by its sender.
    public var timestamp = Timestamp(nanoseconds: 0)
    /// Confidence of the sender, 0…1.
    public var confidence = 0.0
    /// Energy spent, at least 0, in lifeforce units (LF).
    public var lifeforceCost = 0.0
    /// `1` asserts, `-1` denies.
    public var polarity: Int8 = 1
    /// Interval at which its sender senses when all is well, in milliseconds; 0 where it is not declared.
    public var intervalMilliseconds = 0.0
    /// Number of values in ``vector``.
    public var vectorCount = 0
    /// Sender: kind, garden and tier.
    public var entityType = EntityType.cell
    /// Indicates whether it was sensed in the real or the virtual garden.
    public var garden = Garden.real
    /// The sender's tier, 0…5.
    public var tier: UInt8 = 1
    /// Name of the sender.
    public var entityID = ByteRange.none
    /// Domain: a token.
    public var domain = ByteRange.none
    /// The semantic region; empty when it is the domain.
    public var region = ByteRange.none
    /// Origin that makes the witness independent; empty when it is the cell of the subject.
    public var origin = ByteRange.none
    /// The payload: a JSON object, byte for byte.
    public var content = ByteRange.none
    /// The embedding, from `[` to `]`.
    public var vector = ByteRange.none
    /// Id that ties the wave to a request.
    public var correlationID = ByteRange.none
    /// The list of artifacts that it names, from `[` to `]`.
    public var artifacts = ByteRange.none
    /// Indicates whether a name in the message is written with escapes, so that its bytes are not its text; such a message is read
    /// through ``Envelope`` instead.
    public var hasEscapedNames = false

    /// An empty view, to decode into.
    public init() {}

    /// The bytes that name the region: those of `region`, or of `domain` where it is absent.
    @inlinable
    public var regionOrDomain: ByteRange { region.isEmpty ? domain : region }
}

/// Kind of sender (protocol.md, Envelope).
public enum EntityType: String, CaseIterable, Sendable, Hashable {
    /// A cell.
    case cell
    /// A nerve.
    case nerve
    /// A gate.
    case gate
    /// The thalamus.
    case thalamus
    /// The structured boundary: the cognition bridge.
    case boundary
    /// A mind.
    case cognitive
    /// An organ.
    case organ
    /// Anything else.
    case service
}

/// Indicates whether a message speaks of the real world or of a simulated one.
public enum Garden: String, CaseIterable, Sendable, Hashable {
    /// Simulated.
    case virtual
    /// Sensed.
    case real
}

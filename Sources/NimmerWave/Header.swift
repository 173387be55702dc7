/// The message types of protocol.md, Bodies, with this house's own beside them.
public enum MessageType: String, CaseIterable, Sendable, Hashable {
    /// A wave.
    case waveSignal = "WaveSignal"
    /// A gate changed its state.
    case gateTransition = "GateTransition"
    /// Waves that agreed became one signal.
    case collapse = "Collapse"
    /// A question to a mind.
    case cognitiveRequest = "CognitiveRequest"
    /// Its answer.
    case cognitiveResponse = "CognitiveResponse"
    /// What became of its commands.
    case act = "Act"
    /// What is open, once a second.
    case attention = "Attention"
    /// A nerve changed its state.
    case nerveState = "NerveState"
    /// What correlated, for training.
    case correlationEvent = "CorrelationEvent"
    /// What became of an opening.
    case verificationOutcome = "VerificationOutcome"
    /// What the thalamus took of it into its trust.
    case acceptedOutcome = "AcceptedOutcome"
    /// An order to a cell, nerve or organ.
    case command = "Command"
    /// What came of it.
    case commandResult = "CommandResult"
    /// A message that was refused.
    case reject = "Reject"
    /// A mind is alive.
    case heartbeat = "Heartbeat"
}

/// Who sent a message.
public struct Source: Hashable, Sendable {
    /// The sender's name, 1 to 128 bytes.
    public var entityID: String
    /// What kind of thing it is.
    public var entityType: EntityType
    /// Whether it speaks of the real world.
    public var garden: Garden
    /// Its tier, 0…5.
    public var tier: Int

    /// A sender.
    public init(entityID: String, entityType: EntityType, garden: Garden = .real, tier: Int = 1) {
        self.entityID = entityID
        self.entityType = entityType
        self.garden = garden
        self.tier = tier
    }
}

/// The envelope's head (protocol.md, Envelope).
public struct Header: Hashable, Sendable {
    /// The message's identity; also sent as the NATS header `Nats-Msg-Id`.
    public var messageID: MessageID
    /// What the body is.
    public var messageType: MessageType
    /// `MAJOR.MINOR`; the same major is understood.
    public var version: String
    /// When it was said.
    public var timestamp: Timestamp
    /// Who said it.
    public var source: Source

    /// A head in the version that this code writes.
    public init(messageID: MessageID, messageType: MessageType, timestamp: Timestamp, source: Source) {
        self.messageID = messageID
        self.messageType = messageType
        self.version = Wire.version
        self.timestamp = timestamp
        self.source = source
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("message_id", .uuid, "RFC 9562 UUID; also sent as the NATS header Nats-Msg-Id."),
        .required("message_type", .name(64), "The type of the body."),
        .required("version", .name(16), "MAJOR.MINOR; the same major is understood, unknown keys are ignored."),
        .required("timestamp", .time, "When it was said: RFC 3339, UTC or a numeric offset."),
        .required(
            "source",
            .record([
                .required("entity_id", .name(128), "The sender's name."),
                .required("entity_type", .word(EntityType.allCases.map(\.rawValue)), "What kind of thing sent it."),
                .optional(
                    "garden", .word(Garden.allCases.map(\.rawValue)), "The real world (default) or a simulated one."),
                .optional("tier", .whole(0...5), "The sender's tier; default 1."),
            ]), "Who said it."),
    ]

    /// The minor version of the sender: what the head promises beyond its major version (protocol.md, Envelope).
    public var minorVersion: Int { version.split(separator: ".").last.flatMap { Int($0) } ?? 0 }

    /// Checks a version text: `MAJOR.MINOR` with the major that is understood.
    static func checkVersion(_ text: String) throws(Refusal) {
        if text == Wire.version { return }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2,
            parts.allSatisfy({ !$0.isEmpty && $0.count < 6 && $0.utf8.allSatisfy { $0 &- 0x30 <= 9 } }),
            let major = Int(parts[0])
        else { throw .wrong("header.version", "must be MAJOR.MINOR", found: text.excerpt) }
        guard major == Wire.majorVersion else {
            throw Refusal(
                .version, field: "header.version", "version \(text) is not understood; this is \(Wire.majorVersion)")
        }
    }

    init(_ json: JSON) throws(Refusal) {
        guard let object = json.object else { throw .wrong("header", "must be an object", found: json.text.excerpt) }
        if let text = object["version"]?.string { try Self.checkVersion(text) }
        let name = object["message_type"]?.string
        if let name, MessageType(rawValue: name) == nil {
            throw Refusal(.type, field: "header.message_type", "message_type \(name.excerpt) is unknown")
        }
        if case .object(let source)? = object["source"], let kind = source["entity_type"],
            kind.string.flatMap(EntityType.init(rawValue:)) == nil
        {
            throw .wrong("header.source.entity_type", "is unknown", found: kind.text.excerpt)
        }
        try FieldKind.check(object, Self.fields) { "header" }
        let reader = FieldReader(object)
        let source = reader.record("source")
        messageID = reader.id("message_id")
        messageType = MessageType(rawValue: name ?? "") ?? .waveSignal
        version = reader.text("version")
        timestamp = reader.time("timestamp")
        self.source = Source(
            entityID: source.text("entity_id"), entityType: EntityType(rawValue: source.text("entity_type")) ?? .cell,
            garden: Garden(rawValue: source.text("garden")) ?? .real, tier: source.wholeIfPresent("tier") ?? 1)
    }

    func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("message_id", messageID)
            out.member("message_type", messageType.rawValue)
            out.member("version", version)
            out.member("timestamp", timestamp)
            out.member("source") { out in
                out.object { out in
                    out.member("entity_id", source.entityID)
                    out.member("entity_type", source.entityType.rawValue)
                    out.member("garden", source.garden.rawValue)
                    out.member("tier", Double(source.tier))
                }
            }
        }
    }
}

// Written by Messages/generate.py from Messages/Declarations/decisions.toml: change that.
// swift-format-ignore-file

/// The origin of a decision and the fate of its commands: the `result` of a response (protocol.md, CognitiveResponse).
public struct DecisionRecord: PublishedRecord, FieldValue {
    /// Kind of event (at most 128 bytes).
    public var eventType: String?
    /// The region whose budget pays: that of the opening, else the domain of the request (at most 1024 bytes).
    public var region: String?
    /// The minds that were asked, in order, and what it cost (at most 1024).
    public var asked: [AskedMind]
    /// Number of older requests of the region that this answers too (at least 0).
    public var merged: Int?
    /// Mode of the commands; absent without commands.
    public var commands: CommandMode?
    /// Time after which the commands are void; absent for dry-run.
    public var commandsUntil: Timestamp?
    /// The mind's reason, in a sentence (at most 1024 bytes).
    public var reason: String?
    /// Reason why the deterministic boundary decided and not a mind (at most 1024 bytes).
    public var why: String?
    /// Confidence of the mind; of a decision by rule, the request's confidence (0…1).
    public var confidence: Double?
    /// Of a decision by rule, the structured_input of its request; left out where it has no room.
    public var inputs: JSON?
    /// Of a decision by rule, what could be done (at most 64).
    public var suggestedActions: [SuggestedAction]?
    /// True if the mind called itself unsure; then nothing is commanded. Default false.
    public var isUnsure: Bool
    /// True if the mind holds the opening for a false alarm; default false.
    public var isFalseAlarm: Bool
    /// Of an expired request, when an answer was of no use any more.
    public var expiredAt: Timestamp?
    /// Of an expired request, when that was seen.
    public var seenAt: Timestamp?
    /// Of an expired request, what it waited for (at most 1024 bytes).
    public var waitedFor: String?
    /// True if a reflex decided; default false.
    public var isReflex: Bool
    /// The newer request whose answer stands for this one too.
    public var mergedInto: MessageID?
    /// The earlier decisions that the minds were reminded of, the nearest first (at most 20).
    public var recalled: [MessageID]
    /// Members that are not declared, as they came.
    public var others: JSONObject

    /// A record of these values.
    public init(
        eventType: String? = nil,
        region: String? = nil,
        asked: [AskedMind] = [],
        merged: Int? = nil,
        commands: CommandMode? = nil,
        commandsUntil: Timestamp? = nil,
        reason: String? = nil,
        why: String? = nil,
        confidence: Double? = nil,
        inputs: JSON? = nil,
        suggestedActions: [SuggestedAction]? = nil,
        isUnsure: Bool = false,
        isFalseAlarm: Bool = false,
        expiredAt: Timestamp? = nil,
        seenAt: Timestamp? = nil,
        waitedFor: String? = nil,
        isReflex: Bool = false,
        mergedInto: MessageID? = nil,
        recalled: [MessageID] = [],
        others: JSONObject = [:]
    ) {
        self.eventType = eventType
        self.region = region
        self.asked = asked
        self.merged = merged
        self.commands = commands
        self.commandsUntil = commandsUntil
        self.reason = reason
        self.why = why
        self.confidence = confidence
        self.inputs = inputs
        self.suggestedActions = suggestedActions
        self.isUnsure = isUnsure
        self.isFalseAlarm = isFalseAlarm
        self.expiredAt = expiredAt
        self.seenAt = seenAt
        self.waitedFor = waitedFor
        self.isReflex = isReflex
        self.mergedInto = mergedInto
        self.recalled = recalled
        self.others = others
    }

    public static let meaning = "The result of a response."
    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .optional("event_type", .text(128), "Kind of event."),
        .optional("region", .text(1024), "The region whose budget pays: that of the opening, else the domain of the request."),
        .optional("asked", .list(.record(AskedMind.fields), 1024), "The minds that were asked, in order, and what it cost."),
        .optional("merged", .whole(0...Int.max), "Number of older requests of the region that this answers too."),
        .optional("commands", .word(CommandMode.allCases.map(\.rawValue)), "Mode of the commands; absent without commands."),
        .optional("commands_until", .time, "Time after which the commands are void; absent for dry-run."),
        .optional("reason", .text(1024), "The mind's reason, in a sentence."),
        .optional("why", .text(1024), "Reason why the deterministic boundary decided and not a mind."),
        .optional("confidence", .fraction, "Confidence of the mind; of a decision by rule, the request's confidence."),
        .optional("inputs", .opaque, "Of a decision by rule, the structured_input of its request; left out where it has no room."),
        .optional("suggested_actions", .list(.record(SuggestedAction.fields), 64), "Of a decision by rule, what could be done."),
        .optional("unsure", .truth, "True if the mind called itself unsure; then nothing is commanded. Default false."),
        .optional("false_alarm", .truth, "True if the mind holds the opening for a false alarm; default false."),
        .optional("expired_at", .time, "Of an expired request, when an answer was of no use any more."),
        .optional("seen_at", .time, "Of an expired request, when that was seen."),
        .optional("waited_for", .text(1024), "Of an expired request, what it waited for."),
        .optional("reflex", .truth, "True if a reflex decided; default false."),
        .optional("merged_into", .uuid, "The newer request whose answer stands for this one too."),
        .optional("recalled", .list(.uuid, 20), "The earlier decisions that the minds were reminded of, the nearest first."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        eventType = try fields.optional(0)
        region = try fields.optional(1)
        asked = try fields.optional(2) ?? []
        merged = try fields.optional(3)
        commands = try fields.optional(4)
        commandsUntil = try fields.optional(5)
        reason = try fields.optional(6)
        why = try fields.optional(7)
        confidence = try fields.optional(8)
        inputs = try fields.optional(9)
        suggestedActions = try fields.optional(10)
        isUnsure = try fields.optional(11) ?? false
        isFalseAlarm = try fields.optional(12) ?? false
        expiredAt = try fields.optional(13)
        seenAt = try fields.optional(14)
        waitedFor = try fields.optional(15)
        isReflex = try fields.optional(16) ?? false
        mergedInto = try fields.optional(17)
        recalled = try fields.optional(18) ?? []
        others = fields.others()
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            if let eventType { out.member("event_type", eventType) }
            if let region { out.member("region", region) }
            if asked != [] { out.member("asked", list: asked) { $0.write(&$1) } }
            if let merged { out.member("merged", Double(merged)) }
            if let commands { out.member("commands", commands.rawValue) }
            if let commandsUntil { out.member("commands_until", commandsUntil) }
            if let reason { out.member("reason", reason) }
            if let why { out.member("why", why) }
            if let confidence { out.member("confidence", confidence) }
            if let inputs { out.member("inputs", inputs) }
            if let suggestedActions { out.member("suggested_actions", list: suggestedActions) { $0.write(&$1) } }
            if isUnsure != false { out.member("unsure", isUnsure) }
            if isFalseAlarm != false { out.member("false_alarm", isFalseAlarm) }
            if let expiredAt { out.member("expired_at", expiredAt) }
            if let seenAt { out.member("seen_at", seenAt) }
            if let waitedFor { out.member("waited_for", waitedFor) }
            if isReflex != false { out.member("reflex", isReflex) }
            if let mergedInto { out.member("merged_into", mergedInto) }
            if recalled != [] { out.member("recalled", list: recalled) { $1.write($0) } }
            out.members(others)
        }
    }
}

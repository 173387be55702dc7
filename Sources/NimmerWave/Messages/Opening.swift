/// A witness within the collapse that an opening carries; its sender and confidence stand in the transition's signals.
public struct OpeningWitness: Hashable, Sendable, DirectlyWritten {
    /// The origin: that of one of the transition's trigger signals.
    public var origin: Token
    /// Its similarity to the wave that opened the gate, -1…1.
    public var similarity: Double
    /// Its payload, byte for byte.
    public var semanticContent: JSON

    /// One of its parts.
    public init(origin: Token, similarity: Double, semanticContent: JSON) {
        self.origin = origin
        self.similarity = similarity
        self.semanticContent = semanticContent
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("origin", .token, "The origin of one of the trigger signals, which name its sender and confidence."),
        .required("similarity", .number(-1...1), "Its similarity to the wave that opened the gate."),
        .required("semantic_content", .opaque, "Its payload, byte for byte."),
    ]

    init(_ fields: FieldReader) {
        origin = fields.token("origin")
        similarity = fields.number("similarity")
        semanticContent = fields.any("semantic_content") ?? [:]
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("origin", origin.text)
            out.member("similarity", similarity)
            out.member("semantic_content", semanticContent)
        }
    }
}

/// The collapse that an opening carries (protocol.md, GateTransition; decision 0012).
public struct OpeningCollapse: Hashable, Sendable, DirectlyWritten {
    /// The collapse; named after the opening.
    public var collapseID: MessageID
    /// The amplified confidence, 0…1 (gates.md, Collapse).
    public var confidence: Double
    /// The time of the oldest asserting witness.
    public var windowStart: Timestamp
    /// The asserting witnesses.
    public var witnesses: [OpeningWitness]

    /// One of its parts.
    public init(collapseID: MessageID, confidence: Double, windowStart: Timestamp, witnesses: [OpeningWitness]) {
        self.collapseID = collapseID
        self.confidence = confidence
        self.windowStart = windowStart
        self.witnesses = witnesses
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("collapse_id", .uuid, "The collapse; named after the opening."),
        .required("confidence", .fraction, "The amplified confidence: 1 - Π(1 - c·max(0, s))."),
        .required("window_start", .time, "The time of the oldest asserting witness."),
        .required("witnesses", .list(.record(OpeningWitness.fields), 1024), "The asserting witnesses."),
    ]

    init(_ fields: FieldReader) {
        collapseID = fields.id("collapse_id")
        confidence = fields.number("confidence")
        windowStart = fields.time("window_start")
        witnesses = fields.records("witnesses").map(OpeningWitness.init)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("collapse_id", collapseID)
            out.member("confidence", confidence)
            out.member("window_start", windowStart)
            out.member("witnesses", list: witnesses) { $0.write(&$1) }
        }
    }
}

/// The terms on which an opening goes up to a mind; an opening without them does not (protocol.md, GateTransition).
public struct Escalation: Hashable, Sendable, DirectlyWritten {
    /// What kind of event it is.
    public var eventType: String
    /// What could be done.
    public var suggestedActions: [SuggestedAction]
    /// What may be spent, in LF.
    public var processingBudgetLF: Double
    /// How long an answer may take, in milliseconds.
    public var responseTimeoutMilliseconds: Int
    /// When an answer is of no use any more.
    public var expiresAt: Timestamp
    /// Whether the gate is a reflex: the boundary may act before a mind is asked.
    public var isReflex: Bool

    /// One of its parts.
    public init(
        eventType: String, suggestedActions: [SuggestedAction], processingBudgetLF: Double,
        responseTimeoutMilliseconds: Int, expiresAt: Timestamp, isReflex: Bool = false
    ) {
        self.eventType = eventType
        self.suggestedActions = suggestedActions
        self.processingBudgetLF = processingBudgetLF
        self.responseTimeoutMilliseconds = responseTimeoutMilliseconds
        self.expiresAt = expiresAt
        self.isReflex = isReflex
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("event_type", .name(128), "What kind of event it is."),
        .optional("suggested_actions", .list(.record(SuggestedAction.fields), 64), "What could be done."),
        .required("processing_budget_lf", .notNegative, "What may be spent, in LF."),
        .required("response_timeout_ms", .whole(1...86400000), "How long an answer may take."),
        .required("expires_at", .time, "When an answer is of no use any more."),
        .optional("reflex", .truth, "Whether the gate is a reflex; default false."),
    ]

    init(_ fields: FieldReader) {
        eventType = fields.text("event_type")
        suggestedActions = fields.records("suggested_actions").map(SuggestedAction.init)
        processingBudgetLF = fields.number("processing_budget_lf")
        responseTimeoutMilliseconds = fields.whole("response_timeout_ms")
        expiresAt = fields.time("expires_at")
        isReflex = fields.truth("reflex")
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("event_type", eventType)
            out.member("suggested_actions", list: suggestedActions) { $1.write($0.json) }
            out.member("processing_budget_lf", processingBudgetLF)
            out.member("response_timeout_ms", Double(responseTimeoutMilliseconds))
            out.member("expires_at", expiresAt)
            if isReflex { out.member("reflex", .bool(true)) }
        }
    }
}

// The two messages that follow from an opening. Whoever derives them derives the same: the bridge its request, the hippocampus
// its rows, the thalamus what observers hear.

extension GateTransition {
    /// The collapse of an opening that carries one; nil for every other transition.
    ///
    /// - Parameter id: the message id of the transition.
    public func collapsed(transitionID id: MessageID) -> Collapse? {
        guard let collapse else { return nil }
        return Collapse(
            collapseID: collapse.collapseID, region: region, gateID: gateID, transitionID: id,
            confidence: collapse.confidence, windowStart: collapse.windowStart, windowEnd: at,
            witnesses: witnesses(of: collapse).map { $0.witness })
    }

    /// The question to a mind of an opening that goes up; nil for every other transition.
    public var escalated: CognitiveRequest? {
        guard let collapse, let escalation else { return nil }
        var input: JSONObject = [
            "region": .string(region.text), "gate": .string(gateID.text), "opened_at": .string(at.rfc3339),
            "confidence": .number(collapse.confidence),
            "witnesses": .array(
                witnesses(of: collapse).map { item in
                    [
                        "source": .string(item.witness.source), "origin": .string(item.witness.origin.text),
                        "confidence": .number(item.witness.confidence), "age_ms": .number(item.age.rounded()),
                        "content": item.witness.semanticContent,
                    ]
                }),
        ]
        if escalation.isReflex { input["reflex"] = true }
        return CognitiveRequest(
            requestID: .named("request/\(collapse.collapseID.text)"), collapseID: collapse.collapseID,
            eventType: escalation.eventType, domain: domain, confidence: collapse.confidence,
            structuredInput: .object(input), suggestedActions: escalation.suggestedActions,
            processingBudgetLF: escalation.processingBudgetLF,
            responseTimeoutMilliseconds: escalation.responseTimeoutMilliseconds, expiresAt: escalation.expiresAt)
    }

    /// The collapse's witnesses, with what their trigger signals say of them; one that no signal names keeps its origin alone.
    private func witnesses(of collapse: OpeningCollapse) -> [(witness: Witness, age: Double)] {
        let signals = Dictionary(triggerSignals.map { ($0.origin, $0) }) { first, _ in first }
        return collapse.witnesses.map { witness in
            let signal = signals[witness.origin]
            return (
                Witness(
                    source: signal?.source ?? witness.origin.text, origin: witness.origin,
                    confidence: signal?.confidence ?? 0, similarity: witness.similarity,
                    semanticContent: witness.semanticContent),
                signal.map { at.milliseconds(since: $0.timestamp) } ?? 0
            )
        }
    }
}

extension Envelope where Body == GateTransition {
    /// The collapse that this opening carries, as a message of the same sender and moment; nil where it carries none.
    public var collapsed: Envelope<Collapse>? {
        body.collapsed(transitionID: header.messageID).map {
            Envelope<Collapse>(id: $0.collapseID, at: body.at, from: header.source, $0)
        }
    }

    /// The question that this opening puts to a mind, as a message of the same sender and moment; nil where it does not go up.
    public var escalated: Envelope<CognitiveRequest>? {
        body.escalated.map { Envelope<CognitiveRequest>(id: $0.requestID, at: body.at, from: header.source, $0) }
    }
}

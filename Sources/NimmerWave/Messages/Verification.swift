/// Whether reality confirmed an opening.
public enum VerificationResult: String, CaseIterable, Sendable, Hashable {
    /// It did.
    case confirmed
    /// It did not.
    case failed
    /// In part.
    case partial
}

/// What the virtual garden should learn.
public struct VirtualFeedback: Hashable, Sendable {
    /// What to add to correlations.
    public var correlationAdjustment: Double
    /// What the weight moved by.
    public var gateWeightDelta: Double

    /// One of its parts.
    public init(
        correlationAdjustment: Double = 0, gateWeightDelta: Double = 0
    ) {
        self.correlationAdjustment = correlationAdjustment
        self.gateWeightDelta = gateWeightDelta
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .optional("correlation_adjustment", .finite, "What to add to correlations."),
        .optional("gate_weight_delta", .finite, "What the weight moved by."),
    ]

    init(_ fields: FieldReader) {
        correlationAdjustment = fields.number("correlation_adjustment")
        gateWeightDelta = fields.number("gate_weight_delta")
    }

    /// The part as it stands on the wire.
    public var json: JSON {
        [
            "correlation_adjustment": .number(correlationAdjustment),
            "gate_weight_delta": .number(gateWeightDelta),
        ]
    }
}

/// Ground truth about an opening (protocol.md, VerificationOutcome; gates.md, Learning).
public struct VerificationOutcome: MessageBody {
    /// The transition that it is about.
    public var originalSignalID: MessageID
    /// What it is about.
    public var domain: Token
    /// Whether reality confirmed it.
    public var outcome: VerificationResult
    /// What was found.
    public var actualResult: JSON?
    /// What was expected.
    public var expectedResult: JSON?
    /// How far apart they are.
    public var discrepancy: Double?
    /// Who verified.
    public var verificationSource: String
    /// What the virtual garden should learn.
    public var feedbackToVirtual: VirtualFeedback?

    /// A message body of its parts.
    public init(
        originalSignalID: MessageID, domain: Token, outcome: VerificationResult, actualResult: JSON? = nil,
        expectedResult: JSON? = nil, discrepancy: Double? = nil, verificationSource: String,
        feedbackToVirtual: VirtualFeedback? = nil
    ) {
        self.originalSignalID = originalSignalID
        self.domain = domain
        self.outcome = outcome
        self.actualResult = actualResult
        self.expectedResult = expectedResult
        self.discrepancy = discrepancy
        self.verificationSource = verificationSource
        self.feedbackToVirtual = feedbackToVirtual
    }

    public static let type = MessageType.verificationOutcome
    public static let meaning = "Ground truth: whether reality confirmed an opening."
    public static let fields: [Field] = [
        .required("original_signal_id", .uuid, "The transition that it is about."),
        .required("domain", .token, "What it is about."),
        .required("outcome", .word(VerificationResult.allCases.map(\.rawValue)), "Whether reality confirmed it."),
        .optional("actual_result", .anything, "What was found."),
        .optional("expected_result", .anything, "What was expected."),
        .optional("discrepancy", .finite, "How far apart they are."),
        .required("verification_source", .name(128), "Who verified."),
        .optional("feedback_to_virtual", .record(VirtualFeedback.fields), "What the virtual garden should learn."),
    ]

    public init(_ fields: FieldReader) {
        originalSignalID = fields.id("original_signal_id")
        domain = fields.token("domain")
        outcome = VerificationResult(rawValue: fields.text("outcome")) ?? .partial
        actualResult = fields.has("actual_result") ? fields.any("actual_result") ?? .null : nil
        expectedResult = fields.has("expected_result") ? fields.any("expected_result") ?? .null : nil
        discrepancy = fields.has("discrepancy") ? fields.number("discrepancy") : nil
        verificationSource = fields.text("verification_source")
        feedbackToVirtual =
            fields.has("feedback_to_virtual") ? VirtualFeedback(fields.record("feedback_to_virtual")) : nil
    }

    public var json: JSON {
        var object: JSONObject = [
            "original_signal_id": .string(originalSignalID.text),
            "domain": .string(domain.text),
            "outcome": .string(outcome.rawValue),
            "verification_source": .string(verificationSource),
        ]
        object["actual_result"] = actualResult.map { $0 }
        object["expected_result"] = expectedResult.map { $0 }
        object["discrepancy"] = discrepancy.map { .number($0) }
        object["feedback_to_virtual"] = feedbackToVirtual.map { $0.json }
        return .object(object)
    }
}

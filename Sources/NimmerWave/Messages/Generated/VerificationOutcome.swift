// Written by Messages/generate.py from Messages/Declarations/messages.toml: change that.
// swift-format-ignore-file

/// Ground truth about an opening (protocol.md, VerificationOutcome; gates.md, Learning).
public struct VerificationOutcome: MessageBody {
    /// The transition that it is about.
    public var originalSignalID: MessageID
    /// Domain.
    public var domain: Token
    /// Indicates whether reality confirmed it.
    public var outcome: VerificationResult
    /// Result that was found.
    public var actualResult: JSON?
    /// Expectation.
    public var expectedResult: JSON?
    /// Distance between them.
    public var discrepancy: Double?
    /// Verifier (at most 128 bytes).
    public var verificationSource: String
    /// Lesson for the virtual garden.
    public var feedbackToVirtual: VirtualFeedback?
    /// outcome unless stated; withdrawal takes back the one that counts, with outcome partial; since 2.1.
    public var kind: OutcomeKind?

    /// A body of these values.
    public init(
        originalSignalID: MessageID,
        domain: Token,
        outcome: VerificationResult,
        actualResult: JSON? = nil,
        expectedResult: JSON? = nil,
        discrepancy: Double? = nil,
        verificationSource: String,
        feedbackToVirtual: VirtualFeedback? = nil,
        kind: OutcomeKind? = nil
    ) {
        self.originalSignalID = originalSignalID
        self.domain = domain
        self.outcome = outcome
        self.actualResult = actualResult
        self.expectedResult = expectedResult
        self.discrepancy = discrepancy
        self.verificationSource = verificationSource
        self.feedbackToVirtual = feedbackToVirtual
        self.kind = kind
    }

    public static let type = MessageType.verificationOutcome
    public static let meaning = "Ground truth: whether reality confirmed an opening."
    public static let fields: [Field] = [
        .required("original_signal_id", .uuid, "The transition that it is about."),
        .required("domain", .token, "Domain."),
        .required("outcome", .word(VerificationResult.allCases.map(\.rawValue)), "Indicates whether reality confirmed it."),
        .optional("actual_result", .anything, "Result that was found."),
        .optional("expected_result", .anything, "Expectation."),
        .optional("discrepancy", .finite, "Distance between them."),
        .required("verification_source", .name(128), "Verifier."),
        .optional("feedback_to_virtual", .record(VirtualFeedback.fields), "Lesson for the virtual garden."),
        .optional("kind", .word(OutcomeKind.allCases.map(\.rawValue)), "outcome unless stated; withdrawal takes back the one that counts, with outcome partial; since 2.1."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        originalSignalID = try fields.required(0)
        domain = try fields.required(1)
        outcome = try fields.required(2)
        actualResult = try fields.optional(3)
        expectedResult = try fields.optional(4)
        discrepancy = try fields.optional(5)
        verificationSource = try fields.required(6)
        feedbackToVirtual = try fields.optional(7)
        kind = try fields.optional(8)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("original_signal_id", originalSignalID)
            out.member("domain", domain.text)
            out.member("outcome", outcome.rawValue)
            out.member("verification_source", verificationSource)
            if let actualResult { out.member("actual_result", actualResult) }
            if let expectedResult { out.member("expected_result", expectedResult) }
            if let discrepancy { out.member("discrepancy", discrepancy) }
            if let feedbackToVirtual { out.member("feedback_to_virtual") { feedbackToVirtual.write(&$0) } }
            if let kind { out.member("kind", kind.rawValue) }
        }
    }
}

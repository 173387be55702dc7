// Written by Messages/generate.py from Messages/Declarations/decisions.toml: change that.
// swift-format-ignore-file

/// One question to a mind and its outcome.
public struct AskedMind: MessageRecord, FieldValue {
    /// The mind's name (at most 128 bytes).
    public var mind: String
    /// `valid`, `unsure`, `invalid`, `cut_off` (its tokens ran out), or the code of a failure (at most 64 bytes).
    public var verdict: String
    /// Duration, in milliseconds (at least 0).
    public var milliseconds: Double
    /// Cost, in LF (at least 0).
    public var lifeforce: Double
    /// Tokens read and written (at least 0).
    public var tokens: Int
    /// The model that answered, by its server's reply; absent without an answer (at most 128 bytes).
    public var model: String
    /// Tokens written; absent when unknown (at least 0).
    public var completionTokens: Int?
    /// Problems of the answer (at most 256).
    public var problems: [String]
    /// The answer that was refused, cut off; kept for review, never used (at most 1024 bytes).
    public var refused: String?
    /// Pictures that it got with the question; since 2.1 (at most 64).
    public var saw: [ArtifactDigest]
    /// Artifacts of the witnesses that it did not get, each with the reason; since 2.1 (at most 64).
    public var leftOut: [String]

    /// A record of these values.
    public init(
        mind: String,
        verdict: String,
        milliseconds: Double = 0,
        lifeforce: Double = 0,
        tokens: Int = 0,
        model: String = "",
        completionTokens: Int? = nil,
        problems: [String] = [],
        refused: String? = nil,
        saw: [ArtifactDigest] = [],
        leftOut: [String] = []
    ) {
        self.mind = mind
        self.verdict = verdict
        self.milliseconds = milliseconds
        self.lifeforce = lifeforce
        self.tokens = tokens
        self.model = model
        self.completionTokens = completionTokens
        self.problems = problems
        self.refused = refused
        self.saw = saw
        self.leftOut = leftOut
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("mind", .text(128), "The mind's name."),
        .required("verdict", .text(64), "`valid`, `unsure`, `invalid`, `cut_off` (its tokens ran out), or the code of a failure."),
        .optional("ms", .notNegative, "Duration, in milliseconds."),
        .optional("lf", .notNegative, "Cost, in LF."),
        .optional("tokens", .whole(0...Int.max), "Tokens read and written."),
        .optional("model", .text(128), "The model that answered, by its server's reply; absent without an answer."),
        .optional("completion_tokens", .whole(0...Int.max), "Tokens written; absent when unknown."),
        .optional("problems", .list(.text(4096), 256), "Problems of the answer."),
        .optional("refused", .text(1024), "The answer that was refused, cut off; kept for review, never used."),
        .optional("saw", .list(.digest, 64), "Pictures that it got with the question; since 2.1."),
        .optional("left_out", .list(.text(256), 64), "Artifacts of the witnesses that it did not get, each with the reason; since 2.1."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        mind = try fields.required(0)
        verdict = try fields.required(1)
        milliseconds = try fields.optional(2) ?? 0
        lifeforce = try fields.optional(3) ?? 0
        tokens = try fields.optional(4) ?? 0
        model = try fields.optional(5) ?? ""
        completionTokens = try fields.optional(6)
        problems = try fields.optional(7) ?? []
        refused = try fields.optional(8)
        saw = try fields.optional(9) ?? []
        leftOut = try fields.optional(10) ?? []
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("mind", mind)
            out.member("verdict", verdict)
            out.member("ms", milliseconds)
            out.member("lf", lifeforce)
            out.member("tokens", Double(tokens))
            if model != "" { out.member("model", model) }
            if let completionTokens { out.member("completion_tokens", Double(completionTokens)) }
            if problems != [] { out.member("problems", list: problems) { $1.write($0) } }
            if let refused { out.member("refused", refused) }
            if saw != [] { out.member("saw", list: saw) { $1.write($0.text) } }
            if leftOut != [] { out.member("left_out", list: leftOut) { $1.write($0) } }
        }
    }
}

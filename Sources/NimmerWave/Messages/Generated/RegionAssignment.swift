// Written by Messages/generate.py from Messages/Declarations/messages.toml: change that.
// swift-format-ignore-file

/// A decision about where a region that waves name lives: the home that it joined or founded. All thalami follow the
/// log of these (spec/iris.md, Regions that mean the same).
public struct RegionAssignment: MessageBody {
    /// The region, as waves name it.
    public var region: Region
    /// The region whose gate hears its waves; itself where it founded one, or was forgotten.
    public var home: Region
    /// Reason of the decision.
    public var reason: AssignmentReason
    /// Time of the decision.
    public var at: Timestamp
    /// Author: a thalamus, or a person (at most 128 bytes).
    public var by: String
    /// Its place in the log, as its writer expected it (at least 0).
    public var revision: Int
    /// The setting iris.join at the decision (0…1).
    public var threshold: Double
    /// The model of the vector; absent without one (at most 128 bytes).
    public var model: String?
    /// The embedding of the region's name, rounded; by these the homes' centroids are found again (at most 1024
    /// numbers).
    public var vector: [Double]?
    /// Cosine to the centroid of the home that was nearest; absent where there was no other (-1…1).
    public var cosine: Double?
    /// The home that was nearest.
    public var nearest: Region?
    /// The cosine that it took to join that home; absent where the names are apart, so that none is enough (at least
    /// 0).
    public var required: Double?
    /// Indicates whether a dictionary links the name to one of that home.
    public var linked: Bool?
    /// Reason why there is no vector (at most 256 bytes).
    public var note: String?

    /// A body of these values.
    public init(
        region: Region,
        home: Region,
        reason: AssignmentReason,
        at: Timestamp,
        by: String,
        revision: Int,
        threshold: Double,
        model: String? = nil,
        vector: [Double]? = nil,
        cosine: Double? = nil,
        nearest: Region? = nil,
        required: Double? = nil,
        linked: Bool? = nil,
        note: String? = nil
    ) {
        self.region = region
        self.home = home
        self.reason = reason
        self.at = at
        self.by = by
        self.revision = revision
        self.threshold = threshold
        self.model = model
        self.vector = vector
        self.cosine = cosine
        self.nearest = nearest
        self.required = required
        self.linked = linked
        self.note = note
    }

    public static let type = MessageType.regionAssignment
    public static let meaning = "A decision about the home of a region that waves name; since 2.1."
    public static let fields: [Field] = [
        .required("region", .region, "The region, as waves name it."),
        .required("home", .region, "The region whose gate hears its waves; itself where it founded one, or was forgotten."),
        .required("reason", .word(AssignmentReason.allCases.map(\.rawValue)), "Reason of the decision."),
        .required("at", .time, "Time of the decision."),
        .required("by", .name(128), "Author: a thalamus, or a person."),
        .required("revision", .whole(0...Int.max), "Its place in the log, as its writer expected it."),
        .required("threshold", .fraction, "The setting iris.join at the decision."),
        .optional("model", .name(128), "The model of the vector; absent without one."),
        .optional("vector", .vector(1024), "The embedding of the region's name, rounded; by these the homes' centroids are found again."),
        .optional("cosine", .number(-1...1), "Cosine to the centroid of the home that was nearest; absent where there was no other."),
        .optional("nearest", .region, "The home that was nearest."),
        .optional("required", .notNegative, "The cosine that it took to join that home; absent where the names are apart, so that none is enough."),
        .optional("linked", .truth, "Indicates whether a dictionary links the name to one of that home."),
        .optional("note", .text(256), "Reason why there is no vector."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        region = try fields.required(0)
        home = try fields.required(1)
        reason = try fields.required(2)
        at = try fields.required(3)
        by = try fields.required(4)
        revision = try fields.required(5)
        threshold = try fields.required(6)
        model = try fields.optional(7)
        vector = try fields.optional(8)
        cosine = try fields.optional(9)
        nearest = try fields.optional(10)
        required = try fields.optional(11)
        linked = try fields.optional(12)
        note = try fields.optional(13)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("region", region.text)
            out.member("home", home.text)
            out.member("reason", reason.rawValue)
            out.member("at", at)
            out.member("by", by)
            out.member("revision", Double(revision))
            out.member("threshold", threshold)
            if let model { out.member("model", model) }
            if let vector { out.member("vector", list: vector) { $1.write($0) } }
            if let cosine { out.member("cosine", cosine) }
            if let nearest { out.member("nearest", nearest.text) }
            if let required { out.member("required", required) }
            if let linked { out.member("linked", linked) }
            if let note { out.member("note", note) }
        }
    }
}

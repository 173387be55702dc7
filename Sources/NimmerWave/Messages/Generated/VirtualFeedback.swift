// Written by Messages/generate.py from Messages/Declarations/records.toml: change that.
// swift-format-ignore-file

/// Lesson for the virtual garden.
public struct VirtualFeedback: MessageRecord, FieldValue {
    /// Adjustment of correlations.
    public var correlationAdjustment: Double
    /// Change of the weight.
    public var gateWeightDelta: Double

    /// A record of these values.
    public init(
        correlationAdjustment: Double = 0,
        gateWeightDelta: Double = 0
    ) {
        self.correlationAdjustment = correlationAdjustment
        self.gateWeightDelta = gateWeightDelta
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .optional("correlation_adjustment", .finite, "Adjustment of correlations."),
        .optional("gate_weight_delta", .finite, "Change of the weight."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        correlationAdjustment = try fields.optional(0) ?? 0
        gateWeightDelta = try fields.optional(1) ?? 0
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("correlation_adjustment", correlationAdjustment)
            out.member("gate_weight_delta", gateWeightDelta)
        }
    }
}

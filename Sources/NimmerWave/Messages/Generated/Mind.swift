// Written by Messages/generate.py from Messages/Declarations/records.toml: change that.
// swift-format-ignore-file

/// The mind that answered.
public struct Mind: MessageRecord, FieldValue {
    /// The model (at most 128 bytes).
    public var model: String
    /// Address of the server, without credentials (at most 256 bytes).
    public var server: String

    /// A record of these values.
    public init(
        model: String,
        server: String
    ) {
        self.model = model
        self.server = server
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("model", .text(128), "The model."),
        .required("server", .text(256), "Address of the server, without credentials."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        model = try fields.required(0)
        server = try fields.required(1)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("model", model)
            out.member("server", server)
        }
    }
}

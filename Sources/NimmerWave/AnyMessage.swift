extension AnyMessage {
    /// Reads a message of any type.
    ///
    /// - Throws: a ``Refusal`` that names the field and what was expected.
    public static func decode(_ bytes: [UInt8]) throws(Refusal) -> AnyMessage {
        let (header, body) = try WireText.parts(bytes)
        if header.messageType == .waveSignal {
            // As the thalamus reads it.
            var view = WaveView()
            try WaveDecoder.decode(bytes.span.bytes, into: &view)
        }
        return try AnyMessage(header, body)
    }

    /// The JSON Schema of every type and of every record that has one, by its name.
    public static var jsonSchemas: [(name: String, schema: JSON)] {
        bodies.map { ($0.type.rawValue, $0.jsonSchema) } + records.map { ("\($0)", $0.jsonSchema) }
    }
}

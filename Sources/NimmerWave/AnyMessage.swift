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

    /// Every type's JSON Schema, by the type's name.
    public static var jsonSchemas: [(name: String, schema: JSON)] {
        bodies.map { ($0.type.rawValue, $0.jsonSchema) }
    }
}

import NimmerWave

/// Numbers out of what devices, commands and files state.
public enum NumberText {
    /// The number in a message or a line: bare text (`42.5`), or a JSON value.
    ///
    /// - Parameters:
    ///   - bytes: the message.
    ///   - path: dot-separated keys and places into the JSON (`sensors.0.value`); empty for the whole message.
    /// - Throws: a `Refusal` that names what was found instead.
    public static func number(in bytes: [UInt8], path: String = "") throws(Refusal) -> Double {
        if path.isEmpty, let number = number(in: bytes[...]) { return number }
        let found = String(decoding: bytes.prefix(80), as: UTF8.self)
        guard var json = try? JSON(parsing: bytes) else {
            throw Refusal(
                .value, path.isEmpty ? "expected a number" : "expected JSON with a number at \(path)",
                found: "'\(found)'")
        }
        var walked: [Substring] = []
        for step in path.split(separator: ".") {
            guard let next = json[String(step)] ?? Int(step).flatMap({ json[$0] }) else {
                let place = walked.isEmpty ? "the message" : walked.joined(separator: ".")
                throw Refusal(.missing, field: path, "expected a number at \(path)", found: "no '\(step)' in \(place)")
            }
            walked.append(step)
            json = next
        }
        if let number = json.double, number.isFinite { return number }
        if let text = json.string, let number = number(in: Array(text.utf8)[...]) { return number }
        throw Refusal(.value, field: path, "expected a finite number", found: json.kind)
    }

    /// The finite number that a piece of text is, white space around it aside; nil when it is not one.
    public static func number(in bytes: ArraySlice<UInt8>) -> Double? {
        var bytes = bytes
        while let first = bytes.first, first <= 32 { bytes.removeFirst() }
        while let last = bytes.last, last <= 32 { bytes.removeLast() }
        guard !bytes.isEmpty, bytes.count <= 64 else { return nil }
        guard let number = Double(String(decoding: bytes, as: UTF8.self)), number.isFinite else { return nil }
        return number
    }
}

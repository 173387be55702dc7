/// A part of what a cell has learned, as the thalamus answers it (sensing.md, What survives a restart): a message is too small for the whole.
package struct LearnedParts: Sendable, Hashable {
    /// The command that asks for it: its payload names the `cell`, and `from` which byte on.
    package static let command = "learned"
    /// Most bytes of a part.
    package static let largest = 30_000

    /// Revision of the key.
    package var revision: Int
    /// Number of bytes of the whole.
    package var whole: Int
    /// This part.
    package var bytes: [UInt8]

    /// The part of a value from a byte on.
    package init(of value: [UInt8], revision: Int, from start: Int) {
        (self.revision, whole) = (revision, value.count)
        bytes = Array(value.dropFirst(max(0, start)).prefix(Self.largest))
    }

    /// Reads a part from an answer; nil where nothing is kept.
    package init?(_ json: JSON) {
        guard let revision = json["revision"]?.int, let whole = json["bytes"]?.int, let text = json["part"]?.string
        else { return nil }
        let digits = text.utf8.map { digit -> UInt8? in
            switch digit {
            case 0x30...0x39: digit - 0x30
            case 0x61...0x66: digit - 0x61 + 10
            default: nil
            }
        }
        guard digits.count % 2 == 0, !digits.contains(nil) else { return nil }
        self.revision = revision
        self.whole = whole
        bytes = stride(from: 0, to: digits.count, by: 2).map { (digits[$0] ?? 0) << 4 | (digits[$0 + 1] ?? 0) }
    }

    package var json: JSON {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return [
            "revision": .number(Double(revision)), "bytes": .number(Double(whole)),
            "part": .string(String(decoding: text, as: UTF8.self)),
        ]
    }
}

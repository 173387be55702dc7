/// The encoding of a recording, by its first bytes and by what it holds.
package enum TextEncoding: String, Sendable {
    case utf8 = "UTF-8"
    case utf16LittleEndian = "UTF-16 (little endian)"
    case utf16BigEndian = "UTF-16 (big endian)"
    /// Windows-1252, which is Latin 1 with signs in place of the control characters 0x80 to 0x9f.
    case windows1252 = "Windows-1252"

    /// The encoding that bytes speak for.
    package init(of bytes: [UInt8]) {
        if bytes.starts(with: [0xff, 0xfe]) {
            self = .utf16LittleEndian
        } else if bytes.starts(with: [0xfe, 0xff]) {
            self = .utf16BigEndian
        } else if let order = Self.withoutMark(bytes) {
            self = order
        } else {
            self = Self.isUTF8(bytes) ? .utf8 : .windows1252
        }
    }

    /// The bytes as UTF-8, without a byte order mark.
    package func utf8(_ bytes: [UInt8]) -> [UInt8] {
        switch self {
        case .utf8: return bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes.dropFirst(3)) : bytes
        case .utf16LittleEndian, .utf16BigEndian:
            var units: [UInt16] = []
            units.reserveCapacity(bytes.count / 2)
            let (low, high) = self == .utf16LittleEndian ? (0, 1) : (1, 0)
            for index in stride(from: 0, to: bytes.count - 1, by: 2) {
                units.append(UInt16(bytes[index + high]) << 8 | UInt16(bytes[index + low]))
            }
            if units.first == 0xfeff { units.removeFirst() }
            return Array(String(decoding: units, as: UTF16.self).utf8)
        case .windows1252:
            var text: [UInt8] = []
            text.reserveCapacity(bytes.count + bytes.count / 8)
            for byte in bytes {
                if byte < 0x80 {
                    text.append(byte)
                } else {
                    let scalar = byte < 0xa0 ? Self.signs[Int(byte) - 0x80] : Unicode.Scalar(byte)
                    text += Array(String(Character(scalar)).utf8)
                }
            }
            return text
        }
    }

    /// UTF-16 without a mark: every second one of the first bytes is zero.
    private static func withoutMark(_ bytes: [UInt8]) -> TextEncoding? {
        let first = bytes.prefix(64)
        guard first.count >= 8, first.count % 2 == 0 || bytes.count > 64 else { return nil }
        let even = stride(from: 0, to: first.count, by: 2).count { first[$0] == 0 }
        let odd = stride(from: 1, to: first.count, by: 2).count { first[$0] == 0 }
        let half = first.count / 2
        if odd * 10 >= half * 9, even == 0 { return .utf16LittleEndian }
        if even * 10 >= half * 9, odd == 0 { return .utf16BigEndian }
        return nil
    }

    /// Returns whether a byte is a control character that no line of text holds: none but tabulator, line ends and form feed.
    @inline(__always)
    package static func isControl(_ byte: UInt8) -> Bool {
        byte < 32 && byte != 9 && byte != 10 && byte != 12 && byte != 13
    }

    /// Description of the byte that makes a line no text, for a message; nil for text. The mark of an end of file (0x1a) alone is text.
    package static func misfit(_ line: ArraySlice<UInt8>) -> String? {
        guard let byte = line.first(where: isControl) else { return nil }
        if byte == 0x1a, line.allSatisfy({ $0 == 0x1a || $0 == 13 }) { return nil }
        return "the byte 0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16)), which is no text"
    }

    private static func isUTF8(_ bytes: [UInt8]) -> Bool {
        guard bytes.contains(where: { $0 >= 0x80 }) else { return true }
        // A recording that was cut within a character is UTF-8 all the same.
        var whole = bytes[...]
        for _ in 0..<3 where whole.last.map({ $0 >= 0x80 }) == true && bytes.last != 10 { whole.removeLast() }
        return String(validating: whole, as: UTF8.self) != nil
    }

    private static let signs: [Unicode.Scalar] = Array(
        "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ".unicodeScalars)
}

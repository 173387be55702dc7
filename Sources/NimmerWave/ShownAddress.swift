/// A server's address as it may be shown and logged: without user, password, token and query, of each address of a list.
///
/// Where it is not clear what is secret (a password that holds `@`, `?`, `,` or a space), more is left out rather than less; what is
/// left out of a host or query shows as `…`.
public struct ShownAddress: Sendable, Hashable, CustomStringConvertible {
    public let description: String
    /// Indicates whether something was left out.
    public let hidesSomething: Bool

    /// The address, or the list of addresses separated by commas, as it was given.
    public init(_ text: String) {
        description = Self.segments(text).map(Self.shown).joined(separator: ",")
        hidesSomething = description != text
    }

    /// A text with every address in it as it may be shown, and without what follows `password=`.
    ///
    /// For messages that quote what a person, a file or a library gave.
    public static func redacting(_ text: String) -> String {
        guard mayHoldSecret(text) else { return text }
        var out = ""
        var word = ""
        func end() {
            if word.includes("://") {
                out += spelled(word)
            } else if let halves = word.halves(around: "password=") {
                out += halves.before + "password=…"
            } else {
                out += word
            }
            word = ""
        }
        for character in text {
            if character.isWhitespace {
                end()
                out.append(character)
            } else {
                word.append(character)
            }
        }
        end()
        return out
    }

    /// A JSON text in which each text is redacted as ``redacting(_:)`` does, and everything else is as it was.
    public static func redacting(json: String) -> String {
        guard mayHoldSecret(json) else { return json }
        let bytes = Array(json.utf8)
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var place = 0
        while place < bytes.count {
            guard bytes[place] == UInt8(ascii: "\"") else {
                out.append(bytes[place])
                place += 1
                continue
            }
            var end = place + 1
            while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
                end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
            }
            let literal = String(decoding: bytes[place..<min(end + 1, bytes.count)], as: UTF8.self)
            place = end + 1
            guard let text = (try? JSON(parsing: literal))?.string, case let shown = redacting(text), shown != text
            else {
                out += literal.utf8
                continue
            }
            out += JSON.string(shown).text.utf8
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Returns whether there is an address or a password at all; this is asked of every text that is printed.
    private static func mayHoldSecret(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            for place in bytes.indices.dropLast(2) {
                switch bytes[place] {
                case UInt8(ascii: ":"):
                    if bytes[place + 1] == UInt8(ascii: "/") || bytes[place + 1] == UInt8(ascii: "\\") { return true }
                case UInt8(ascii: "p"):
                    if bytes[place...].starts(with: "password=".utf8) { return true }
                default: break
                }
            }
            return false
        }
    }

    /// A word that holds an address, with what stands before its scheme (`url=`, a quotation mark) and the mark behind it.
    private static func spelled(_ word: String) -> String {
        let scalars = Array(word.unicodeScalars)
        guard let place = scalars.indices.first(where: { scalars[$0...].starts(with: Array("://".unicodeScalars)) })
        else {
            return word
        }
        let start = scalars[..<place].lastIndex { !isSchemeScalar($0) }.map { $0 + 1 } ?? 0
        let end = scalars.lastIndex { !"'\"`)]}>,.;:".unicodeScalars.contains($0) }.map { $0 + 1 } ?? scalars.count
        func text(_ part: some Sequence<Unicode.Scalar>) -> String { String(String.UnicodeScalarView(part)) }
        return text(scalars[..<start]) + ShownAddress(text(scalars[start..<max(start, end)])).description
            + text(scalars[max(start, end)...])
    }

    /// Without `@` each comma separates; with one, a comma may be part of a password, and separates before a scheme only.
    private static func segments(_ text: String) -> [String] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard text.utf8.contains(UInt8(ascii: "@")) else { return parts }
        var segments: [String] = []
        for part in parts {
            if segments.isEmpty || part.includes("://") {
                segments.append(part)
            } else {
                segments[segments.count - 1] += "," + part
            }
        }
        // Where there is none in what was put together, the commas separate after all.
        return segments.flatMap { segment in
            segment.utf8.contains(UInt8(ascii: "@"))
                ? [segment] : segment.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
    }

    private static func shown(_ address: String) -> String {
        let halves = address.halves(around: "://")
        let scheme = halves.map { $0.before + "://" } ?? ""
        var rest = Array((halves?.after ?? address).utf8)
        let at = rest.lastIndex(of: UInt8(ascii: "@"))
        if let at {
            if rest[..<at].contains(where: isQueryStart) { return scheme + "…" }
            rest.removeSubrange(...at)
        }
        var tail = ""
        if let query = rest.firstIndex(where: isQueryStart) {
            tail = String(decoding: [rest[query]], as: UTF8.self) + "…"
            rest.removeSubrange(query...)
        }
        // Text in a port's place that is not a port may be the start of a password.
        let host = rest.prefix { $0 != UInt8(ascii: "/") }
        if !scheme.isEmpty, at == nil, let colon = host.lastIndex(of: UInt8(ascii: ":")),
            host.last != UInt8(ascii: "]"),
            !host[(colon + 1)...].allSatisfy({ (0x30...0x39).contains($0) })
        {
            return scheme + String(decoding: host[...colon], as: UTF8.self) + "…"
        }
        return scheme + String(decoding: rest, as: UTF8.self) + tail
    }

    private static func isQueryStart(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") }

    private static func isSchemeScalar(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && (scalar.properties.isAlphabetic || (0x30...0x39).contains(scalar.value))
    }
}

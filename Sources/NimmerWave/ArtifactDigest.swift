/// The name of an artifact: the SHA-256 of its bytes (spec/artifacts.md, Names). Its text is 64 hexadecimal digits, lower case.
public struct ArtifactDigest: Hashable, Sendable, Comparable, CustomStringConvertible {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// A digest of four words, the first 8 bytes in the first, big-endian.
    init(_ first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
        words = (first, second, third, fourth)
    }

    /// A digest by its text, in lower case, as messages carry it.
    ///
    /// - Throws: a ``Refusal`` when the text is not 64 digits of `0-9a-f`.
    public init(_ text: String) throws(Refusal) {
        guard text.utf8.count == 64, let words = Self.words(text) else {
            throw Refusal(.value, "a digest must be 64 digits of 0-9 and a-f (SHA-256)", found: "'\(text.excerpt)'")
        }
        self.words = words
    }

    /// A digest by its 32 bytes; nil for another number of them.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        let word = { (start: Int) in bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        words = (word(0), word(8), word(16), word(24))
    }

    /// The digest of some bytes.
    public init(of bytes: [UInt8]) { self = SHA256.hash(bytes) }

    private static func words(_ text: String) -> (UInt64, UInt64, UInt64, UInt64)? {
        var words: [UInt64] = [0, 0, 0, 0]
        for (place, digit) in text.utf8.enumerated() {
            let value: UInt8
            switch digit {
            case 0x30...0x39: value = digit - 0x30
            case 0x61...0x66: value = digit - 0x61 + 10
            default: return nil
            }
            words[place >> 4] = words[place >> 4] << 4 | UInt64(value)
        }
        return (words[0], words[1], words[2], words[3])
    }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
        }
    }

    /// The 64 digits.
    public var text: String { bytes.map(hexadecimal).joined() }

    /// The first 12 digits, for screens.
    public var short: String { String(text.prefix(12)) }

    /// The 64 digits.
    public var description: String { text }

    /// Equality of all 32 bytes.
    public static func == (a: ArtifactDigest, b: ArtifactDigest) -> Bool { a.words == b.words }

    /// Hashes one word: a digest is spread evenly already.
    public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }

    /// Order by text.
    public static func < (a: ArtifactDigest, b: ArtifactDigest) -> Bool { a.words < b.words }
}

/// The beginning of a digest, as a person types it: at least four of its digits, in either case, with `sha256:` before it or without.
package struct DigestPrefix: Sendable, Hashable, CustomStringConvertible {
    /// The fewest digits: fewer mean hardly one artifact.
    package static let fewest = 4
    /// Description of what is expected, for refusals.
    package static let expectation = "a digest, or its first digits: at least \(fewest) of 0-9 and a-f"

    private let digits: String

    /// Nil for a text that begins no digest.
    package init?(_ text: String) {
        var digits = text.lowercased()
        if digits.hasPrefix("sha256:") { digits.removeFirst("sha256:".count) }
        guard (Self.fewest...64).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.digits = digits
    }

    /// The digits.
    package var description: String { digits }

    /// The digest, where all of it is there.
    package var whole: ArtifactDigest? { try? ArtifactDigest(digits) }

    /// Returns whether a digest begins so.
    package func begins(_ digest: ArtifactDigest) -> Bool { digest.text.hasPrefix(digits) }
}

import NimmerWave

/// Origins that a grant covers: a token such as `probe-7`, or one with stars, each for any number of characters: `vm-*`,
/// `*-cpu` (decision 0018).
public struct OriginPattern: Hashable, Sendable, CustomStringConvertible {
    /// The pattern as written.
    public let text: String

    /// A pattern with this text; nil when it can match no token.
    public init?(_ text: String) {
        let bytes = text.utf8
        guard let first = bytes.first, bytes.count <= Wire.maximumToken, first != UInt8(ascii: "-"),
            first != UInt8(ascii: "_"),
            bytes.allSatisfy({ byte in
                switch byte {
                case 0x61...0x7a, 0x30...0x39, UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "*"): true
                default: false
                }
            })
        else { return nil }
        self.text = text
    }

    /// Expectation of a pattern, for refusals.
    public static let expectation =
        "a token of at most 63 of a-z 0-9 _ -, in which * stands for any characters, such as \"vm-*\""

    /// The pattern as written.
    public var description: String { text }

    /// Patterns as a system file has them: `["vm-*", "probe-7"]`.
    public static func list(_ patterns: [OriginPattern]) -> String { "[\(quoted(patterns))]" }

    /// Patterns as elements of a list of a system file: `"vm-*", "probe-7"`.
    package static func quoted(_ patterns: [OriginPattern]) -> String {
        patterns.map { "\"\($0)\"" }.joined(separator: ", ")
    }

    /// Indicates whether it names one origin only.
    public var isExact: Bool { !text.utf8.contains(UInt8(ascii: "*")) }

    /// Returns whether it covers an origin.
    public func matches(_ origin: String) -> Bool {
        var (pattern, origin) = (text, origin)
        return pattern.withUTF8 { pattern in origin.withUTF8 { Self.matches($0, pattern) } }
    }

    /// Returns whether every origin that another pattern covers is covered: a star of the other counts as a character that only a star
    /// matches.
    public func covers(_ other: OriginPattern) -> Bool { matches(other.text) }

    /// One pass that goes back to the last star only, so that no pattern costs more than its length times the name's.
    private static func matches(_ name: UnsafeBufferPointer<UInt8>, _ pattern: UnsafeBufferPointer<UInt8>) -> Bool {
        let star = UInt8(ascii: "*")
        var (place, wanted) = (0, 0)
        var retry: (place: Int, wanted: Int)?
        while place < name.count {
            if wanted < pattern.count, pattern[wanted] == star {
                wanted += 1
                retry = (place, wanted)
            } else if wanted < pattern.count, pattern[wanted] == name[place] {
                place += 1
                wanted += 1
            } else if let last = retry {
                (place, wanted) = (last.place + 1, last.wanted)
                retry = (place, wanted)
            } else {
                return false
            }
        }
        return pattern[wanted...].allSatisfy { $0 == star }
    }
}

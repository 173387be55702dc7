/// The beginning of an id, as a person types it: at least four of its digits, in either case, the dashes where they stand or left out.
package struct IDPrefix: Sendable, Hashable, CustomStringConvertible {
    /// The fewest digits: fewer mean hardly one id.
    package static let fewest = 4
    /// Description of what is expected, for refusals.
    package static let expectation = "an id, or its first characters: at least \(fewest) of 0-9 and a-f"

    private let digits: String

    /// Nil for a text that begins no id.
    package init?(_ text: String) {
        let digits = text.lowercased().filter { $0 != "-" }
        guard (Self.fewest...32).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.digits = digits
    }

    /// The digits.
    package var description: String { whole?.text ?? digits }

    /// The first id that begins so.
    package var first: MessageID { filled("0") }
    /// The last id that begins so.
    package var last: MessageID { filled("f") }
    /// The id, where all of it is there.
    package var whole: MessageID? { digits.utf8.count == 32 ? first : nil }

    /// Returns whether an id begins so.
    package func begins(_ id: MessageID) -> Bool { id.text.filter { $0 != "-" }.hasPrefix(digits) }

    private func filled(_ digit: Character) -> MessageID {
        let all = digits + String(repeating: digit, count: 32 - digits.utf8.count)
        return MessageID(
            high: UInt64(all.prefix(16), radix: 16) ?? 0, low: UInt64(all.suffix(16), radix: 16) ?? 0)
    }
}

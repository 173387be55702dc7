import NimmerWave

/// Status codes of HTTP that count as well: single ones, classes (`2xx`) and ranges (`200-299`).
public struct WebStatuses: Hashable, Sendable, CustomStringConvertible {
    private let ranges: [ClosedRange<Int>]
    /// The codes as they were written: `2xx, 404`.
    public let description: String

    /// Reads a list of codes.
    ///
    /// - Parameter field: the setting that holds them, for the refusal.
    /// - Throws: a `Refusal` that names what was found and what was expected.
    public init(_ texts: [String], field: String) throws(Refusal) {
        guard !texts.isEmpty else {
            throw Refusal(.missing, field: field, "\(field) must list at least one status, such as 2xx")
        }
        var ranges: [ClosedRange<Int>] = []
        for text in texts {
            guard let range = Self.range(text.lowercased()) else {
                throw Refusal(
                    .value, field: field, "\(field) must list statuses of 200 to 599: 200, 2xx or 200-299",
                    found: "'\(text.prefix(40))'")
            }
            ranges.append(range)
        }
        self.ranges = ranges
        description = texts.joined(separator: ", ")
    }

    /// Returns whether a status counts as well.
    public func contains(_ status: Int) -> Bool { ranges.contains { $0.contains(status) } }

    private static func range(_ text: String) -> ClosedRange<Int>? {
        func code(_ text: some StringProtocol) -> Int? {
            guard text.count == 3, text.allSatisfy(\.isNumber), let code = Int(text), (200...599).contains(code) else {
                return nil
            }
            return code
        }
        if text.hasSuffix("xx"), let lowest = code(text.dropLast(2) + "00") { return lowest...lowest + 99 }
        if let one = code(text) { return one...one }
        guard let (from, to) = text.halves(around: "-"), let low = code(from), let high = code(to), low <= high else {
            return nil
        }
        return low...high
    }
}

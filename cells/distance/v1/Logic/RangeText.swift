import NimmerWave

/// Ranges out of what devices and files say.
public enum RangeText {
    /// The number in a message: bare text (`42.5`), or a JSON value.
    ///
    /// - Parameters:
    ///   - payload: the message.
    ///   - path: dot-separated keys and places into the JSON (`ranges.0`); empty for the whole message.
    /// - Returns: NaN when there is no number, so that it is counted as such.
    public static func number(in payload: [UInt8], path: String) -> Double {
        if path.isEmpty {
            let text = String(decoding: payload.prefix(64), as: UTF8.self).split(whereSeparator: \.isWhitespace)
            if payload.count <= 64, text.count == 1, let number = Double(text[0]) { return number }
        }
        guard var json = try? JSON(parsing: payload) else { return .nan }
        for step in path.split(separator: ".") {
            guard let next = json[String(step)] ?? Int(step).flatMap({ json[$0] }) else { return .nan }
            json = next
        }
        return json.double ?? .nan
    }

    /// A column of a CSV file: by its name in the first line, or by its place counted from 1.
    public struct Column: Sendable, Hashable {
        /// Its place, counted from 0.
        public let place: Int
        /// Whether the first line holds names.
        public let hasNames: Bool

        /// Finds a column.
        ///
        /// - Throws: a ``Refusal`` naming the columns that there are.
        public init(_ wanted: String, firstLine: String, delimiter: Character) throws(Refusal) {
            let cells = RangeText.cells(firstLine, delimiter)
            let named = cells.contains { Double($0) == nil && !$0.isEmpty } && cells.allSatisfy { Double($0) == nil }
            if let index = cells.firstIndex(of: wanted), named {
                (place, hasNames) = (index, true)
            } else if let number = Int(wanted), (1...cells.count).contains(number) {
                (place, hasNames) = (number - 1, named)
            } else {
                let known = named ? "one of \(cells.joined(separator: ", "))" : "a number from 1 to \(cells.count)"
                throw Refusal(.value, field: "column", "column must be \(known)", found: "'\(wanted)'")
            }
        }

        /// The range in a line; NaN when there is none.
        public func range(in line: String, delimiter: Character) -> Double {
            let cells = RangeText.cells(line, delimiter)
            return cells.indices.contains(place) ? Double(cells[place]) ?? .nan : .nan
        }
    }

    static func cells(_ line: String, _ delimiter: Character) -> [String] {
        line.split(separator: delimiter, omittingEmptySubsequences: false).map { cell in
            String(cell.filter { $0 != "\r" && $0 != "\"" }.drop { $0 == " " })
        }
    }
}

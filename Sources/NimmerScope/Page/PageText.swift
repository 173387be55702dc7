import NimmerWave

/// Text and numbers on their way to a page: nothing hidden in them, and no longer than their place (web.md, Accessibility and hostile text).
package enum PageText {
    /// Characters of a name.
    package static let name = 48
    /// Characters of what a mind answered.
    package static let answer = 160
    /// Characters of a payload.
    package static let payload = 200

    /// A text on one line, as every screen of the system shows it, cut with an ellipsis.
    ///
    /// - Parameter limit: characters that are kept.
    package static func shown(_ text: some StringProtocol, _ limit: Int) -> JSON {
        // A hostile text may be a megabyte long: what is cut off is not looked at.
        var head = String.UnicodeScalarView()
        head.append(contentsOf: text.unicodeScalars.prefix(limit * 8 + 1))
        let visible = String(head).visible()
        let isWhole = visible.count <= limit && head.count <= limit * 8
        return .string(isWhole ? visible : String(visible.prefix(limit)) + "…")
    }

    /// A moment in milliseconds since 1970, to a tenth.
    package static func moment(_ nanoseconds: Int64) -> JSON { .number(Double(nanoseconds / 100_000) / 10) }

    /// A moment in milliseconds since 1970, to a tenth.
    package static func moment(_ moment: Timestamp) -> JSON { self.moment(ScopeState.bounded(moment).nanoseconds) }

    /// A number to so many places after the point; null where it is not one.
    package static func number(_ value: Double, _ places: Int = 3) -> JSON {
        guard value.isFinite else { return .null }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = value * scale
        return .number(abs(scaled) < 1e15 ? scaled.rounded() / scale : value)
    }

    /// A whole number.
    package static func count(_ value: Int) -> JSON { .number(Double(value)) }

    /// A stretch of time in a sentence: `200 ms`, `1.2 s`.
    package static func span(nanoseconds: Int64) -> String {
        let milliseconds = Double(nanoseconds) / 1e6
        return milliseconds < 999.5
            ? "\(decimals(max(1, milliseconds), 0)) ms" : "\(decimals(milliseconds / 1000, 1)) s"
    }
}

import NimmerTerminal
import NimmerWave

/// Text that may be printed: the tool's own words and colours as they are, everything else with what cannot be seen written out.
///
/// ``Console`` takes nothing else, so that the compiler asks at each place where text is joined. A literal is the tool's own; what
/// is interpolated comes from outside (a name, a reason, a path, an argument, an error of a server) and is made visible there,
/// on one line, cut where it is longer than ``limit``, and without the password of an address in it; another `TerminalText` is joined
/// as it is:
///
/// ```swift
/// try Console.line("\(paint(.strong, name)) refuses: \(reason)")
/// ```
package struct TerminalText: Sendable, Hashable, ExpressibleByStringInterpolation {
    /// Characters of one piece of text from outside; a person has what matters by then. Content that was asked for is printed
    /// ``whole(_:)``.
    package static let limit = 2048

    /// Text to print.
    package private(set) var text: String

    package init(stringLiteral value: String) { text = value }

    package init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

    /// Text from outside.
    package init(_ outside: some StringProtocol) { text = Self.shown(outside) }

    /// A JSON text on one line, with the same meaning.
    package init(json: String) { text = ShownAddress.redacting(json: json).visibleJSON() }

    /// The same over several lines.
    package init(prettyJSON: String) { text = ShownAddress.redacting(json: prettyJSON).visibleJSON(lines: true) }

    private init(safe: String) { text = safe }

    /// Text from outside in its full length.
    package static func whole(_ outside: some StringProtocol) -> TerminalText {
        TerminalText(safe: ShownAddress.redacting(String(outside)).visible())
    }

    /// Text that a person asked for together with its passwords, on one line.
    package static func withSecrets(_ outside: some StringProtocol) -> TerminalText {
        TerminalText(safe: outside.visible())
    }

    private static func shown(_ outside: some StringProtocol) -> String {
        ShownAddress.redacting(String(outside)).visible(limit: limit)
    }

    /// The system's own text of several lines, such as a library's advice: the ends of its lines stay.
    package static func lines(_ text: some StringProtocol) -> TerminalText { TerminalText(safe: text.visibleLines) }

    /// The text in a colour: `code` is the tool's own.
    package func colored(_ code: String) -> TerminalText { TerminalText(safe: "\u{1b}[\(code)m\(text)\u{1b}[0m") }

    /// The text in the place of what stands so many lines above the cursor, which comes back to where it is; only for a terminal, and a text
    /// that fits into its width.
    package func rewriting(linesAbove lines: Int) -> TerminalText {
        TerminalText(safe: "\u{1b}[\(lines)A\r\(text)\u{1b}[K\u{1b}[\(lines)B\r")
    }

    package var isEmpty: Bool { text.isEmpty }

    /// Columns the text takes on a terminal: colour sequences and combining marks take none, wide characters two.
    package var width: Int { text.width }

    /// The text with spaces after it, at least `columns` wide.
    package func padded(_ columns: Int) -> TerminalText { TerminalText(safe: text.padded(columns)) }

    /// The text with spaces before it, at least `columns` wide.
    package func indented(to columns: Int) -> TerminalText { TerminalText(safe: text.indented(to: columns)) }

    /// The text cut to `columns`, an ellipsis as its last when something is missing. For text without colour.
    package func cut(to columns: Int) -> TerminalText { TerminalText(safe: text.cut(to: columns)) }

    /// Its lines, each a text of its own.
    package var lines: [TerminalText] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { TerminalText(safe: String($0)) }
    }

    package static func + (first: TerminalText, second: TerminalText) -> TerminalText {
        TerminalText(safe: first.text + second.text)
    }

    package static func += (first: inout TerminalText, second: TerminalText) { first.text += second.text }

    package struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity + 16) }

        package mutating func appendLiteral(_ literal: String) { text += literal }

        package mutating func appendInterpolation(_ own: TerminalText) { text += own.text }

        package mutating func appendInterpolation(_ outside: some StringProtocol) {
            text += TerminalText.shown(outside)
        }

        package mutating func appendInterpolation<Value>(_ value: Value) {
            text += TerminalText.shown("\(value)")
        }
    }
}

/// A value that can be printed: a text that is safe already, or text from outside.
package protocol Printable {
    var printable: TerminalText { get }
}

extension TerminalText: Printable {
    package var printable: TerminalText { self }
}

extension String: Printable {
    package var printable: TerminalText { TerminalText(self) }
}

extension Array<TerminalText> {
    /// The texts one after the other, something of the tool's own between them.
    package func joined(separator: TerminalText = "") -> TerminalText {
        guard var all = first else { return "" }
        for next in dropFirst() {
            all += separator
            all += next
        }
        return all
    }
}

extension DefaultStringInterpolation {
    /// Refused by the compiler, which takes warnings for errors.
    @available(
        *, deprecated,
        message: "text to be printed stays a TerminalText: as a String it would be text from outside again"
    )
    package mutating func appendInterpolation(_ text: TerminalText) { appendLiteral(text.text) }
}

import NimmerWave

/// Examples as a table (RFC 4180), for trainers of gates: the signals in the window flattened to columns.
///
/// Lines are joined by CR LF; a value that holds a comma, a quote, CR or LF stands between quotes. A signal that is not there has empty values.
public struct GateLabels: Sendable {
    /// Signals that have columns unless another number is set.
    public static let standardSignals = 8
    /// Numbers of signals that may have columns.
    public static let range = 1...64

    /// Signals that have columns; `signals` counts all.
    public let signals: Int

    /// A table with columns for so many signals.
    public init(signals: Int = GateLabels.standardSignals) { self.signals = signals }

    private static let first = [
        "kind", "id", "gate_id", "region", "garden", "window_start", "window_end", "correlation", "result", "outcome",
        "label", "signals",
    ]
    private static let each = ["origin", "source", "confidence", "polarity", "age_ms"]

    /// The names of the columns, as a line without its end.
    public var header: String {
        Self.line(Self.first + (1...signals).flatMap { number in Self.each.map { "s\(number)_\($0)" } })
    }

    /// The line of an example, without its end. Of more signals than have columns the first count: the message lists them in the order of the window.
    public func line(_ example: TrainingExample) -> String {
        let listed = example.signals.array ?? []
        var values = [
            example.kind.rawValue, example.id.text, example.gateID.text, example.region, example.garden.rawValue,
            example.windowStart.rfc3339, example.windowEnd.rfc3339, JSON.number(example.correlation).text,
            example.result, example.outcome ?? "", example.label ?? "", "\(listed.count)",
        ]
        for number in 0..<signals {
            let signal = number < listed.count ? listed[number] : JSON.null
            let at = signal["timestamp"]?.string.flatMap { try? Timestamp(rfc3339: $0) }
            values.append(signal["origin"]?.string ?? "")
            values.append(signal["source"]?.string ?? "")
            values.append(signal["confidence"]?.text ?? "")
            values.append(signal["polarity"]?.text ?? "")
            values.append(at.map { JSON.number(example.windowEnd.milliseconds(since: $0)).text } ?? "")
        }
        return Self.line(values)
    }

    private static func line(_ values: [String]) -> String { values.map(quoted).joined(separator: ",") }

    private static func quoted(_ value: String) -> String {
        let isPlain = value.utf8.allSatisfy { ![0x2c, 0x22, 0x0d, 0x0a].contains($0) }
        guard !isPlain else { return value }
        return "\"" + value.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}

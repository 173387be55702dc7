import NimmerWave

/// One page of metrics in Prometheus' text format (version 0.0.4), being written.
///
/// A collector (``MetricsRegistry/collect(_:)``) reads its counters when the page is asked for and writes them down:
///
/// ```swift
/// process.metrics.collect { page in
///     page.counter("nimmer_mind_calls_total", "Calls to the mind.", calls, ["mind": model])
///     page.gauge("nimmer_mind_budget_lifeforce", "What may still be spent today.", left)
/// }
/// ```
///
/// Samples of one name stand together, regardless of their writer, as the format demands; a name keeps the type that it had first.
public struct MetricsPage: Sendable {
    /// Type of a family of samples, in the terms of the format.
    enum Kind: String, Sendable { case counter, gauge, histogram }

    /// The samples of one name.
    struct Family: Sendable {
        var kind: Kind
        var help: String
        var lines: [UInt8] = []
    }

    private var families: [String: Family] = [:]
    private var order: [String] = []

    /// An empty page.
    public init() {}

    /// A total that only grows, except when the process restarts.
    ///
    /// - Parameters:
    ///   - name: letters, digits, `_`; ends in `_total` by convention.
    ///   - help: one line on what it counts.
    ///   - value: the total.
    ///   - labels: few, of few values each.
    public mutating func counter(
        _ name: String, _ help: String, _ value: Double, _ labels: KeyValuePairs<String, String> = [:]
    ) {
        add(name, .counter, help, value, Array(labels))
    }

    /// A total that only grows.
    public mutating func counter(
        _ name: String, _ help: String, _ value: some BinaryInteger, _ labels: KeyValuePairs<String, String> = [:]
    ) {
        add(name, .counter, help, Double(value), Array(labels))
    }

    /// A value that goes up and down.
    public mutating func gauge(
        _ name: String, _ help: String, _ value: Double, _ labels: KeyValuePairs<String, String> = [:]
    ) {
        add(name, .gauge, help, value, Array(labels))
    }

    /// A value that goes up and down.
    public mutating func gauge(
        _ name: String, _ help: String, _ value: some BinaryInteger, _ labels: KeyValuePairs<String, String> = [:]
    ) {
        add(name, .gauge, help, Double(value), Array(labels))
    }

    mutating func add(
        _ name: String, _ kind: Kind, _ help: String, _ value: Double, _ labels: [(key: String, value: String)],
        suffix: String = ""
    ) {
        let name = Self.legal(name, alsoColon: true)
        if families[name] == nil {
            families[name] = Family(kind: kind, help: help)
            order.append(name)
        }
        families[name]?.lines += Array((name + suffix + Self.written(labels) + " " + Self.written(value) + "\n").utf8)
    }

    /// The page as it goes out.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for name in order {
            guard let family = families[name] else { continue }
            if !family.help.isEmpty {
                bytes += Array("# HELP \(name) \(Self.escaped(family.help, quotes: false))\n".utf8)
            }
            bytes += Array("# TYPE \(name) \(family.kind.rawValue)\n".utf8)
            bytes += family.lines
        }
        return bytes
    }

    // MARK: The format's letters

    /// A name with every letter that the format forbids written `_`.
    static func legal(_ name: String, alsoColon: Bool) -> String {
        var result: [UInt8] = []
        for byte in name.utf8 {
            let isDigit = (0x30...0x39).contains(byte)
            let isLetter = (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x5f
            if isDigit, result.isEmpty { result.append(0x5f) }
            result.append(isDigit || isLetter || (alsoColon && byte == 0x3a) ? byte : 0x5f)
        }
        return result.isEmpty ? "_" : String(decoding: result, as: UTF8.self)
    }

    private static func written(_ labels: [(key: String, value: String)]) -> String {
        guard !labels.isEmpty else { return "" }
        let parts = labels.map { "\(legal($0.key, alsoColon: false))=\"\(escaped($0.value, quotes: true))\"" }
        return "{" + parts.joined(separator: ",") + "}"
    }

    static func written(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if value == value.rounded(), abs(value) < 9e15 { return String(Int64(saturating: value)) }
        return "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.visibleLines.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

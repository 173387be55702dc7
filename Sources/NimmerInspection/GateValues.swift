import NimmerOutput
import NimmerWave

/// Values of a gate as a thalamus reports it, for a person. One that it does not report, or that is of another type, is shown as `?`
/// and never as a number or state that was not sent.
struct GateValues {
    static let absent = "?"

    private let json: JSON?

    init(_ json: JSON?) { self.json = json }

    func number(_ key: String) -> Double? { json?[key]?.double }

    func text(_ key: String) -> String { json?[key]?.string ?? Self.absent }

    func decimals(_ key: String) -> String { number(key).map { NimmerWave.decimals($0) } ?? Self.absent }

    func signed(_ key: String) -> String { number(key).map { NimmerWave.signed($0) } ?? Self.absent }

    func span(_ key: String) -> String { number(key).map { LocalTime.span(milliseconds: $0) } ?? Self.absent }

    func clock(_ key: String) -> String {
        json?[key]?.string.flatMap { try? Timestamp(rfc3339: $0) }.map(LocalTime.clock) ?? Self.absent
    }

    func state(_ paint: Paint) -> TerminalText {
        json?["state"]?.string.flatMap { GateState(word: $0) }.map { paint.state($0) } ?? "\(Self.absent)"
    }

    /// The potential as a bar; empty where it or the threshold is absent.
    var bar: String {
        guard let potential = number("potential"), let threshold = number("open_threshold") else { return "" }
        return Bar.potential(potential, threshold: threshold)
    }

    /// Word for the polarity of a witness.
    var polarity: String { number("polarity").map { $0 < 0 ? "denies" : "asserts" } ?? Self.absent }
}

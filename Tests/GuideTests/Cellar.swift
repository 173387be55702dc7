import NimmerCell

/// Detects a damp cellar.
struct Cellar: Cell {
    static let manifest = Manifest(
        name: "cellar", version: "1.0.0", summary: "Detects a damp cellar.", domain: "climate",
        costs: ["wave": 0.01], interval: 1000)

    struct Options: ProcessOptions {
        let file = Setting.text("file", "/run/cellar/humidity", "Where the humidity is read.")
        let alarm = Setting.number("alarm", 70, in: 1...100, unit: "%", "The humidity at which it is quite sure.")
    }
    let file: String
    let alarm: Double

    init(_ settings: Settings<Options>) {
        file = settings.file
        alarm = settings.alarm
    }

    mutating func sense(_ pulse: inout Pulse) throws {
        let humidity = try readNumber(file)
        pulse.emit(confidence: min(1, humidity / alarm), ["humidity": .number(humidity)])
    }
}

import NimmerCell

/// Moves the cellar's air.
struct Fan: Cell {
    static let manifest = Manifest(
        name: "fan", version: "1.0.0", summary: "Moves the cellar's air.", domain: "climate",
        commands: [("set", "Sets its speed."), ("stop", "Stops it."), ("test", "Turns it once and measures.")],
        payloads: ["set": [.required("speed", .number(0...1), "How fast, as a part of its full speed.")]])
    private(set) var speed = 0.0

    init(_ settings: Settings<NoOptions>) {}

    mutating func perform(_ command: Command, _ pulse: inout Pulse) throws -> Answer {
        switch command.command {
        case "set":
            guard let wanted = command.payload["speed"]?.double, (0...1).contains(wanted) else {
                return .refused("speed must be a number from 0 to 1")
            }
            speed = wanted
        case "stop": speed = 0
        case "test": return .later("test", work: { ["amperes": .number(try await Self.current())] })
        default: return .refused("\(pulse.name) does not know the command '\(command.command)'")
        }
        return .done(["speed": .number(speed)])
    }

    /// Takes its time; it runs beside the cell, under the command's deadline.
    private static func current() async throws -> Double { 0.4 }
}

import NimmerBusNATS
import NimmerCell
import NimmerProcess
import NimmerSystemFile

/// A cell of which the tests run two versions at once: it senses all the time, and passes on what a device sends.
@main
struct SwapCell: Cell {
    static let version = ProcessVariable.current()["SWAP_VERSION"] ?? "1.0.0"
    static let manifest = Manifest(
        name: "swap", version: version, summary: "Is replaced while it works.", domain: "swap", interval: 20,
        commands: [("echo", "gives back what it was given")])

    init(_ settings: Settings<NoOptions>) {}

    func inputs(in environment: Environment) throws -> [SubjectPattern] { [try SubjectPattern("swap.device")] }

    mutating func sense(_ pulse: inout Pulse) throws {
        pulse.emit(confidence: 0, ["sensed": .number(Double(pulse.at.nanoseconds)), "by": .string(Self.version)])
    }

    mutating func receive(_ message: BusMessage, _ pulse: inout Pulse) throws {
        let text = String(decoding: message.payload, as: UTF8.self)
        pulse.emit(confidence: 0, ["input": .string(text), "by": .string(Self.version)])
    }

    mutating func perform(_ command: Command, _ pulse: inout Pulse) throws -> Answer { .done(command.payload) }

    static func main() async { await run(on: NATS.connector, reading: YAML.reader) }
}

import NimmerCell

/// Airs the cellar when it is damp inside and dry outside.
struct Airing: Nerve {
    static let manifest = Manifest(
        name: "airing", version: "1.0.0", summary: "Airs the cellar when it is damp inside and dry outside.",
        domain: "climate")

    struct Options: ProcessOptions {
        let cells = Setting.list("cells", ["cellar", "weather"], "The cells that it hears.")
        let fan = Setting.text("fan", "fan", "The cell that moves the air.")
    }
    let hears: [Token]
    let fan: Token

    enum State: String {
        case idle = "IDLE"
        case airing = "AIRING"
        case failed = "FAILED"
    }

    init(_ settings: Settings<Options>) throws {
        hears = try settings.cells.map { try Token($0) }
        fan = try Token(settings.fan)
    }

    mutating func gateChanged(_ change: GateTransition, _ pulse: inout Pulse) throws {
        if change.toState == .open {
            enter(.airing, "damp inside and dry outside", &pulse)
            pulse.send(Command(command: "set", payload: ["speed": 1]), to: fan)
            pulse.emit(confidence: change.stateValue, ["airing": true])
        } else if pulse.state == State.airing.rawValue {
            enter(.idle, "the gate is \(change.toState.word)", &pulse)
            pulse.send(Command(command: "stop"), to: fan)
        }
    }

    mutating func answered(
        _ command: Command, by cell: Token, _ result: CommandResult, _ pulse: inout Pulse
    ) throws {
        guard result.status != .ok else { return }
        enter(.failed, result.error ?? "the fan did not answer", &pulse)
    }

    private mutating func enter(_ next: State, _ reason: String, _ pulse: inout Pulse) {
        pulse.enter(next.rawValue, reason: reason)
    }
}

import ArgumentParser
import NimmerBus
import NimmerWave

/// Lists the gates of the thalamus.
struct GateListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the gates: state, potential, trust, witnesses.",
        discussion: "The open ones first, then by potential. A gate lives in the thalamus as soon as its region spoke.")

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let gates = try await Link.with(server, environment) { bus in
            try await bus.askThalamus(environment, "gates", [:])
        }
        if json.json {
            try Console.pretty(gates.resolved)
            return
        }
        let paint = color.paint
        let list = GateList(gates) ?? GateList([])
        if list.gates.isEmpty {
            try Console.line("no gate yet: no wave has reached the thalamus")
            return
        }
        for line in Self.table(list.gates, paint).lines(paint) { try Console.line(line) }
        if list.leftOut > 0 {
            try Console.line(paint(.quiet, "and \(list.leftOut) more, less wakeful; `nimmer gate why NAME` shows each"))
        }
    }

    static func table(_ gates: [JSON], _ paint: Paint) -> Table {
        var table = Table(["gate", "state", "potential", "", "weight", "witnesses", "region"])
        for gate in gates {
            let potential = gate["potential"]?.double ?? 0
            let threshold = gate["open_threshold"]?.double ?? 0.5
            table.add([
                gate["gate_id"]?.string ?? "", paint.state(GateState(word: gate["state"]?.string ?? "") ?? .stable),
                signed(potential), Bar.potential(potential, threshold: threshold),
                decimals(gate["weight"]?.double ?? 0), "\(gate["witnesses"]?.int ?? 0)", gate["region"]?.string ?? "",
            ])
        }
        return table
    }
}

/// A potential as a bar around its zero, the threshold marked: `▕    │██  ▏`.
enum Bar {
    static let half = 8

    static func potential(_ value: Double, threshold: Double) -> String {
        let filled = min(half, Int(saturating: (value.magnitude * Double(half)).rounded()))
        let mark = min(half - 1, Int(saturating: max(1, (threshold * Double(half)).rounded())) - 1)
        let positive = (0..<half).map { index in
            value > 0 && index < filled ? "█" : index == mark ? "┊" : " "
        }.joined()
        let negative = (0..<half).map { value < 0 && $0 >= half - filled ? "█" : " " }.joined()
        return "▕\(negative)│\(positive)▏"
    }
}

extension Bus {
    /// Asks the thalamus and gives its result.
    func askThalamus(_ environment: Environment, _ command: String, _ payload: JSON) async throws -> JSON {
        let name = try Token("thalamus")
        let answer = try await ask(
            .request(environment, cell: name), of: .init("service", name), command, payload, seconds: 2)
        guard answer.status == .ok else {
            throw Failure(
                .failed, (answer.error ?? answer.result.text),
                mend: "`nimmer gate list` shows the gates there are")
        }
        return answer.result
    }
}

import NimmerGate
import NimmerWave
import Testing

@testable import NimmerCell
import NimmerTesting

/// Counts its looks; its confidence is what it is told.
private struct Gauge: Cell {
    static let manifest = Manifest(
        name: "gauge", version: "1.0.0", summary: "Reads a gauge.", domain: "climate", costs: ["wave": 0.5],
        interval: 1000,
        commands: [("read", "Reads."), ("slow", "Reads slowly."), ("bad", "Fails.")])
    static let initialState = "UNREAD"
    struct Options: ProcessOptions {
        let level = Setting.number("level", 0.6, in: 0...1, "How sure it is.")
    }
    var level: Double
    var changes: [GateTransition] = []

    init(_ settings: Settings<Options>) { level = settings.level }

    func inputs(in environment: Environment) throws -> [SubjectPattern] { [try SubjectPattern("devices.gauge")] }

    mutating func sense(_ pulse: inout Pulse) throws {
        guard level >= 0 else { throw Refusal(.value, "the gauge is below zero") }
        pulse.emit(confidence: level, ["level": .number(level)])
    }

    mutating func receive(_ message: BusMessage, _ pulse: inout Pulse) throws {
        guard let number = Double(String(decoding: message.payload, as: UTF8.self)) else {
            throw Refusal(.value, field: "payload", "payload must be a number")
        }
        pulse.enter("\(number)", reason: "the device spoke")
        level = number
    }

    mutating func perform(_ command: Command, _ pulse: inout Pulse) throws -> Answer {
        switch command.command {
        case "read": .done(.number(level))
        case "slow": .later("slow") { [level] in .number(level * 2) }
        default: throw Refusal(.value, "nothing to read")
        }
    }

    mutating func gateChanged(_ change: GateTransition, _ pulse: inout Pulse) { changes.append(change) }
}

/// Hears two cells and stops the motor when its gate opens.
private struct Guardian: Nerve {
    static let manifest = Manifest(name: "guardian", version: "1.0.0", summary: "Guards.", domain: "safety")
    let hears: [Token]
    var heard = 0

    init(_ settings: Settings<NoOptions>) throws { hears = [try Token("left"), try Token("right")] }

    func evidence(of wave: HeardWave) -> HeardEvidence? {
        wave.content["ignore"] == true ? nil : HeardEvidence(confidence: wave.confidence)
    }

    mutating func hear(_ wave: HeardWave, _ pulse: inout Pulse) { heard += 1 }

    mutating func gateChanged(_ change: GateTransition, _ pulse: inout Pulse) throws {
        guard change.toState == .open else { return }
        pulse.enter("EVADE", reason: "the gate opened", cost: 2)
        pulse.send(Command(command: "stop"), to: try Token("motor"))
        pulse.emit(confidence: 0.9, ["what": "obstacle"], cost: 1)
    }
}

/// Has one command.
private struct Single: Cell {
    static let manifest = Manifest(
        name: "single", version: "1.0.0", summary: "Names its command.", commands: [("calculate", "Calculates.")])
    init(_ settings: Settings<NoOptions>) {}
    mutating func perform(_ command: Command, _ pulse: inout Pulse) -> Answer { .done(.string(command.command)) }
}

/// Takes every command.
private struct Open: Cell {
    static let manifest = Manifest(
        name: "open", version: "1.0.0", summary: "Names its command.", commands: [("*", "Anything.")])
    init(_ settings: Settings<NoOptions>) {}
    mutating func perform(_ command: Command, _ pulse: inout Pulse) -> Answer { .done(.string(command.command)) }
}

@Suite("A cell's body")
struct CellBodyTests {
    @Test("it looks at once, and then at every interval")
    func senses() throws {
        var bench = try CellBench<Gauge>()
        bench.start()
        #expect(bench.waves.count == 1)
        bench.advance(milliseconds: 2999)
        #expect(bench.waves.count == 3)
        bench.advance(milliseconds: 1)
        #expect(bench.waves.count == 4)
        let wave = try #require(bench.waves.first)
        #expect(wave.domain.text == "climate")
        #expect(wave.lifeforceCost == 0.5)
        #expect(wave.confidence == 0.6)
        #expect(bench.body.counters.waves == 4)
        #expect(bench.body.counters.lifeforce == 2)
    }

    @Test("a machine that slept gets one look, not all that it missed")
    func sleep() throws {
        var body = try CellBench<Gauge>().body
        let start = Timestamp(milliseconds: 0)
        _ = body.start(at: start)
        _ = body.advance(to: start)
        let late = body.advance(to: start.advanced(milliseconds: 60_500))
        #expect(late.waves.count == 1)
        #expect(body.nextAppointment == start.advanced(milliseconds: 61_500))
    }

    @Test("its own evidence never opens its gate, however often it speaks")
    func alone() throws {
        var bench = try CellBench<Gauge>(["level": .number(1), "interval_ms": .whole(10)])
        bench.start()
        bench.advance(milliseconds: 5000)
        #expect(bench.waves.count == 501)
        #expect(bench.transitions.isEmpty)
    }

    @Test("a declared reflex opens its gate on its own evidence, and silence closes it at the exact time")
    func reflex() throws {
        var bench = try CellBench<Gauge>(["level": .number(0.6), "weight": .number(0.9), "interval_ms": .whole(60_000)])
        bench.start()
        let opening = try #require(bench.transitions.first)
        #expect(opening.gateID.text == "gauge-cell")
        #expect(opening.toState == .open)
        #expect(opening.triggerSignals.map(\.source) == ["gauge"])
        #expect(opening.weight == 0.9)
        #expect(opening.intervalMilliseconds == 60_000)
        // It is silent from now on.
        bench.stop()
        bench.advance(milliseconds: 2_000_000)
        let release = try #require(bench.transitions.last)
        #expect(release.toState == .stable)
        // 15 · 60000 ms · log₂(0.6 / 0.25)
        #expect(abs(release.at.milliseconds(since: opening.at) - 1_136_730.965244) < 1e-4)
        #expect(bench.cell.changes == bench.transitions)
    }

    @Test("a call that fails is counted, logged when it is new, and followed by the next")
    func faults() throws {
        var bench = try CellBench<Gauge>()
        bench.start()
        try bench.receive("-1", on: "devices.gauge")
        bench.clear()
        bench.advance(milliseconds: 3000)
        let said = bench.actions.filter { if case .log = $0 { true } else { false } }
        #expect(bench.waves.isEmpty)
        #expect(said.count == 1)
        #expect(bench.body.counters.faults == 3)
        try bench.receive("0.5", on: "devices.gauge")
        bench.advance(milliseconds: 1000)
        #expect(bench.waves.count == 1)
    }

    @Test("messages on inputs change it or are refused")
    func inputs() throws {
        var bench = try CellBench<Gauge>()
        #expect(try bench.receive("0.25", on: "devices.gauge") == nil)
        #expect(bench.cell.level == 0.25)
        #expect(bench.states == ["0.25"])
        #expect(bench.body.state == "0.25")
        #expect(try bench.receive("warm", on: "devices.gauge")?.message == "payload must be a number")
        #expect(bench.body.counters.rejected == 1)
    }

    @Test("commands are answered, refused or worked for")
    func commands() async throws {
        var bench = try CellBench<Gauge>()
        #expect(await bench.result(of: "read") == CommandResult(status: .ok, result: 0.6))
        #expect(await bench.result(of: "slow") == CommandResult(status: .ok, result: 1.2))
        #expect(await bench.result(of: "bad").status == .refused)
        let unknown = await bench.result(of: "fly")
        #expect(unknown.status == .refused)
        #expect(unknown.error == "gauge does not know the command 'fly'; it knows read, slow, bad")
        #expect(bench.body.counters.requests == 4)
        #expect(bench.body.counters.requestsRefused == 2)
    }

    @Test("'ask' is the only command of a cell that has one, and '*' lets every command through")
    func otherCommands() async throws {
        var single = try CellBench<Single>()
        #expect(await single.result(of: "ask", [:]) == CommandResult(status: .ok, result: "calculate"))
        #expect(await single.result(of: "other").status == .refused)
        var open = try CellBench<Open>()
        #expect(await open.result(of: "ask") == CommandResult(status: .ok, result: "ask"))
        #expect(await open.result(of: "other") == CommandResult(status: .ok, result: "other"))
    }

    @Test("a wave whose numbers are not finite is counted and left out")
    func finite() throws {
        var bench = try CellBench<Gauge>()
        for number in [Double.nan, .infinity] {
            let pulse = bench.body
            var body = pulse
            let result = body.update(at: bench.now) { _, pulse in pulse.emit(confidence: number, [:]) }
            #expect(result.waves.isEmpty)
            #expect(body.counters.refused == 1)
        }
        bench.start()
        #expect(bench.body.counters.refused == 0)
    }

    @Test("a confidence that is no number, or outside 0 to 1, is logged once each, with the cell's name")
    func odd() throws {
        var body = try CellBench<Gauge>().body
        let moment = try CellBench<Gauge>().now
        var lines: [[String: String]] = []
        for number in [Double.nan, 1.7, .infinity, -0.2, 0.5, 1, 0] {
            let pulse = body.update(at: moment) { _, pulse in pulse.emit(confidence: number, [:]) }
            for case .log(let level, _, let values) in pulse.actions {
                #expect(level == .warning)
                lines.append(values)
            }
        }
        let name = body.identity.name.text
        #expect(lines == [["cell": name, "found": "nan"], ["cell": name, "found": "1.7"]])
        #expect(body.counters.refused == 2 && body.counters.waves == 5)
    }

    @Test("domain, region and origin are set from outside, and refused when they are invalid")
    func identity() throws {
        var bench = try CellBench<Gauge>([
            "domain": .text("air"), "region": .text("plant.air"), "origin": .text("probe-7"),
        ])
        bench.start()
        let wave = try #require(bench.waves.first)
        #expect(wave.domain.text == "air")
        #expect(wave.region?.text == "plant.air")
        #expect(wave.origin?.text == "probe-7")
        #expect(throws: ProcessFailure.self) { try CellBench<Gauge>(["region": .text("plant..air")]) }
    }

    @Test("a nerve's gate opens on two cells that agree, and the nerve acts")
    func nerve() throws {
        var bench = try CellBench<Guardian>()
        bench.start()
        for _ in 0..<20 {
            try bench.hear("left", confidence: 0.9)
            bench.advance(milliseconds: 10)
        }
        #expect(bench.transitions.isEmpty)
        try bench.hear("right", confidence: 0.9, ["ignore": true])
        #expect(bench.transitions.isEmpty)
        try bench.hear("right", confidence: 0.9)
        let opening = try #require(bench.transitions.first)
        #expect(opening.gateID.text == "guardian-nerve")
        #expect(Set(opening.triggerSignals.map(\.source)) == ["left", "right"])
        #expect(bench.states == ["EVADE"])
        #expect(bench.requests.map(\.cell.text) == ["motor"])
        #expect(bench.waves.count == 1)
        #expect(bench.cell.heard == 22)
        #expect(bench.body.counters.lifeforce == 3)
    }

    @Test("its own wave does not feed a nerve's gate")
    func ownWave() throws {
        var bench = try CellBench<Guardian>(["weight": .number(0.9)])
        try bench.hear("left", confidence: 0.9)
        #expect(bench.transitions.count == 1)
        #expect(bench.body.gate.witnesses.count == 1)
    }
}

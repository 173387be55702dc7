import Logging
import NimmerBus
import NimmerGate
import NimmerProcess
import NimmerTesting
import NimmerWave
import Testing

@testable import NimmerCell

/// Looks by its own clock.
private struct Looker: Cell {
    static let manifest = Manifest(name: "looker", version: "1.0.0", summary: "Looks.", interval: 5000)
    init(_ settings: Settings<NoOptions>) {}
    mutating func sense(_ pulse: inout Pulse) { pulse.emit(confidence: 0.1, [:]) }
}

/// Takes numbers as they come.
private struct Listener: NumberCell {
    static let manifest = Manifest(name: "listener", version: "1.0.0", summary: "Listens.")
    var known: Double?
    init(_ settings: Settings<NoOptions>) {}
    mutating func read(_ number: Double, _ pulse: inout Pulse) {
        pulse.countReading()
        known = pulse.interval
        pulse.emit(confidence: number, [:])
    }
    mutating func receive(_ message: BusMessage, _ pulse: inout Pulse) {
        read(Double(String(decoding: message.payload, as: UTF8.self)) ?? 0, &pulse)
    }
    mutating func perform(_ command: Command, _ pulse: inout Pulse) -> Answer {
        pulse.emit(confidence: 1, [:])
        return .done(.null)
    }
}

/// Answers only.
private struct Answerer: Cell {
    static let manifest = Manifest(
        name: "answerer", version: "1.0.0", summary: "Answers.", commands: [("say", "Says.")])
    init(_ settings: Settings<NoOptions>) {}
    mutating func perform(_ command: Command, _ pulse: inout Pulse) -> Answer {
        pulse.emit(confidence: 1, [:])
        return .done(.null)
    }
}

/// Hears two, and has an interval of its own.
private struct Hearer: Nerve {
    static let manifest = Manifest(name: "hearer", version: "1.0.0", summary: "Hears.", interval: 1000)
    let hears: [Token]
    init(_ settings: Settings<NoOptions>) throws { hears = [try Token("left"), try Token("right")] }
    mutating func sense(_ pulse: inout Pulse) { pulse.emit(confidence: 0.1, [:]) }
}

@Suite("cells: the interval that waves state")
struct StatedIntervalTests {
    @Test("what senses by its own clock states its setting")
    func setting() throws {
        var bench = try CellBench<Looker>()
        bench.start()
        #expect(bench.waves.map(\.intervalMilliseconds) == [5000])
        var other = try CellBench<Looker>(["interval_ms": .whole(604_800_000)])
        other.start()
        #expect(other.waves.map(\.intervalMilliseconds) == [604_800_000])
        #expect(other.body.statedInterval == 604_800_000)
    }

    @Test("what reads numbers learns its interval, from the sixth on, and its own gate follows")
    func learned() throws {
        var body = try CellBody<Listener>(try Configuration(of: Listener.self))
        var stated: [Double?] = []
        for minute in 0..<20 {
            let at = Timestamp(milliseconds: Double(minute) * 60_000)
            let pulse = body.update(at: at) { cell, pulse in cell.read(0.9, &pulse) }
            stated += pulse.waves.map(\.intervalMilliseconds)
        }
        #expect(stated == Array(repeating: nil, count: 5) + Array(repeating: 60_000, count: 15))
        #expect(body.cell.known == 60_000)
        #expect(body.gate.interval == 60_000 && body.gate.halfLifeMilliseconds == 900_000)
    }

    @Test("a nerve, and what only answers, state none; a nerve's gate follows the cells that it hears")
    func none() throws {
        var answerer = try CellBody<Answerer>(try Configuration(of: Answerer.self))
        for minute in 0..<20 {
            let (pulse, _) = answerer.perform(
                Command(command: "say", payload: [:], deadlineMilliseconds: 1000),
                at: Timestamp(milliseconds: Double(minute) * 60_000))
            #expect(pulse.waves.map(\.intervalMilliseconds) == [nil])
        }
        var hearer = try CellBody<Hearer>(try Configuration(of: Hearer.self))
        let pulse = hearer.start(at: Timestamp(milliseconds: 0))
        _ = pulse
        #expect(hearer.advance(to: Timestamp(milliseconds: 10)).waves.map(\.intervalMilliseconds) == [nil])
        let left = HeardWave(
            cell: try Token("left"), region: try Region("x"), confidence: 0.9, at: Timestamp(milliseconds: 20),
            interval: 3_600_000)
        _ = hearer.hear(left)
        #expect(hearer.gate.interval == 3_600_000)
    }

    @Test("$SRV.INFO says it, once it is known")
    func described() async throws {
        let bus = InMemoryBus()
        let quiet = Logger(label: "looker") { _ in SwiftLogNoOpLogHandler() }
        let process = ServiceProcess(
            try Configuration(of: Looker.self), role: .cell, logger: quiet, bus: bus)
        let host = try CellHost<Looker>(process)
        let waves = try await bus.messages(.waves(.dev))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await host.run() }
            // It looks at once: it lives.
            let wave = try #require(await waves.first { _ in true })
            #expect(try Envelope<WaveSignal>(decoding: wave.payload).body.intervalMilliseconds == 5000)
            try await process.answers.start()
            let info = try await bus.request(
                try Subject(foreign: "$SRV.INFO.looker"), payload: [], timeout: .seconds(60))
            #expect(try JSON(parsing: info.payload)["metadata"]?["interval_ms"] == "5000")
            group.cancelAll()
        }
    }

    @Test("the state of a gate that is handed over names its interval")
    func handedOver() throws {
        let state = HandoverState(
            nextSense: nil, state: .open, potential: 0.8, weight: 0.1, interval: 60_000, at: Timestamp(milliseconds: 0))
        #expect(HandoverState(state.json) == state)
        var body = try CellBody<Listener>(try Configuration(of: Listener.self))
        body.resume(.open, potential: 0.8, weight: 0.1, interval: 60_000, at: Timestamp(milliseconds: 0))
        #expect(body.gate.halfLifeMilliseconds == 900_000)
    }
}

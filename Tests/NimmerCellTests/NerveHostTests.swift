import Logging
import NimmerBus
import NimmerGate
import NimmerProcess
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@testable import NimmerCell

/// Hears two cells, asks the motor when they agree, and says goodbye.
private struct Watch: Nerve {
    static let manifest = Manifest(name: "watch", version: "1.0.0", summary: "Watches.", domain: "safety")
    let hears: [Token]

    init(_ settings: Settings<NoOptions>) throws { hears = [try Token("left"), try Token("right")] }

    mutating func gateChanged(_ change: GateTransition, _ pulse: inout Pulse) throws {
        guard change.toState == .open else { return }
        pulse.enter("EVADE", reason: "the gate opened")
        pulse.send(Command(command: "stop", deadlineMilliseconds: 20_000), to: try Token("motor"))
    }

    mutating func answered(
        _ command: Command, by cell: Token, _ result: CommandResult, _ pulse: inout Pulse
    ) throws {
        pulse.emit(confidence: 0.9, ["motor": .string(result.status.rawValue)])
    }

    mutating func stop(_ pulse: inout Pulse) { pulse.emit(confidence: 0.1, ["goodbye": true]) }

    static func live(_ host: CellHost<Watch>) async throws {
        host.update { _, pulse in pulse.emit(confidence: 0.2, ["alive": true]) }
    }
}

@Suite("A nerve in the world")
struct NerveHostTests {
    private func wave(of cell: String, as origin: String? = nil, _ bus: any Bus) throws {
        let name = try Token(cell)
        let body = WaveSignal(
            domain: name, confidence: 0.9, semanticContent: [:], origin: try origin.map { try Token($0) })
        let message = Envelope(
            id: .v7(), at: .now(), from: Source(entityID: cell, entityType: .cell), body)
        try bus.publish(.wave(.dev, cell: name), payload: message.encoded())
    }

    @Test("two cells that agree: transition, state, request, answer, wave; and its last messages still leave")
    func whole() async throws {
        let bus = InMemoryBus()
        try await SystemStreams.ensure(on: bus, environment: .dev)
        var configuration = try Configuration(of: Watch.self)
        // One grant in the file is enough for origins to be looked at where there are no identities (decision 0018).
        let text = "nimmerverse: 1\nname: s\ncells: [{name: gateway, command: [g], origins: [\"vm-*\"]}]"
        configuration.system = try SystemFile(parsing: Array(text.utf8), file: "s.yaml")
        let quiet = Logger(label: "watch") { _ in SwiftLogNoOpLogHandler() }
        let process = ServiceProcess(configuration, role: .nerve, logger: quiet, bus: bus)
        let everything = try await bus.messages(.everything(.dev))
        let motor = try await bus.messages(SubjectPattern(.request(.dev, cell: try Token("motor"))))
        let host = try CellHost<Watch>(process)
        var seen = everything.makeAsyncIterator()

        /// The next message on a subject; the others on the way are of no interest.
        func next(_ subject: String) async throws -> [UInt8] {
            while let message = await seen.next() {
                if message.subject.text == subject { return message.payload }
            }
            throw BusError(.closed, "no message on \(subject)")
        }

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await host.run() }
            let alive = try Envelope<WaveSignal>(decoding: try await next("dev.nervous.nerves.watch.wave"))
            #expect(alive.body.semanticContent["alive"] == true)
            #expect(alive.header.source.entityType == .nerve)

            try bus.publish(.wave(.dev, cell: try Token("left")), payload: Array("{}".utf8))
            let reject = try Envelope<Reject>(decoding: try await next("dev.nervous.rejects.watch"))
            #expect(reject.body.field == "header" || reject.body.reason.contains("header"))

            // One cell that claims to be three witnesses is refused, and moves the nerve's gate no more than nobody.
            for origin in ["one", "two", "right"] { try wave(of: "left", as: origin, bus) }
            for origin in ["one", "two", "right"] {
                let refused = try Envelope<Reject>(decoding: try await next("dev.nervous.rejects.watch"))
                #expect(refused.body.reason.hasPrefix("the origin '\(origin)' is not granted to 'left'"))
            }
            #expect(host.withBody { $0.gate.state } == .stable)

            try wave(of: "left", bus)
            try wave(of: "elsewhere", bus)
            try wave(of: "right", bus)
            let transition = try Envelope<GateTransition>(
                decoding: try await next("dev.nervous.gates.watch-nerve.transition"))
            #expect(transition.body.triggerSignals.map(\.source).sorted() == ["left", "right"])
            #expect(transition.header.messageID == .transition(transition.body, in: .dev))

            var requests = motor.makeAsyncIterator()
            let request = try #require(await requests.next())
            #expect(try Envelope<Command>(decoding: request.payload).body.command == "stop")
            let answer = Envelope(
                id: .v7(), at: .now(), from: process.source, CommandResult(status: .ok, result: "stopped"))
            try bus.respond(to: request, payload: answer.encoded())
            let wave = try Envelope<WaveSignal>(decoding: try await next("dev.nervous.nerves.watch.wave"))
            #expect(wave.body.semanticContent["motor"]?.string == "ok")
            group.cancelAll()
        }
        let goodbye = try Envelope<WaveSignal>(decoding: try await next("dev.nervous.nerves.watch.wave"))
        #expect(goodbye.body.semanticContent["goodbye"] == true)
        #expect(host.counters.wavesIn == 2)
        #expect(host.counters.rejected == 4)
        #expect(host.counters.lost == 0)
        let stored = try await bus.read(stream: SystemStreams.transitions(.dev))
        // On a busy machine the gate may have been released by now, too.
        let states = try stored.map { try Envelope<GateTransition>(decoding: $0.message.payload).body.toState }
        #expect(states == [.open] || states == [.open, .stable])
    }
}

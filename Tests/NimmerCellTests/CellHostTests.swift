import Logging
import NimmerBus
import NimmerProcess
import NimmerWave
import Synchronization
import Testing

@testable import NimmerCell

/// Answers at once, late, or never.
private struct Reception: Cell {
    static let manifest = Manifest(
        name: "desk", version: "1.0.0", summary: "Answers.",
        commands: [("echo", "Gives back."), ("wait", "Takes long."), ("leave", "Leaves.")])
    init(_ settings: Settings<NoOptions>) {}

    func inputs(in environment: Environment) throws -> [SubjectPattern] { [try SubjectPattern("devices.>")] }

    mutating func receive(_ message: BusMessage, _ pulse: inout Pulse) throws {
        guard message.payload.first == 0x31 else { throw Refusal(.value, field: "payload", "payload must be 1") }
        pulse.emit(confidence: 1, ["from": .string(message.subject.text)])
    }

    mutating func perform(_ command: Command, _ pulse: inout Pulse) throws -> Answer {
        switch command.command {
        case "echo":
            pulse.emit(confidence: 0.5, command.payload)
            return .done(command.payload)
        case "wait":
            return .later("wait") {
                try await Task.sleep(for: .seconds(3600))
                return "never"
            }
        default:
            pulse.leave(.unavailable, "the desk is gone")
            return .done("bye")
        }
    }
}

@Suite("A cell in the world")
struct CellHostTests {
    private struct World {
        let bus = InMemoryBus()
        let process: ServiceProcess
        let waves: MessageSequence
        let rejects: MessageSequence

        init(_ changes: [String: SettingValue] = [:]) async throws {
            let configuration = try Configuration(of: Reception.self, changes: changes)
            let quiet = Logger(label: "desk") { _ in SwiftLogNoOpLogHandler() }
            process = ServiceProcess(configuration, role: .cell, logger: quiet, bus: bus)
            waves = try await bus.messages(.waves(.dev))
            rejects = try await bus.messages(.rejects(.dev))
        }

        /// Asks until the cell has subscribed.
        func ask(_ payload: [UInt8]) async throws -> CommandResult {
            let subject = Subject.request(.dev, cell: process.name)
            while true {
                do throws(BusError) {
                    let answer = try await bus.request(subject, payload: payload, timeout: .seconds(60))
                    return try! Envelope<CommandResult>(decoding: answer.payload).body  // the cell's own encoding
                } catch {
                    guard error.code == .noResponders else { throw error }
                    await Task.yield()
                }
            }
        }

        func ask(_ command: Command) async throws -> CommandResult {
            try await ask(Envelope(id: .v7(), at: .now(), from: process.source, command).encoded())
        }
    }

    /// Runs the cell while the body asks it, then stops it.
    private func living(_ world: World, _ body: (World) async throws -> Void) async throws {
        let host = try CellHost<Reception>(world.process)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await host.run() }
            try await body(world)
            group.cancelAll()
        }
    }

    @Test("a request is answered, and the wave about it leaves")
    func request() async throws {
        try await living(try await World()) { world in
            let result = try await world.ask(Command(command: "echo", payload: ["a": 1]))
            #expect(result.status == .ok)
            #expect(result.result["a"]?.int == 1)
            var waves = world.waves.makeAsyncIterator()
            let message = try #require(await waves.next())
            #expect(message.subject.text == "dev.nervous.cells.desk.wave")
            let wave = try Envelope<WaveSignal>(decoding: message.payload)
            #expect(wave.header.source.entityType == .cell)
            #expect(wave.body.semanticContent["a"]?.int == 1)
        }
    }

    @Test("a request that names its sender is answered like one that does not, each once")
    func senders() async throws {
        try await living(try await World()) { world in
            _ = try await world.ask(Command(command: "echo", payload: ["n": 0]))
            let subject = Subject.request(.dev, cell: world.process.name)
            for (number, form) in [subject, subject.from(try Token("operator")), subject].enumerated() {
                let order = Command(command: "echo", payload: ["n": .number(Double(number + 1))])
                let message = Envelope(id: .v7(), at: .now(), from: world.process.source, order)
                let answer = try await world.bus.request(form, payload: message.encoded(), timeout: .seconds(60))
                let result = try Envelope<CommandResult>(decoding: answer.payload).body
                #expect(result.result["n"]?.int == number + 1)
            }
            var waves = world.waves.makeAsyncIterator()
            for number in 0..<4 {
                let wave = try Envelope<WaveSignal>(decoding: try #require(await waves.next()).payload)
                #expect(wave.body.semanticContent["n"]?.int == number)
            }
            try await world.process.answers.start()
            let stats = try JSON(
                parsing: try await world.bus.request(
                    Subject(foreign: "$SRV.STATS.desk"), payload: [], timeout: .seconds(60)
                ).payload)
            #expect(ServiceResponder.serves(subject.from(try Token("operator")), stats: stats.bytes))
            #expect(stats["metadata"]?["protocol"]?.string == "2.1")
            #expect(
                stats["endpoints"]?.array?.map { $0["num_requests"]?.int } == [4, 0], "each request is counted once")
        }
    }

    @Test("what takes longer than its deadline is an error, and the cell goes on")
    func deadline() async throws {
        try await living(try await World()) { world in
            let result = try await world.ask(Command(command: "wait", deadlineMilliseconds: 20))
            #expect(result.status == .error)
            #expect(result.error == "the deadline of 20 ms was exceeded")
            #expect(try await world.ask(Command(command: "echo")).status == .ok)
        }
    }

    @Test("too many at once are turned away")
    func busy() async throws {
        try await living(try await World(["max_requests": .whole(1)])) { world in
            _ = try await world.ask(Command(command: "echo"))
            let wait = Command(command: "wait", deadlineMilliseconds: 3_000_000)
            let slow = Envelope(id: .v7(), at: .now(), from: world.process.source, wait).encoded()
            try world.bus.publish(.request(.dev, cell: world.process.name), payload: slow)
            let result = try await world.ask(Command(command: "echo"))
            #expect(result.status == .error)
            #expect(result.error?.contains("busy") == true)
        }
    }

    @Test("what cannot be read is refused, answered and published with its reason")
    func rejects() async throws {
        try await living(try await World()) { world in
            let result = try await world.ask(Array("{\"header\": 1}".utf8))
            #expect(result.status == .refused)
            var rejects = world.rejects.makeAsyncIterator()
            let first = try Envelope<Reject>(decoding: try #require(await rejects.next()).payload).body
            #expect(first.service.text == "desk")
            #expect(first.excerpt == "{\"header\": 1}")
            try world.bus.publish(try Subject(foreign: "devices.x"), payload: Array("2".utf8))
            let second = try Envelope<Reject>(decoding: try #require(await rejects.next()).payload).body
            #expect(second.reason == "payload must be 1")
            #expect(second.subject == "devices.x")
        }
    }

    @Test("a cell that leaves names its status")
    func leaves() async throws {
        let world = try await World()
        let host = try CellHost<Reception>(world.process)
        await #expect(throws: ProcessFailure(.unavailable, "the desk is gone")) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await host.run() }
                _ = try await world.ask(Command(command: "leave"))
                try await group.waitForAll()
            }
        }
    }

    @Test("a person's bare payload is the only command of a cell that has one")
    func bare() throws {
        let bare = Array("{\"operation\":\"addition\",\"operands\":[1,2]}".utf8)
        let requests = Subject.request(.dev, cell: try Token("math"))
        let command = try Command(request: bare, on: requests, commands: ["calculate"])
        #expect(command.command == "calculate")
        #expect(command.payload["operands"]?.array?.count == 2)
        #expect(throws: Refusal.self) { try Command(request: bare, on: requests, commands: ["a", "b"]) }
        #expect(throws: Refusal.self) { try Command(request: Array("[1]".utf8), on: requests, commands: ["a"]) }
    }
}

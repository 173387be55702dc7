import Logging
import NimmerBus
import NimmerPlatform
import NimmerProcess
import NimmerWave
import Synchronization
import Testing

@testable import NimmerCell

#if canImport(Glibc)
    import Glibc
#endif

/// What holds a blocked cell until the test lets it go on.
private final class Brake: Sendable {
    static let shared = Brake()
    private let state = Mutex((isHeld: true, senses: 0))
    var senses: Int { state.withLock { $0.senses } }
    func release() { state.withLock { $0.isHeld = false } }
    func hold() {
        state.withLock { $0.senses += 1 }
        while state.withLock({ $0.isHeld }) { usleep(1_000) }
    }
}

/// Its sense waits for a device that does not answer.
private struct Stuck: Cell {
    static let manifest = Manifest(
        name: "cellar", version: "1.0.0", summary: "Waits.", interval: 100, commands: [("echo", "Gives back.")])
    init(_ settings: Settings<NoOptions>) {}
    mutating func sense(_ pulse: inout Pulse) throws { Brake.shared.hold() }
    mutating func perform(_ command: Command, _ pulse: inout Pulse) throws -> Answer { .done("back") }
}

private final class LoggedLines: LogHandler, Sendable {
    let lines = Mutex<[String]>([])
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .info }
        set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }
    func log(event: LogEvent) {
        lines.withLock { $0.append("\(event.message) \(event.metadata?["cell"].map { "\($0)" } ?? "")") }
    }
}

@Suite(.serialized, .timeLimit(.minutes(5))) struct BlockedCellTests {
    @Test(
        "a sense that blocks is logged once with the cell's name; $SRV and requests name it, and work again afterwards")
    func blocked() async throws {
        let bus = InMemoryBus()
        let log = LoggedLines()
        let process = ServiceProcess(
            try Configuration(of: Stuck.self), role: .cell, logger: Logger(label: "cellar") { _ in log }, bus: bus)
        let host = try CellHost<Stuck>(process)
        func ask() async throws -> CommandResult {
            let message = Envelope(
                id: .v7(), at: .now(), from: process.source, Command(command: "echo", payload: [:]))
            let answer = try await bus.request(
                .request(.dev, cell: process.name), payload: message.encoded(), timeout: .seconds(60))
            return try Envelope<CommandResult>(decoding: answer.payload).body
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await host.run() }
            while Brake.shared.senses == 0 { try await Task.sleep(for: .milliseconds(5)) }
            try await Task.sleep(for: .milliseconds(150))
            let answer = try await ask()
            #expect(answer.status == .error)
            #expect(answer.error?.hasPrefix("cellar is blocked: a call of it") == true, "\(answer)")
            try await process.answers.start()
            let stats = try JSON(
                parsing: try await bus.request(
                    Subject(foreign: "$SRV.STATS.cellar"), payload: [], timeout: .seconds(60)
                ).payload)
            #expect(stats["data"]?["blocked_ms"]?.double ?? 0 > 100, "\(stats.text)")
            while !log.lines.withLock({ $0.contains { $0.contains("takes longer than its interval") } }) {
                try await Task.sleep(for: .milliseconds(10))
            }
            Brake.shared.release()
            while try await ask().status != .ok { try await Task.sleep(for: .milliseconds(10)) }
            group.cancelAll()
        }
        let lines = log.lines.withLock { $0.filter { $0.contains("takes longer than its interval") } }
        #expect(lines.count == 1 && lines.first?.hasSuffix(" cellar") == true, "\(lines)")
    }
}

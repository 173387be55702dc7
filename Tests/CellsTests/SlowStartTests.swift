import Logging
import MotorCell
import NimmerBus
import NimmerCell
import NimmerProcess
import NimmerWave
import Synchronization
import Testing

/// A program that the system starts when the test lets it, as one on a file system that hangs.
private final class HeldProgram: MotorProgram {
    /// What the test knows of all of them.
    struct Shared {
        var starting: [CheckedContinuation<Void, Never>] = []
        var ended: [CheckedContinuation<Void, Never>] = []
        var calls: [String] = []
    }

    static let shared = Mutex(Shared())
    private let name: String

    init(_ arguments: [String]) { name = arguments.last ?? "" }

    func start() async throws(Refusal) {
        let name = name
        await withCheckedContinuation { continuation in
            Self.shared.withLock {
                $0.starting.append(continuation)
                $0.calls.append("start \(name)")
            }
        }
    }

    func end(forGood: Bool) {
        let waiting = Self.shared.withLock { shared in
            shared.calls.append(forGood ? "kill \(name)" : "end \(name)")
            defer { shared.ended = [] }
            return shared.ended
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async throws(Refusal) -> Int {
        let name = name
        await withCheckedContinuation { continuation in
            let isEnded = Self.shared.withLock { shared in
                if shared.calls.contains("end \(name)") { return true }
                shared.ended.append(continuation)
                return false
            }
            if isEnded { continuation.resume() }
        }
        return 143
    }
}

@Suite("motor: a start that takes long")
struct SlowStartTests {
    @Test("holds up nothing: other commands are answered, and its stop comes after its start")
    func others() async throws {
        let bus = InMemoryBus()
        let configuration = try Configuration(
            of: MotorController<HeldProgram>.self,
            changes: [
                "run": .table([SettingValue.TableRow(name: "go", values: ["/held", "go"])]),
                "publish": .table([SettingValue.TableRow(name: "turn", values: ["robot.wheels"])]),
                "parallel": .whole(2),
            ])
        let quiet = Logger(label: "motor") { _ in SwiftLogNoOpLogHandler() }
        let process = ServiceProcess(configuration, role: .cell, logger: quiet, bus: bus)
        let host = try CellHost<MotorController<HeldProgram>>(process)
        let subject = Subject.request(.dev, cell: process.name)

        @Sendable func ask(_ command: String) async throws -> CommandResult {
            let message = Envelope(id: .v7(), at: .now(), from: process.source, Command(command: command))
            while true {
                do {
                    let answer = try await bus.request(subject, payload: message.encoded(), timeout: .seconds(60))
                    return try Envelope<CommandResult>(decoding: answer.payload).body
                } catch let error as BusError {
                    guard error.code == .noResponders else { throw error }
                    await Task.yield()
                }
            }
        }

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await host.run() }
            async let motion = ask("go")
            while HeldProgram.shared.withLock({ $0.starting.isEmpty }) { await Task.yield() }
            // The start hangs from here on.
            let turned = try await ask("turn")
            #expect(turned.status == .ok)
            let stopped = try await ask("stop")
            #expect(stopped.status == .ok)
            for continuation in HeldProgram.shared.withLock({ $0.starting }) { continuation.resume() }
            let moved = try await motion
            #expect(moved.error == "stopped by a command")
            group.cancelAll()
        }
        let calls = HeldProgram.shared.withLock { $0.calls }
        #expect(calls.prefix(2) == ["start go", "end go"], "\(calls)")
    }
}

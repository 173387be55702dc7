import Glibc
import NimmerBus
import NimmerBusNATS
import NimmerWave
import Testing

@testable import NimmerServers

/// docs/reference/backup.md, Restore: all of it or nothing, into an empty environment that nobody lives in.
@Suite(
    "A restore", .enabled(Prerequisites.note, Prerequisites.areMet), .serialized, .timeLimit(.minutes(5)))
struct RestoreTests {
    private static let messages = 20_000

    private struct Answer {
        let status: ChildExit
        let text: String
    }

    private func nimmer(
        _ system: WholeSystem, _ words: [String], in environment: String = "dev"
    ) async throws -> Answer {
        let answer = try await ChildProcess.run(
            ChildCommand(
                WholeSystem.executable("nimmer"), words,
                environment: system.variables(for: "operator").merging(["NIMMERVERSE_ENV": environment]) { $1 }),
            limit: .seconds(60))
        return Answer(status: answer.status, text: answer.lines.map(\.text).joined(separator: "\n"))
    }

    /// Lets the body use empty servers.
    private func onServers(_ body: (WholeSystem, any Bus) async throws -> Void) async throws {
        try await WholeSystem.run(on: try await NATSBinary.choose(), starting: []) { system in
            let bus = try await NATS.connector(BusSettings(url: system.nats.url, name: "restore-test"))
            try await body(system, bus)
            await bus.close()
        }
    }

    private func fill(_ bus: any Bus, _ count: Int) async throws {
        try await HouseStreams.ensure(on: bus, environment: .dev)
        let gate = GateID(region: try Region("plant"))
        try await withThrowingDiscardingTaskGroup { group in
            for number in 0..<count {
                if number % 200 == 199 { _ = try await bus.flush(timeout: .seconds(20)) }
                group.addTask {
                    _ = try await bus.publishDurably(
                        .transition(.dev, gate: gate), payload: [UInt8](repeating: 0x20, count: 1000),
                        id: .named("\(number)"))
                }
            }
        }
    }

    private func withFile(_ count: Int, _ body: (String, String) async throws -> Void) async throws {
        var template = Array("/tmp/nimmer-restore-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        let file = "\(folder)/a.backup"
        try await onServers { system, bus in
            #expect(try await nimmer(system, ["db", "migrate"]).status.isSuccess)
            try await fill(bus, count)
            let made = try await nimmer(system, ["memory", "backup", "--out", file])
            #expect(made.status.isSuccess, "\(made.text)")
        }
        try await body(file, folder)
    }

    private func isEmpty(_ bus: any Bus) async throws -> Bool {
        for archived in HouseStreams.archived(.dev) {
            do throws(BusError) { if try await bus.stream(archived.name).messages > 0 { return false } } catch {
                guard error.code == .notFound else { throw error }
            }
        }
        return true
    }

    @Test("that is ended in the middle is undone; of one that is killed a mark stays, until it is repeated")
    func interruptions() async throws {
        try await withFile(Self.messages) { file, _ in
            try await onServers { system, bus in
                let stopped = try await restoring(system, bus, file) {
                    await $0.terminate(signal: SIGTERM, grace: .seconds(30))
                }
                #expect(stopped == .exited(128 + SIGTERM))
                #expect(try await isEmpty(bus))
                #expect(try await HouseStreams.restoring(on: bus, environment: .dev) == nil)

                let killed = try await restoring(system, bus, file) { await $0.terminate(signal: SIGKILL) }
                #expect(killed == .signaled(SIGKILL))
                #expect(try await !isEmpty(bus))
                let again = try await nimmer(system, ["memory", "restore", file])
                #expect(again.status == .exited(1) && again.text.contains("dev is half restored"), "\(again.text)")
                #expect(again.text.contains("--clear"))
                let doctor = try await nimmer(system, ["doctor"])
                #expect(doctor.status == .exited(1) && doctor.text.contains("half restored"), "\(doctor.text)")
                // Nobody works on half of what was.
                try await system.start(.bridge)
                #expect(
                    try await system.wait(within: .seconds(30)) {
                        system.log.contains { $0.contains("half restored") } && !system.isRunning(.bridge)
                    }, "\(system.log)")

                let cleared = try await nimmer(system, ["memory", "restore", "--clear", file])
                #expect(cleared.status.isSuccess, "\(cleared.text)")
                #expect(try await bus.stream(HouseStreams.transitions(.dev)).messages == UInt64(Self.messages))
                #expect(try await HouseStreams.restoring(on: bus, environment: .dev) == nil)
                try await HouseStreams.ensure(on: bus, environment: .dev)
            }
        }
    }

    /// Starts a restore, ends it when the first stream has messages, and says how it ended.
    private func restoring(
        _ system: WholeSystem, _ bus: any Bus, _ file: String, _ end: (ChildProcess) async -> ChildExit
    ) async throws -> ChildExit {
        let child = try await ChildProcess.spawn(
            ChildCommand(
                WholeSystem.executable("nimmer"), ["memory", "restore", file],
                environment: system.variables(for: "operator")), output: .discarded)
        while child.exitStatus == nil {
            if let stream = try? await bus.stream(HouseStreams.transitions(.dev)), stream.messages > 0 { break }
        }
        return await end(child)
    }

    @Test("stands when only what follows the rows fails")
    func afterTheCommit() async throws {
        try await withFile(3) { file, _ in
            try await onServers { system, bus in
                #expect(try await nimmer(system, ["db", "migrate"]).status.isSuccess)
                // A table of the same owner that cannot be analyzed.
                for statement in [
                    "create schema other", "create table other.t as select 1 as a",
                    "create function other.f(int) returns int immutable language plpgsql as 'begin return 1; end'",
                    "create index on other.t (other.f(a))",
                    """
                    create or replace function other.f(int) returns int immutable language plpgsql
                    as 'begin raise exception ''not today''; end'
                    """,
                    "alter schema other owner to nimmer_migrator", "alter table other.t owner to nimmer_migrator",
                ] { _ = try await system.query(statement) }
                let restored = try await nimmer(system, ["memory", "restore", file])
                #expect(restored.status.isSuccess, "\(restored.text)")
                #expect(
                    restored.text.contains("not today") && restored.text.contains("everything is restored"),
                    "\(restored.text)")
                #expect(try await bus.stream(HouseStreams.transitions(.dev)).messages == 3)
                #expect(try await HouseStreams.restoring(on: bus, environment: .dev) == nil)
            }
        }
    }
}

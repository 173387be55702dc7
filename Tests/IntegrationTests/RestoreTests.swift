import Glibc
import NimmerBus
import NimmerBusNATS
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// docs/reference/backup.md, Restore: all of it or nothing, into an empty environment that nobody lives in.
@Suite(
    "A restore", .enabled(Prerequisites.note, Prerequisites.areMet), .serialized, .timeLimit(.minutes(5)))
struct RestoreTests {
    private static let messages = 5_000

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
            let bus = try await NATS.connector(system.client("restore-test"))
            try await body(system, bus)
            await bus.close()
        }
    }

    private func fill(_ bus: any Bus, _ count: Int) async throws {
        try await SystemStreams.ensure(on: bus, environment: .dev)
        // A stream keeps some of each gate only.
        let gates = try (0..<10).map { GateID(region: try Region("plant.r\($0)")) }
        for start in stride(from: 0, to: count, by: 250) {
            try await withThrowingDiscardingTaskGroup { group in
                for number in start..<min(start + 250, count) {
                    group.addTask {
                        _ = try await bus.publishDurably(
                            .transition(.dev, gate: gates[number % gates.count]),
                            payload: [UInt8](repeating: 0x20, count: 1000),
                            id: .named("\(number)"), timeout: .seconds(30))
                    }
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
        for archived in SystemStreams.archived(.dev) {
            do throws(BusError) { if try await bus.stream(archived.name).messages > 0 { return false } } catch {
                guard error.code == .notFound else { throw error }
            }
        }
        return true
    }

    @Test("is refused where it would go wrong, and changes nothing then")
    func refusals() async throws {
        try await withFile(3) { file, folder in
            try await onServers { system, bus in
                let other = try await nimmer(system, ["memory", "restore", file], in: "staging")
                #expect(other.status == .exited(64) && other.text.contains("is a backup of dev"), "\(other.text)")
                let check = try await nimmer(system, ["memory", "restore", "--check", file])
                #expect(check.status.isSuccess && check.text.contains("can be restored here"), "\(check.text)")
                #expect(try await isEmpty(bus))
                // Nothing lives there to be copied.
                let nothing = try await nimmer(
                    system, ["memory", "backup", "--streams-only", "--out", folder + "/b.backup"])
                #expect(nothing.status == .exited(69) && nothing.text.contains("has no stream DEV-TRANSITIONS"))
                #expect(access(folder + "/b.backup", F_OK) != 0)

                let database = try await nimmer(system, ["memory", "restore", "--database-only", file])
                #expect(database.status.isSuccess, "\(database.text)")
                #expect(try await isEmpty(bus))
                #expect(try await system.query("select count(*) from gates") == "0")
                let part = folder + "/c.backup"
                let half = try await nimmer(system, ["memory", "backup", "--database-only", "--out", part])
                #expect(half.status.isSuccess, "\(half.text)")
                let alone = try await nimmer(system, ["memory", "restore", part])
                #expect(alone.status == .exited(64) && alone.text.contains("holds no streams"), "\(alone.text)")

                try await system.start(.thalamus)
                #expect(
                    try await system.wait(within: .seconds(120)) {
                        try await nimmer(system, ["memory", "restore", "--check", file]).text.contains(
                            "thalamus of dev is running")
                    })
                let living = try await nimmer(system, ["memory", "restore", file])
                #expect(living.status == .exited(75) && living.text.contains("stop them"), "\(living.text)")
                await system.crash(.thalamus)
                #expect(try await isEmpty(bus))

                #expect(
                    try await system.wait(within: .seconds(120)) {
                        try await nimmer(system, ["memory", "restore", "--streams-only", file]).status.isSuccess
                    })
                #expect(try await bus.stream(SystemStreams.transitions(.dev)).messages == 3)
                let full = try await nimmer(system, ["memory", "restore", "--streams-only", file])
                #expect(full.status == .exited(73) && full.text.contains("holds 3 messages"), "\(full.text)")
                let cleared = try await nimmer(system, ["memory", "restore", "--clear", "--streams-only", file])
                #expect(cleared.status == .exited(73), "nothing was cut off: \(cleared.text)")
                #expect(try await bus.stream(SystemStreams.transitions(.dev)).messages == 3)
            }
        }
    }

    @Test("that is ended in the middle is undone; of one that is killed a mark stays, until it is repeated")
    func interruptions() async throws {
        try await withFile(Self.messages) { file, _ in
            try await onServers { system, bus in
                let stopped = try await restoring(system, bus, file) {
                    await $0.terminate(signal: SIGTERM, grace: .seconds(60))
                }
                #expect(stopped == .exited(128 + SIGTERM))
                #expect(try await isEmpty(bus))
                #expect(try await SystemStreams.restoring(on: bus, environment: .dev) == nil)

                let killed = try await restoring(system, bus, file) { await $0.terminate(signal: SIGKILL) }
                #expect(killed == .signaled(SIGKILL))
                #expect(try await !isEmpty(bus))
                let again = try await nimmer(system, ["memory", "restore", file])
                #expect(again.status == .exited(75) && again.text.contains("dev is half restored"), "\(again.text)")
                #expect(again.text.contains("--clear"))
                let doctor = try await nimmer(system, ["doctor"])
                #expect(doctor.status == .exited(1) && doctor.text.contains("half restored"), "\(doctor.text)")
                // Nobody works on half of what was.
                try await system.start(.bridge)
                #expect(
                    try await system.wait(within: .seconds(120)) {
                        system.log.contains { $0.contains("half restored") } && !system.isRunning(.bridge)
                    }, "\(system.log)")

                let cleared = try await nimmer(system, ["memory", "restore", "--clear", file])
                #expect(cleared.status.isSuccess, "\(cleared.text)")
                #expect(try await bus.stream(SystemStreams.transitions(.dev)).messages == UInt64(Self.messages))
                #expect(try await SystemStreams.restoring(on: bus, environment: .dev) == nil)
                try await SystemStreams.ensure(on: bus, environment: .dev)
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
                environment: system.variables(for: "operator")), output: .inherited)
        while child.exitStatus == nil {
            if let stream = try? await bus.stream(SystemStreams.transitions(.dev)), stream.messages > 0 { break }
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
                    "alter schema other owner to nimmerverse_dev_migrator",
                    "alter table other.t owner to nimmerverse_dev_migrator",
                ] { _ = try await system.query(statement) }
                let restored = try await nimmer(system, ["memory", "restore", file])
                #expect(restored.status.isSuccess, "\(restored.text)")
                #expect(
                    restored.text.contains("not today") && restored.text.contains("everything is restored"),
                    "\(restored.text)")
                #expect(try await bus.stream(SystemStreams.transitions(.dev)).messages == 3)
                #expect(try await SystemStreams.restoring(on: bus, environment: .dev) == nil)
            }
        }
    }

    /// With commands that reach somebody.
    private static func commanding(_ mode: String) -> String {
        """
          commands: \(mode)
          allow: [{target: motor, command: halt, payload: {}}]
          event_types:
            plant: {event: fault, reflex: {action: halt, commands: [{target: motor, command: halt}]}}

        """
    }

    private func nimmer(_ bench: BridgeBench, _ words: [String]) async throws -> Answer {
        var variables = ChildCommand.inheritedEnvironment.filter { !$0.key.hasPrefix("NIMMERVERSE_") }
        variables["NIMMERVERSE_NATS_URL"] = bench.clientURL
        let answer = try await ChildProcess.run(
            ChildCommand(WholeSystem.executable("nimmer"), words, environment: variables), limit: .seconds(60))
        return Answer(status: answer.status, text: answer.lines.map(\.text).joined(separator: "\n"))
    }

    @Test(
        "of a system that commands sends no command again, and forgets no person's word", arguments: ["act", "confirm"])
    func afterCommands(_ mode: String) async throws {
        var template = Array("/tmp/nimmer-restore-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        let file = "\(folder)/a.backup"
        let requests = try ["one", "two"].map { try BridgeBench.request("\(mode) \($0)", reflex: true, expiresIn: 300) }
        try await BridgeBench.run(bridge: Self.commanding(mode)) { bench in
            try await bench.startAndWait()
            for request in requests {
                try await bench.ask(request)
                _ = try await bench.response(to: request)
            }
            // The last transition lies before what follows: the system is quiet.
            let gate = GateID(region: try Region("plant"))
            _ = try await bench.bus.publishDurably(.transition(.dev, gate: gate), payload: [], id: .named("release"))
            if mode == "confirm" {
                let said = try await bench.command(
                    "approve", ["id": .string(requests[0].requestID.text), "by": "a person"])
                #expect(said.status == .ok, "\(said)")
            }
            #expect(
                try await bench.wait(within: .seconds(120)) {
                    try await bench.state(of: requests[0].requestID) == "done"
                })
            #expect(bench.commands.count == (mode == "act" ? 2 : 1))
            let made = try await nimmer(bench, ["memory", "backup", "--streams-only", "--out", file])
            #expect(made.status.isSuccess, "\(made.text)")
        }
        try await BridgeBench.run(bridge: Self.commanding(mode)) { bench in
            let restored = try await nimmer(bench, ["memory", "restore", "--streams-only", file])
            #expect(restored.status.isSuccess, "\(restored.text)")
            try await bench.startAndWait()
            // A later one goes through, so that whatever was due has had its turn.
            let after = try BridgeBench.request("\(mode) after", reflex: true)
            try await bench.ask(after)
            _ = try await bench.response(to: after)
            let states = mode == "act" ? ["done", "done", "done"] : ["done", "pending", "pending"]
            for (request, state) in zip(requests + [after], states) {
                #expect(
                    try await bench.wait(within: .seconds(120)) {
                        try await bench.state(of: request.requestID) == state
                    },
                    "\(bench.log)")
            }
            #expect(bench.commands.map(\.cause) == (mode == "act" ? [after.requestID.text] : []))
            #expect(try await bench.responses().count == 3)
            #expect(try await bench.acts(of: requests[0].requestID).map(\.outcome.rawValue) == ["done"])
        }
    }
}

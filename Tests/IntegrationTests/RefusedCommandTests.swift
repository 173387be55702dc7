import Glibc
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// Servers that answer and refuse: each command says so at once, by its exit status and in words that help.
@Suite(
    "Commands that a server refuses", .enabled(Prerequisites.note, Prerequisites.areMet), .timeLimit(.minutes(5)),
    .serialized)
struct RefusedCommandTests {
    /// What a command printed, with which status, and how long it took.
    private struct Answer {
        let status: ChildExit
        let text: String
        let took: Duration
    }

    private func run(_ desk: TestSystem, _ program: String, _ words: [String], _ more: [String: String] = [:])
        async throws
        -> Answer
    {
        var command = desk.command(words, program: WholeSystem.executable(program))
        command.environment.merge(more) { $1 }
        let began = ContinuousClock.now
        let answer = try await ChildProcess.run(command, limit: .seconds(90))
        return Answer(
            status: answer.status, text: answer.lines.map(\.text).joined(separator: "\n"),
            took: began.duration(to: .now))
    }

    private static let permissions = """
        authorization { users: [
          {user: all, password: all},
          {user: ro, password: ro, permissions: {publish: {allow: ["_INBOX.>", "$SRV.>"]}, subscribe: ">"}}
        ] }
        """

    @Test(
        "a publication that is not permitted ends every command that publishes with status 77 and its subject",
        arguments: await NATSBinary.installed())
    func publishDenied(_ binary: NATSBinary) async throws {
        let desk = try TestSystem()
        defer { desk.remove() }
        let server = try await NATSServer.start(
            NATSServerOptions(folder: desk.folder + "/nats", binary: binary.path, extraConfiguration: Self.permissions))
        let all = "nats://all:all@127.0.0.1:\(server.port)"
        let limited = "nats://ro:ro@127.0.0.1:\(server.port)"
        var children: [ChildProcess] = []
        for program in ["math-cell", "cognition-bridge"] {
            var command = desk.command(["--nats", all], program: WholeSystem.executable(program))
            command.environment["NIMMERVERSE_LOG_LEVEL"] = "error"
            children.append(try await ChildProcess.spawn(command, output: .discarded))
        }
        // As who may, everything is taken.
        var asked = try await run(desk, "nimmer", ["cell", "ask", "math", "--server", all])
        while asked.text.contains("no cell math") {
            try await Task.sleep(for: .milliseconds(100))
            asked = try await run(desk, "nimmer", ["cell", "ask", "math", "--server", all])
        }
        let emitted = try await run(
            desk, "nimmer", ["wave", "emit", "--cell", "door", "--confidence", "0.8", "--server", all])
        #expect(emitted.status == .exited(0), "\(emitted.text)")
        while try await run(desk, "nimmer", ["mind", "list", "--server", all]).status != .exited(0) {
            try await Task.sleep(for: .milliseconds(100))
        }
        for words in [
            ["wave", "emit", "--cell", "door", "--confidence", "0.8"],
            ["cell", "ask", "math", #"{"operation": "addition", "operands": [15, 27]}"#],
            ["mind", "ask", "is it damp?"],
            ["mind", "list"], ["mind", "budget"],
        ] {
            let answer = try await run(desk, "nimmer", words + ["--server", limited])
            #expect(answer.status == .exited(77), "\(words): \(answer.status) \(answer.text)")
            #expect(
                answer.text.contains("does not permit the password of user 'ro' publishing to dev."),
                "\(words): \(answer.text)")
            #expect(answer.took < .seconds(60), "\(words): \(answer.took)")
        }
        for child in children { await child.terminate(grace: .seconds(60)) }
        await server.stop()
    }

    @Test("a question to minds without a bridge fails at once")
    func noBridge() async throws {
        let desk = try TestSystem()
        defer { desk.remove() }
        let server = try await NATSServer.start(NATSServerOptions(folder: desk.folder + "/nats"))
        let answer = try await run(desk, "nimmer", ["mind", "ask", "is it damp?", "--server", server.url])
        #expect(
            answer.status == .exited(69) && answer.text.contains("no service cognition-bridge is running"),
            "\(answer.text)")
        #expect(answer.took < .seconds(60))
        await server.stop()
    }

    @Test("a mind that does not answer is called unreachable where minds are listed and where one is asked")
    func unreachableMind() async throws {
        let desk = try TestSystem()
        defer { desk.remove() }
        let server = try await NATSServer.start(NATSServerOptions(folder: desk.folder + "/nats"))
        try SmallFile.write(
            "nimmerverse: 1\nname: far\nbridge:\n  minds: [{name: far, kind: ollama, url: \"http://127.0.0.1:1\", model: m}]\n",
            to: desk.folder + "/far.yaml")
        var command = desk.command(
            ["--nats", server.url, "--system", "far.yaml"], program: WholeSystem.executable("cognition-bridge"))
        command.environment["NIMMERVERSE_LOG_LEVEL"] = "error"
        let bridge = try await ChildProcess.spawn(command, output: .discarded)
        var listed = try await run(desk, "nimmer", ["mind", "list", "--server", server.url])
        let end = ContinuousClock.now + .seconds(60)
        while !listed.text.contains("unreachable"), ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(200))
            listed = try await run(desk, "nimmer", ["mind", "list", "--server", server.url])
        }
        let row = try #require(
            listed.text.split(separator: "\n").first { $0.contains("127.0.0.1:1") }, "\(listed.text)")
        #expect(row.split(separator: " ").prefix(2) == ["far", "unreachable"], "\(row)")
        let asked = try await run(
            desk, "nimmer", ["mind", "ask", "is it damp?", "--action", "wait", "--server", server.url])
        #expect(
            asked.status == .exited(0) && asked.text.contains("far") && asked.text.contains("unreachable"),
            "\(asked.text)")
        await bridge.terminate(grace: .seconds(60))
        await server.stop()
    }

    @Test("hippocampus --check connects to its database, or names what is wrong there")
    func hippocampus() async throws {
        let desk = try TestSystem()
        defer { desk.remove() }
        let database = try await PostgresServer.start(folder: desk.folder + "/postgres", durability: .volatile)
        let password = try SmallFile.firstLine(of: database.passwordFile)
        let place = "127.0.0.1:\(database.port)/nimmerverse_dev"
        let good = "postgresql://nimmer:\(password)@\(place)"
        func check(_ url: String) async throws -> Answer {
            try SmallFile.write(
                TestSystem.system + "\npostgres: {url: \"\(url)\"}\n", to: desk.folder + "/with-database.yaml")
            return try await run(desk, "hippocampus", ["--system", "with-database.yaml", "--check"])
        }
        let missing = try await check(good)
        #expect(missing.status == .exited(78) && missing.text.contains("nimmer db migrate"), "\(missing.text)")
        let migrated = try await run(desk, "nimmer", ["db", "migrate", "--database", good])
        #expect(migrated.status == .exited(0), "\(migrated.text)")
        let fine = try await check(good)
        #expect(fine.status == .exited(0) && fine.text.contains("database: PostgreSQL at 127.0.0.1"), "\(fine.text)")
        #expect(!fine.text.contains(password))
        let refused = try await check("postgresql://nimmer:wrong@\(place)")
        #expect(refused.status == .exited(78) && refused.text.contains("percent-encoded"), "\(refused.text)")
        let unreadable = try await check("postgresql://nimmer:p%zz@\(place)")
        #expect(unreadable.status == .exited(78) && unreadable.text.contains("percent-encoded"), "\(unreadable.text)")
        let away = try await check("postgresql://nimmer:x@127.0.0.1:1/nimmerverse_dev")
        #expect(away.status == .exited(69) && away.text.contains("does not answer"), "\(away.text)")
        await database.stop()
    }
}

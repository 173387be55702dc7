import Glibc
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// Passwords in addresses, and what is printed of them: nothing.
@Suite("Passwords", .enabled(Prerequisites.note, Prerequisites.areMet), .timeLimit(.minutes(5)), .serialized)
struct SecretsTests {
    /// Found wherever a part of it is shown.
    static let secret = "hush-S3CRET-hush"

    /// A nats-server that asks for the password, and a folder to work in.
    private func withServer(_ body: (_ address: String, _ folder: String) async throws -> Void) async throws {
        var template = Array("/tmp/nimmer-secrets-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        let server = try await NATSServer.start(
            NATSServerOptions(
                folder: folder + "/nats",
                extraConfiguration: "authorization { user: somebody, password: \"\(Self.secret)\" }"))
        do {
            try await body("nats://somebody:\(Self.secret)@127.0.0.1:\(server.port)", folder)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private func variables(_ more: [String: String]) -> [String: String] {
        var variables = ChildCommand.inheritedEnvironment.filter { !$0.key.hasPrefix("NIMMERVERSE_") }
        variables["NIMMERVERSE_ENV"] = "dev"
        return variables.merging(more) { $1 }
    }

    /// Output of a program until it ends, or for a while in which it prints something.
    private func output(
        _ program: String, _ words: [String], _ more: [String: String], in folder: String,
        for limit: Duration = .seconds(120)
    ) async throws -> [String] {
        let box = LineBox(limit: 10_000)
        let child = try await ChildProcess.spawn(
            ChildCommand(
                WholeSystem.executable(program), words, environment: variables(more), workingDirectory: folder),
            output: .lines { box.append($0) })
        let (end, last) = (ContinuousClock.now + limit, ContinuousClock.now + .seconds(120))
        while child.exitStatus == nil, ContinuousClock.now < (box.texts.isEmpty ? last : end) {
            try await Task.sleep(for: .milliseconds(50))
        }
        await child.terminate(signal: SIGINT, grace: .seconds(60))
        return box.texts
    }

    private func expectNone(_ lines: [String], _ what: String) {
        #expect(!lines.isEmpty, "\(what) prints something")
        for line in lines { #expect(!line.contains("S3CRET"), "\(what): \(line)") }
    }

    @Test("stand in nothing that a command prints")
    func commands() async throws {
        try await withServer { address, folder in
            let databases = [
                "postgresql://somebody:\(Self.secret)@127.0.0.1:1/x",
                "postgresql://somebody:S3CRET/\(Self.secret)@127.0.0.1:1/x",
                "postgresql://somebody:S3CRET@\(Self.secret)@127.0.0.1:1/x",
                "host=127.0.0.1 port=1 password=\(Self.secret) x",
            ]
            let given = ["NIMMERVERSE_NATS_URL": address, "NIMMERVERSE_POSTGRES_URL": databases[0]]
            for words in [
                ["env"], ["env", "--json"], ["doctor"], ["doctor", "--json"], ["status"], ["status", "--json"],
                ["cell", "list", "--json"],
                ["db", "migrate"], ["memory", "why", "x"], ["memory", "backup", "--streams-only"],
            ] {
                expectNone(try await output("nimmer", words, given, in: folder), "nimmer \(words)")
            }
            for wrong in [
                address.dropLast(2) + "1", "nats://somebody:\(Self.secret)@127.0.0.1:port",
                "nats://somebody:S3CRET,\(Self.secret)@127.0.0.1",
                "http://somebody:\(Self.secret)@127.0.0.1", "nats://somebody:S3CRET \(Self.secret)@127.0.0.1:1",
            ] {
                let lines = try await output("nimmer", ["status", "--server", String(wrong)], [:], in: folder)
                expectNone(lines, "nimmer status --server \(wrong)")
            }
            for database in databases {
                let lines = try await output("nimmer", ["db", "migrate", "--database", database], [:], in: folder)
                expectNone(lines, "nimmer db migrate --database \(database)")
            }
        }
    }

    @Test("stand in nothing that a process prints, logs or is started with")
    func processes() async throws {
        try await withServer { address, folder in
            let database = "postgresql://somebody:\(Self.secret)@127.0.0.1:1/x"
            let given = [
                "NIMMERVERSE_NATS_URL": address, "NIMMERVERSE_POSTGRES_URL": database, "NIMMERVERSE_LOG_LEVEL": "trace",
            ]
            for program in ["thalamus", "hippocampus", "cognition-bridge", "math-cell"] {
                expectNone(try await output(program, ["--check"], given, in: folder), "\(program) --check")
                expectNone(try await output(program, [], given, in: folder, for: .seconds(2)), program)
                let flags = ["--nats", address + "1"] + (program == "hippocampus" ? ["--postgres", database] : [])
                expectNone(try await output(program, flags + ["--check"], [:], in: folder), "\(program) \(flags)")
                expectNone(try await output(program, flags, [:], in: folder, for: .seconds(2)), "\(program) \(flags)")
            }
            try SmallFile.write(
                "nimmerverse: 1\nname: s\ncells:\n  - {name: math, kind: math/v1}\n", to: folder + "/system.yaml")
            let box = LineBox(limit: 10_000)
            let up = try await ChildProcess.spawn(
                ChildCommand(
                    WholeSystem.executable("nimmer"), ["up", "system.yaml"], environment: variables(given),
                    workingDirectory: folder),
                output: .lines { box.append($0) })
            try await Task.sleep(for: .seconds(4))
            var arguments: [String] = []
            func isCellThere() -> Bool { arguments.contains { $0.contains("math-cell") && $0.contains(folder) } }
            let end = ContinuousClock.now + .seconds(120)
            while !isCellThere(), up.exitStatus == nil, ContinuousClock.now < end {
                arguments = try await ChildProcess.run(ChildCommand("ps", ["-eo", "args"])).lines.map(\.text)
            }
            #expect(isCellThere())
            #expect(!arguments.contains { $0.contains(Self.secret) })
            expectNone(try await output("nimmer", ["cell", "list", "--json"], given, in: folder), "$SRV")
            await up.terminate(signal: SIGINT, grace: .seconds(60))
            expectNone(box.texts, "nimmer up")
        }
    }

    @Test("stand in no refusal of a system file")
    func systemFiles() async throws {
        var template = Array("/tmp/nimmer-secrets-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        for part in [
            "minds:\n  - {name: m, kind: ollama, model: x, url: 'http://somebody:\(Self.secret)@127.0.0.1:1'}",
            "minds:\n  - {name: m, kind: ollama, model: x, url: 'http://127.0.0.1:1/?api_key=\(Self.secret)'}",
            "nats: {url: 'nats://somebody:\(Self.secret)@127.0.0.1:port'}",
            "cells:\n  - {name: math, kind: math/v1, settings: {interval_ms: 'nats://\(Self.secret)@x'}}",
        ] {
            try SmallFile.write("nimmerverse: 1\nname: s\n\(part)\n", to: folder + "/system.yaml")
            for (program, words) in [
                ("nimmer", ["up", "--no-database", "system.yaml"]), ("math-cell", ["--system", "system.yaml"]),
                ("cognition-bridge", ["--system", "system.yaml"]),
            ] {
                expectNone(try await output(program, words, [:], in: folder, for: .seconds(2)), "\(program): \(part)")
            }
        }
    }
}

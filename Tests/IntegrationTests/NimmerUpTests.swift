import Glibc
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

@Suite("nimmer up", .enabled(Prerequisites.note, Prerequisites.areMet), .serialized, .timeLimit(.minutes(5)))
struct NimmerUpTests {
    @Test("runs a system that shell scripts can speak to, and stops it without a trace")
    func wholeDay() async throws {
        let desk = try TestSystem()
        defer { desk.remove() }
        let up = try await desk.up()

        let refusal = try await desk.nimmer("up", "desk.yaml", expect: 75)
        #expect(refusal.first?.contains("runs here already") == true)
        #expect(
            try await desk.nimmer(
                "cell", "ask", "math", "--timeout", "60", #"{"operation": "addition", "operands": [15, 27]}"#
            )
            .first?.contains("42") == true)

        // A busy machine may take longer than the gate's window between two commands: then they are said again.
        repeat {
            async let first = desk.nimmer("wave", "emit", "--cell", "first", "--domain", "door", "--confidence", "0.9")
            try await desk.nimmer("wave", "emit", "--cell", "second", "--domain", "door", "--confidence", "0.9")
            _ = try await first
        } while !(await eventually(within: .seconds(5)) { up.log.lines.contains { $0.contains("▮ gate      door") } })
        // A response may arrive before the copy of its request.
        try await up.says("◇ decision  door")
        for part in ["∿ wave      door", "▮ gate      door", "◉ collapse  door", "◆ escalate  door"] {
            try await up.says(part)
        }
        #expect(try await desk.nimmer("gate", "why", "door").contains { $0.hasPrefix("It opened at") })
        #expect(try await desk.nimmer("gate", "list").contains { $0.hasPrefix("door") && $0.contains("OPEN") })

        let status = try await desk.json("status", "--json")
        #expect(status["running"]?.bool == true)
        // Everybody who decides has a journal in a folder of the owner alone.
        let services = status["services"]?.array ?? []
        #expect(services.filter { $0["data"]?["outbox"]?["journal"]?.object != nil }.count == 2, "thalamus and math")
        var about = stat()
        #expect(stat(desk.folder + "/.nimmer/dev/state", &about) == 0 && about.st_mode & 0o777 == 0o700)
        let names = Set((status["services"]?.array ?? []).compactMap { $0["name"]?.string })
        #expect(names.isSuperset(of: ["math", "thalamus", "cognition-bridge", "hippocampus"]))
        #expect(status["attention"]?["collapses"]?.int == 1)

        let opening = try await desk.json("gate", "why", "door", "--json")["opening"]?["transition_id"]?.string
        let id = try #require(opening)
        var story: [String] = []
        repeat {
            let answer = try? await desk.json("memory", "why", id, "--json")
            story = (answer?.object?.members ?? []).filter { !$0.value.isNull }.map(\.key)
        } while !Set(story).isSuperset(of: ["transition", "collapse", "request", "response"])

        let processes = desk.processes()
        #expect(processes.count == 6)
        try await desk.nimmer("down")
        #expect(await up.child.waitForExit() == .exited(0))
        #expect(processes.allSatisfy { !$0.isAlive })
        #expect(try await desk.nimmer("down").first == "nothing runs here in dev")
    }

    @Test("restarts what dies, ends in order on a signal, and cleans up after its own violent death")
    func violence() async throws {
        let desk = try TestSystem()
        defer { desk.remove() }
        let up = try await desk.up("--no-database", environment: "staging")
        #expect(up.log.lines.contains { $0.contains("decisions wait in the streams") })
        let math = try await desk.json("status", "--json", environment: "staging")["processes"]?.array?
            .first { $0["name"]?.string == "math" }?["pid"]?.int
        kill(Int32(try #require(math)), SIGKILL)
        try await up.says("math was ended by signal 9; starting it again")

        let before = desk.processes(environment: "staging")
        up.child.send(SIGKILL, toGroup: false)
        _ = await up.child.waitForExit()
        try await desk.nimmer("down", environment: "staging")
        #expect(before.allSatisfy { !$0.isAlive })

        let again = try await desk.up("--no-database", "--only", "thalamus", environment: "staging")
        again.child.send(SIGINT, toGroup: false)
        #expect(await again.child.waitForExit() == .exited(0))
        #expect(again.log.lines.last?.hasSuffix("all stopped") == true)
        #expect(!SmallFile.exists(desk.folder + "/.nimmer/staging/up.json"))
    }

    @Test("a tail in a pipe ends when its reader goes, or when it has shown what was asked for")
    func tail() async throws {
        let desk = try TestSystem()
        defer { desk.remove() }
        let up = try await desk.up("--no-database")
        let shell = try await ChildProcess.run(
            ChildCommand(
                "/bin/sh",
                [
                    "-c",
                    """
                    cd '\(desk.folder)'
                    ('\(WholeSystem.executable("nimmer"))' wave tail --all; echo "ended with $?" >ended) | head -n 1
                    while [ ! -s ended ]; do sleep 0.05; done
                    cat ended
                    '\(WholeSystem.executable("nimmer"))' wave tail --all --json --count 1
                    """,
                ]), limit: .seconds(120))
        let lines = shell.lines.map(\.text)
        #expect(lines.count == 3, "\(lines)")
        #expect(lines.dropFirst().first == "ended with 0")
        #expect(lines.last.flatMap { try? JSON(parsing: $0) }?["header"]?["message_type"]?.string != nil)
        up.child.send(SIGTERM, toGroup: false)
        #expect(await up.child.waitForExit() == .exited(0))
    }
}

extension NewPackages {
    /// What `nimmer nerve new` writes is built and tested (the tutorial builds a cell); the build is kept beside our own, so
    /// that only the first time is slow.
    @Suite struct ScaffoldBuildTests {
        @Test(.enabled(Prerequisites.note, Prerequisites.areMet), .timeLimit(.minutes(20)))
        func aNewNerveBuildsAndPassesItsTest() async throws {
            let desk = try TestSystem()
            defer { desk.remove() }
            try await desk.nimmer("nerve", "new", "evacuate", "--nimmerverse", NewPackages.root)
            let swift = try #require(Executables.find("swift"))
            let answer = try await ChildProcess.run(
                ChildCommand(
                    swift, ["test", "--scratch-path", NewPackages.root + "/.build/scaffold"],
                    workingDirectory: desk.folder + "/evacuate"), limit: .seconds(1000))
            #expect(answer.status.isSuccess, "\(answer.lines.suffix(30).map(\.text))")
            #expect(answer.lines.contains { $0.text.contains("1 test in 1 suite passed") })
        }
    }
}

import Glibc
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// docs/examples/load_cell.py, the cell of docs/tutorial/python-cell.md, beside a real `nimmer up`.
@Suite(
    "The Python cell", .enabled(Prerequisites.note, Prerequisites.areMet), .serialized, .timeLimit(.minutes(5)))
struct PythonCellTests {
    private static let file = NewPackages.root + "/docs/examples/load_cell.py"

    @Test("the page shows the file, which has 30 lines at most")
    func page() throws {
        let text = try #require(SmallFile.read(Self.file))
        #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 31)
        let blocks = try HomeAssistantTests.blocks("python", of: "docs/tutorial/python-cell.md")
        #expect(blocks == [String(text.dropLast())])
    }

    @Test(
        "it is listed, its waves are understood, and they reach a gate",
        .enabled("no python3 with nats-py; install it with: pip install nats-py") {
            await Prerequisites.python() != nil
        })
    func runs() async throws {
        let python = try #require(await Prerequisites.python())
        let desk = try TestSystem()
        defer { desk.remove() }
        let up = try await desk.up("--no-database")
        do {
            // The variables that a person's shell gets from `nimmer env --export`, and no others of the system.
            var command = desk.command([Self.file], program: python)
            command.environment["NIMMERVERSE_ENV"] = nil
            for line in try await desk.nimmer("env", "--export") {
                let pair = try #require(String(line.dropFirst("export ".count)).halves(around: "="))
                command.environment[pair.before] = String(pair.after.dropFirst().dropLast())
            }
            let log = Log()
            let cell = try await ChildProcess.spawn(command, output: .lines { log.append($0.text) })
            let before = try await Self.counters(desk)
            let waves = try await desk.nimmer("wave", "tail", "dev.nervous.cells.load.wave", "--json", "--count", "3")
            #expect(waves.count == 3)
            for line in waves {
                let printed = try JSON(parsing: line)
                let wave = try Envelope<WaveSignal>(decoding: Array((printed["message"] ?? printed).text.utf8))
                #expect((0...1).contains(wave.body.confidence) && wave.body.domain.text == "machine")
            }
            let listed = try await desk.json("cell", "list", "--json").array?.first { $0["name"]?.string == "load" }
            #expect(listed?["metadata"]?["role"]?.string == "cell" && listed?["version"]?.string == "1.0.0")
            #expect(try await desk.nimmer("cell", "list").contains { $0.hasPrefix("load ") })
            #expect(try await desk.nimmer("gate", "list").contains { $0.contains("machine") })
            let after = try await Self.counters(desk)
            #expect((after.waves ?? 0) >= (before.waves ?? 0) + 3)
            #expect(after.rejected == 0)
            #expect(cell.exitStatus == nil, "\(log.lines)")
            await cell.terminate(grace: .seconds(60))
        } catch {
            print(up.log.lines.joined(separator: "\n"))
            await up.child.terminate(grace: .seconds(60))
            throw error
        }
        await up.child.terminate(grace: .seconds(60))
    }

    @Test(
        "the client of README.md gets its answer, with the variables of the shell",
        .enabled("no python3 with nats-py; install it with: pip install nats-py") {
            await Prerequisites.python() != nil
        })
    func readme() async throws {
        let python = try #require(await Prerequisites.python())
        let page = try #require(SmallFile.read(NewPackages.root + "/README.md"))
        let block = try #require(
            page.halves(around: "```\neval \"$(nimmer env --export)\"\n")?.after.halves(around: "\n```")?.before)
        let desk = try TestSystem()
        defer { desk.remove() }
        let up = try await desk.up("--no-database")
        while !(try await desk.nimmer("cell", "list")).contains(where: { $0.hasPrefix("math ") }) {}
        // A cell is listed before it takes requests; this waits until it does.
        _ = try await desk.nimmer(
            "cell", "ask", "math", "--timeout", "60", #"{"operation": "addition", "operands": [1, 2]}"#)
        // Its words are a person's: `nimmer` and `python3` are found in PATH.
        let bin = desk.folder + "/bin"
        try SmallFile.makeFolder(bin)
        for (name, target) in [("nimmer", WholeSystem.executable("nimmer")), ("python3", python)] {
            try SmallFile.write("#!/bin/sh\nexec '\(target)' \"$@\"\n", to: "\(bin)/\(name)")
            chmod("\(bin)/\(name)", 0o755)
        }
        var shell = desk.command(
            ["-c", "set -e; eval \"$(nimmer env --export)\"\n\(block)"], program: "/bin/bash")
        shell.environment["PATH"] = "\(bin):/usr/bin:/bin"
        let answer = try await ChildProcess.run(shell, limit: .seconds(60))
        let text = answer.lines.map(\.text).joined(separator: "\n")
        #expect(answer.status.isSuccess && text.includes("42"), "\(text)")
        await up.child.terminate(grace: .seconds(60))
    }

    /// Counters of the waves that the thalamus has read and refused.
    private static func counters(_ desk: TestSystem) async throws -> (waves: Int?, rejected: Int?) {
        let thalamus = try await desk.json("cell", "list", "--json").array?.first { $0["name"]?.string == "thalamus" }
        return (thalamus?["data"]?["waves_in"]?.int, thalamus?["data"]?["rejected"]?.int)
    }
}

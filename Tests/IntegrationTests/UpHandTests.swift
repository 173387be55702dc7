import Glibc
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// What a person does by hand beside a running `nimmer up`.
@Suite(.enabled(Prerequisites.note, Prerequisites.areMet), .serialized, .timeLimit(.minutes(5)))
struct UpHandTests {
    @Test("logs are kept and followed, a process is restarted, a cell is described, a wave is confirmed")
    func byHand() async throws {
        let desk = try TestSystem()
        defer { desk.remove() }
        let up = try await desk.up("--no-database")
        let seen = Log()
        let follower = try await ChildProcess.spawn(
            desk.command(["logs", "-f", "thalamus"]), output: .lines { seen.append($0.text) })
        let emitted = try await desk.nimmer(
            "wave", "emit", "--cell", "door", "--confidence", "0.5", "--content", "{}")
        #expect(emitted.first?.hasPrefix("emitted ") == true)
        #expect(emitted.first?.hasSuffix(" on dev.nervous.cells.door.wave") == true, "\(emitted)")

        let info = try await desk.nimmer("cell", "info", "math")
        #expect(info.first?.hasPrefix("math  Calculates") == true, "\(info)")
        #expect(info.contains { $0.contains("calculate") || $0.contains("ask") }, "\(info)")
        #expect(try await desk.nimmer("cell", "info", "maht", expect: 1).first?.contains("did you mean math?") == true)

        let before = desk.processes()
        let restarted = try await desk.nimmer("restart", "math")
        #expect(restarted.first?.hasPrefix("restarted math (process ") == true, "\(restarted)")
        try await up.says("math starts again, as asked")
        #expect(Set(desk.processes().map(\.pid)).subtracting(before.map(\.pid)).count == 1)
        #expect(try await desk.nimmer("restart", "mth", expect: 1).first?.contains("did you mean math?") == true)

        // The cell that was started by hand finds its server in a folder below, too.
        try SmallFile.makeFolder(desk.folder + "/below")
        let hand = try await ChildProcess.spawn(
            desk.command(["--name", "hand"], program: WholeSystem.executable("math-cell"), in: "/below"),
            output: .discarded)
        while !(try await desk.nimmer("cell", "list")).contains(where: { $0.hasPrefix("hand ") }) {
            try #require(hand.exitStatus == nil)
        }
        await hand.terminate(signal: SIGTERM, grace: .seconds(60))

        // Another environment's commands are refused by the server's name.
        let exported = try await desk.nimmer("env", "--export")
        var wrong = desk.command(["cell", "list"], "staging")
        for line in exported {
            guard let (name, value) = line.dropFirst("export ".count).description.halves(around: "="),
                name != "NIMMERVERSE_ENV"
            else { continue }
            wrong.environment[name] = String(value.dropFirst().dropLast())
        }
        let refused = try await ChildProcess.run(wrong, limit: .seconds(120))
        #expect(refused.status == .exited(64))
        #expect(refused.lines.first?.text.contains("nimmer-dev") == true, "\(refused.lines.map(\.text))")
        #expect(refused.lines.first?.text.contains("NIMMERVERSE_ENV is staging") == true)
        var cell = wrong
        (cell.executable, cell.arguments) = (WholeSystem.executable("math-cell"), ["--name", "lost"])
        let lost = try await ChildProcess.run(cell, limit: .seconds(120))
        #expect(lost.status == .exited(64) && lost.lines.contains { $0.text.contains("is that of dev") })

        try await desk.nimmer("restart", "thalamus")
        #expect(await eventually(within: .seconds(120)) { seen.lines.count { $0.contains("Listening") } == 2 })
        await follower.terminate(signal: SIGTERM, grace: .seconds(60))
        try await desk.nimmer("down")
        _ = await up.child.waitForExit()
        #expect(try await desk.nimmer("logs", "-n", "1", "thalamus").count == 1)
        #expect(seen.lines.allSatisfy { $0.contains(" thalamus ") }, "\(seen.lines)")
    }

    @Test("every process has a port of its own, and one address has the pages of all")
    func ports() async throws {
        let desk = try TestSystem()
        defer { desk.remove() }
        let port = try LoopbackPort.free()
        let up = try await desk.up(
            "--no-database", variables: ["NIMMERVERSE_HTTP_PORT": "127.0.0.1:\(port)"])
        let processes = try await desk.json("status", "--json")["processes"]?.array ?? []
        let ports = processes.compactMap { $0["http_port"]?.int }
        #expect(ports.count == 3 && Set(ports).count == 3 && !ports.contains(Int(port)), "\(processes.map(\.text))")
        let isReady = await eventually(within: .seconds(120)) {
            LoopbackPort.status(of: "/readyz", on: port, within: .seconds(5)) == 200
        }
        #expect(isReady)
        let curl = try #require(Executables.find("curl"))
        let page = try await ChildProcess.run(ChildCommand(curl, ["-sf", "http://127.0.0.1:\(port)/metrics"]))
        let text = page.lines.map(\.text)
        for name in ["math", "thalamus", "cognition-bridge"] {
            #expect(text.contains { $0.hasPrefix("nimmer_ready{process=\"\(name)\"} 1") }, "\(name)")
        }
        #expect(text.count { $0 == "# TYPE nimmer_ready gauge" } == 1)
        up.child.send(SIGINT, toGroup: false)
        #expect(await up.child.waitForExit() == .exited(0))
        let taken = try await desk.nimmer("up", "desk.yaml", "--only", "nothing", expect: 64)
        #expect(taken.first?.contains("--only") == true)
    }
}

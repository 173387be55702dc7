import Glibc
import NimmerPlatform
import Testing

@testable import NimmerServers

/// Executables as the first process of a container: they become the parents of what others leave behind.
@Suite(
    "The first process of a container", .enabled(Prerequisites.note, Prerequisites.areMet),
    .enabled(if: geteuid() == 0, "only root may make a process namespace here"), .timeLimit(.minutes(5)))
struct FirstProcessTests {
    private struct Listed {
        let pid: Int32
        let parent: Int32
        let isZombie: Bool
    }

    /// The ended processes below this one that wait to be reaped.
    private func zombies(below pid: Int32) async throws -> [Int32] {
        var all: [Listed] = []
        for line in try await ChildProcess.run(ChildCommand("ps", ["-eo", "pid=,ppid=,stat="])).lines {
            let words: [Substring] = line.text.split(separator: " ")
            guard words.count == 3, let pid = Int32(words[0]), let parent = Int32(words[1]) else { continue }
            all.append(Listed(pid: pid, parent: parent, isZombie: words[2].hasPrefix("Z")))
        }
        var found: [Int32] = []
        var above: Set<Int32> = [pid]
        while !above.isEmpty {
            let next: [Listed] = all.filter { above.contains($0.parent) }
            found += next.filter { $0.isZombie }.map { $0.pid }
            above = Set(next.map { $0.pid })
        }
        return found
    }

    @Test(
        "reaps orphans, and takes no exit status from who waits for an own child", arguments: ["sensor-cell", "nimmer"])
    func reaps(_ program: String) async throws {
        let desk = try TestSystem(
            """
            nimmerverse: 1
            name: first
            cells: [{name: sensor, kind: sensor/v1, settings: {command: [sh, orphans.sh], domain: load}}]
            """)
        defer { desk.remove() }
        // Each round leaves a process whose parent has ended; the last ends the program with a status of its own.
        try SmallFile.write(
            """
            for round in 1 2 3 4 5 6 7 8 9 10; do
              (setsid sh -c 'sleep 0.1; exit 3' &)
              echo $round
              sleep 0.2
            done
            sleep 3
            exit 7

            """, to: desk.folder + "/orphans.sh")
        let words =
            program == "nimmer"
            ? ["up", "desk.yaml", "--no-database"] : ["--system", "desk.yaml", "--name", "sensor"]
        var command = desk.command(
            ["--pid", "--fork", "--mount-proc", WholeSystem.executable(program)] + words, program: "unshare")
        command.environment["NIMMERVERSE_NATS_URL"] = program == "nimmer" ? nil : "nats://127.0.0.1:1"
        let log = Log()
        let child = try await ChildProcess.spawn(command, output: .lines { log.append($0.text) })
        var most = 0
        let end = ContinuousClock.now + .seconds(120)
        // The program is started again after it has ended: by then its orphans have come and gone.
        while !log.lines.contains(where: { $0.contains("7") && $0.contains("status") }), ContinuousClock.now < end {
            most = max(most, try await zombies(below: child.pid).count)
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(log.lines.contains { $0.contains("7") && $0.contains("status") }, "\(log.lines)")
        #expect(most > 0, "there was an orphan to reap")
        // The command runs again meanwhile, and leaves new ones.
        var left = Set(try await zombies(below: child.pid))
        let reaped = ContinuousClock.now + .seconds(120)
        while !left.isEmpty, ContinuousClock.now < reaped {
            try await Task.sleep(for: .milliseconds(100))
            left.formIntersection(try await zombies(below: child.pid))
        }
        #expect(left.isEmpty, "\(left)")
        await child.terminate(signal: SIGKILL)
    }
}

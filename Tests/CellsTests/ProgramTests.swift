import Dispatch
import Foundation
import Glibc
import NimmerPlatform
import NimmerWave
import Testing

@testable import MotorMachine

@Suite("motor: programs")
struct ProgramTests {
    private func outcome<Value>(_ body: () async throws(Refusal) -> Value) async -> Result<Value, Refusal> {
        do throws(Refusal) { return .success(try await body()) } catch { return .failure(error) }
    }

    @Test("its exit status is reported", arguments: [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143)])
    func status(script: String, expected: Int) async throws {
        let program = Program(["/bin/sh", "-c", script])
        try await program.start()
        #expect(try await program.wait() == expected)
    }

    @Test("ending it ends its children too")
    func group() async throws {
        let program = Program(["/bin/sh", "-c", "sleep 600 & wait"])
        try await program.start()
        program.end(forGood: true)
        #expect(try await program.wait() == 137)
    }

    @Test("standard input is empty, so that nothing waits for a person")
    func input() async throws {
        let program = Program(["/bin/sh", "-c", "read line && exit 1 || exit 5"])
        try await program.start()
        #expect(try await program.wait() == 5)
    }

    @Test("it gets none of the cell's files")
    func files() async throws {
        let file = open("/dev/null", O_RDONLY)
        defer { close(file) }
        let program = Program(["/bin/sh", "-c", "test -e /proc/self/fd/\(file) && exit 1 || exit 0"])
        try await program.start()
        #expect(try await program.wait() == 0)
    }

    @Test("it gets none of the cell's variables but those that every program needs")
    func variables() async throws {
        // Not with `setenv`: every other test of this process, and what it starts, would have the variable too.
        let kept = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "PWD", "OLDPWD", "SHLVL", "_"]
        #expect(
            ProcessInfo.processInfo.environment.keys.contains { !kept.contains($0) }, "nothing that could be handed on")
        let script = "env | grep -vE '^(\(kept.joined(separator: "|")))=' && exit 1; test -n \"$PATH\""
        let program = Program(["/bin/sh", "-c", script])
        try await program.start()
        #expect(try await program.wait() == 0)
    }

    @Test("a program that is not there is refused with the system's reason")
    func missing() async {
        let program = Program(["/nonexistent/program"])
        let refusal = Refusal(.value, "/nonexistent/program cannot be started: no such file or directory")
        await #expect(throws: refusal) { try await program.start() }
        await #expect(throws: refusal) { _ = try await program.wait() }
    }

    @Test("one that is ended before it was started never runs")
    func endedBefore() async throws {
        let file = "/tmp/nimmer-never-\(getpid())"
        let program = Program(["/usr/bin/touch", file])
        program.end(forGood: false)
        try await program.start()
        #expect(try await program.wait() == 143)
        #expect(access(file, F_OK) != 0)
    }

    @Test("one that was stopped and is never started keeps no caller waiting")
    func neverStarted() async throws {
        let program = Program(["/bin/sleep", "600"])
        async let status = program.wait()
        program.end(forGood: true)
        let ended = try await status
        #expect(ended == 137)
    }

    @Test("a start that hangs holds up no caller once the program is stopped for good")
    func hangingStart() async throws {
        let (hung, hang) = AsyncStream<Void>.makeStream()
        let mayStart = DispatchSemaphore(value: 0)
        let program = Program(["/bin/sleep", "600"]) { command throws(ChildError) in
            hang.finish()
            mayStart.wait()
            return try ChildSpawn.start(command)
        }
        async let started: Result<Void, Refusal> = outcome { () async throws(Refusal) in try await program.start() }
        async let ended: Result<Int, Refusal> = outcome { () async throws(Refusal) in try await program.wait() }
        for await _ in hung {}
        program.end(forGood: true)
        let (start, end) = await (started, ended)
        #expect(throws: Refusal(.value, "/bin/sleep was stopped before it ran")) { try start.get() }
        #expect(try end.get() == 137)
        mayStart.signal()
    }

    @Test("its process identifier is known while it runs, and only then")
    func identifier() async throws {
        let program = Program(["/bin/sleep", "600"])
        #expect(program.pid == nil)
        try await program.start()
        let pid = try #require(program.pid)
        #expect(kill(pid, 0) == 0)
        program.end(forGood: true)
        #expect(try await program.wait() == 137)
        #expect(program.pid == nil)
        #expect(kill(pid, 0) != 0, "it was reaped")
    }
}

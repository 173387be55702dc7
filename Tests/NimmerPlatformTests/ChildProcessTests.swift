import Glibc
@testable import NimmerPlatform
import Synchronization
import Testing

/// Lines in the order in which they came.
private final class Lines: Sendable {
    private let kept = Mutex<[OutputLine]>([])
    private let waiter = Mutex<(text: String, continuation: CheckedContinuation<Void, Never>)?>(nil)

    var handler: @Sendable (OutputLine) -> Void {
        { [self] line in
            kept.withLock { $0.append(line) }
            let due = waiter.withLock { waiter in
                guard waiter?.text == line.text else { return nil as CheckedContinuation<Void, Never>? }
                defer { waiter = nil }
                return waiter?.continuation
            }
            due?.resume()
        }
    }

    /// Waits for a line that has this text.
    func wait(for text: String) async {
        await withCheckedContinuation { continuation in
            let isThere = kept.withLock { kept in
                if kept.contains(where: { $0.text == text }) { return true }
                waiter.withLock { $0 = (text, continuation) }
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    var all: [OutputLine] { kept.withLock { $0 } }
    func texts(_ stream: OutputLine.Stream) -> [String] { all.filter { $0.stream == stream }.map(\.text) }
}

private func shell(_ script: String) -> ChildCommand { ChildCommand("sh", ["-c", script]) }

@Suite("A child process", .timeLimit(.minutes(5)))
struct ChildProcessTests {
    @Test("ends with its status, after its lines were handed over, the last without an end of line too")
    func lines() async throws {
        let lines = Lines()
        let child = try await ChildProcess.spawn(
            shell("echo one; echo two >&2; printf 'three\\r\\nfour'; exit 7"), output: .lines(lines.handler))
        #expect(await child.waitForExit() == .exited(7))
        #expect(child.exitStatus == .exited(7))
        #expect(lines.texts(.output) == ["one", "three", "four"])
        #expect(lines.texts(.error) == ["two"])
        #expect(!child.identity.isAlive)
        #expect(!child.send(SIGTERM))
    }

    @Test("its last line is handed over though another process still holds its output")
    func heldOutput() async throws {
        let lines = Lines()
        let child = try await ChildProcess.spawn(
            shell("setsid sleep 3 & sleep 0.5; printf 'one\\ntwo'; exit 7"), output: .lines(lines.handler))
        #expect(await child.waitForExit() == .exited(7))
        #expect(lines.texts(.output) == ["one", "two"])
    }

    @Test("writes as much as it likes")
    func muchOutput() async throws {
        let (status, lines) = try await ChildProcess.run(shell("seq 1 20000; head -c 200000 /dev/zero | tr '\\0' x"))
        #expect(status.isSuccess)
        #expect(lines.prefix(20_000).map(\.text) == (1...20_000).map(String.init))
        #expect(lines.dropFirst(20_000).map { $0.text.utf8.count }.reduce(0, +) == 200_000)
        #expect(lines.allSatisfy { $0.text.utf8.count <= 65_536 })
    }

    @Test("gets its environment, folder and arguments, an empty input, and no other descriptor")
    func surroundings() async throws {
        try await withFolder { folder in
            let command = ChildCommand(
                // No pipeline: while it starts one, the shell holds descriptors of its own.
                "sh", ["-c", "pwd; echo \"$GREETING|$HOME|$1\"; cat; ls /proc/$$/fd; exit", "sh", "a b"],
                environment: ["GREETING": "hello", "PATH": "/usr/bin:/bin"], workingDirectory: folder)
            let file = open(folder, O_RDONLY)
            defer { close(file) }
            let (status, lines) = try await ChildProcess.run(command)
            #expect(status.isSuccess)
            #expect(lines.map(\.text) == [folder, "hello||a b", "0", "1", "2"])
        }
    }

    @Test("that cannot be started gives the reason")
    func refusals() async throws {
        await #expect { try await ChildProcess.spawn(ChildCommand("nimmer-no-such-program")) } throws: {
            ($0 as? ChildError)?.code == .missingExecutable
        }
        await #expect { try await ChildProcess.spawn(ChildCommand("sh", workingDirectory: "/nowhere")) } throws: {
            ($0 as? ChildError)?.code == .folder
        }
        try await withFolder { folder in
            let broken = folder + "/broken"
            let file = open(broken, O_WRONLY | O_CREAT, 0o755)
            write(file, "\u{7F}ELF?", 5)
            close(file)
            await #expect { try await ChildProcess.spawn(ChildCommand(broken)) } throws: {
                ($0 as? ChildError)?.code == .spawn && "\($0)".contains(broken)
            }
        }
    }

    @Test("is asked to end, and killed when it does not")
    func terminate() async throws {
        let lines = Lines()
        let polite = try await ChildProcess.spawn(
            shell("trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.01; done"),
            output: .lines(lines.handler))
        await lines.wait(for: "ready")
        #expect(await polite.terminate(grace: .seconds(30)) == .exited(3))
        #expect(lines.texts(.output) == ["ready", "bye"])

        let deaf = Lines()
        let stubborn = try await ChildProcess.spawn(
            shell("trap '' TERM; echo ready; while :; do sleep 0.01; done"), output: .lines(deaf.handler))
        await deaf.wait(for: "ready")
        #expect(await stubborn.terminate(grace: .milliseconds(50)) == .signaled(SIGKILL))
        #expect(await stubborn.terminate() == .signaled(SIGKILL))
    }

    @Test("is ended in order although the task that asks was cancelled")
    func cancelledTask() async throws {
        let lines = Lines()
        let child = try await ChildProcess.spawn(
            shell("trap 'sleep 0.1; exit 0' TERM; echo ready; while :; do sleep 0.01; done"),
            output: .lines(lines.handler))
        await lines.wait(for: "ready")
        let task = Task { await child.terminate(grace: .seconds(30)) }
        task.cancel()
        #expect(await task.value == .exited(0))
    }

    @Test("takes its whole group with it, those that refuse included")
    func group() async throws {
        let lines = Lines()
        var command = shell(
            "(trap '' TERM; exec sleep 1000) & echo $!; sleep 1000 & echo $!; echo ready; exec sleep 1000")
        command.leftoverGrace = .milliseconds(50)
        let child = try await ChildProcess.spawn(command, output: .lines(lines.handler))
        await lines.wait(for: "ready")
        let grandchildren = lines.texts(.output).compactMap { Int32($0) }.compactMap { ProcessIdentity(pid: $0) }
        #expect(grandchildren.count == 2)
        #expect(grandchildren.allSatisfy { $0.isAlive })
        #expect(await child.terminate(signal: SIGKILL) == .signaled(SIGKILL))
        #expect(grandchildren.allSatisfy { !$0.isAlive })

        let orphans = Lines()
        var leaver = shell("(trap '' TERM; sleep 1000) & echo $!")
        leaver.leftoverGrace = .milliseconds(50)
        let short = try await ChildProcess.spawn(leaver, output: .lines(orphans.handler))
        #expect(await short.waitForExit() == .exited(0))
        let orphan = try #require(Int32(orphans.texts(.output)[0]))
        #expect(ProcessIdentity(pid: orphan)?.isAlive != true)
    }

    @Test("dies when its parent's watching thread does, which is what the kernel takes for the parent's death")
    func parentDeath() async throws {
        let started = Mutex<ProcessIdentity?>(nil)
        await withCheckedContinuation { continuation in
            try! OwnThread.start("short-lived parent") {  // a machine without threads cannot run tests
                let null = open("/dev/null", O_RDWR | O_CLOEXEC)
                defer { close(null) }
                let identity = try? ChildSpawn.start(
                    ChildCommand("sleep", ["1000"]), path: "/bin/sleep",
                    streams: .init(input: null, output: null, error: null))
                started.withLock { $0 = identity }
                continuation.resume()
            }
        }
        let orphan = try #require(started.withLock { $0 })
        var status: Int32 = 0
        #expect(waitpid(orphan.pid, &status, 0) == orphan.pid)
        #expect(status & 0x7F == SIGTERM)
    }

    @Test("leaves no zombie and no file descriptor behind")
    func noLeaks() async throws {
        let before = SmallFile.names(in: "/proc/self/fd").count
        let runs = 150
        var pids: [Int32] = []
        try await withThrowingTaskGroup(of: Int32.self) { group in
            for number in 0..<runs {
                if number > 10, let pid = try await group.next() { pids.append(pid) }
                group.addTask {
                    let child = try await ChildProcess.spawn(shell("exit \(number % 3)"), output: .lines { _ in })
                    #expect(await child.waitForExit() == .exited(Int32(number % 3)))
                    return child.pid
                }
            }
            for try await pid in group { pids.append(pid) }
        }
        #expect(pids.count == runs)
        #expect(!pids.contains { ProcessStatus(pid: $0)?.hasEnded == true })
        // Other tests run beside this one and hold some; a leak would show as one for each run.
        #expect(SmallFile.names(in: "/proc/self/fd").count < before + runs)
    }

    @Test("runs as another user when root asks")
    func otherUser() async throws {
        let nobody = try UserAccount(named: "nobody")
        var command = shell("id -u; id -g")
        command.account = nobody
        if geteuid() == 0 {
            let (status, lines) = try await ChildProcess.run(command)
            #expect(status.isSuccess)
            #expect(lines.map(\.text) == ["\(nobody.user)", "\(nobody.group)"])
        } else {
            let refused = command
            await #expect { try await ChildProcess.run(refused) } throws: { ($0 as? ChildError)?.code == .account }
        }
        #expect(throws: ChildError.self) { try UserAccount(named: "nimmer-no-such-user") }
    }
}

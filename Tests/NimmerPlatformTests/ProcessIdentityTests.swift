import Glibc
import NimmerPlatform
import Testing

@Suite("The identity of a process", .timeLimit(.minutes(5)))
struct ProcessIdentityTests {
    @Test("survives a state file")
    func roundTrip() throws {
        let mine = try #require(ProcessIdentity.current)
        #expect(mine.pid == getpid())
        #expect(mine.isAlive)
        #expect(ProcessIdentity(mine.text) == mine)
        for broken in ["", "12", "12:x:boot", "0:5:boot", "-1:5:boot", "1:2:3:4"] {
            #expect(ProcessIdentity(broken) == nil)
        }
    }

    @Test("of a stale state file never means another process with the same number")
    func stranger() async throws {
        let child = try await ChildProcess.spawn(ChildCommand("sleep", ["1000"]), output: .discarded)
        let real = child.identity
        let earlier = try #require(ProcessIdentity("\(real.pid):\(real.startTicks - 1):\(real.boot)"))
        let otherBoot = try #require(ProcessIdentity("\(real.pid):\(real.startTicks):0123456789abcdef"))
        for stale in [earlier, otherBoot] {
            #expect(!stale.isAlive)
            #expect(!stale.send(SIGKILL))
            #expect(await stale.terminate())
        }
        #expect(real.isAlive)
        #expect(await real.terminate())
        #expect(await child.waitForExit() == .signaled(SIGTERM))
        #expect(!real.isAlive)
    }

    @Test("executables are found by path, by name, in extra folders first, and each once")
    func executables() {
        #expect(Executables.find("/bin/sh") == "/bin/sh")
        #expect(Executables.find("/etc/passwd") == nil)
        #expect(Executables.find("/etc") == nil)
        #expect(Executables.find("sh", extraFolders: ["/bin"]) == "/bin/sh")
        #expect(Executables.all("sh", extraFolders: ["/bin", "/usr/bin"]).filter { $0.hasSuffix("bin/sh") }.count == 1)
        #expect(Executables.find("nimmer-no-such-program") == nil)
    }
}

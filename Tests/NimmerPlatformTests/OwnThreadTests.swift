import Glibc
import NimmerPlatform
import Testing

@Suite("A thread of one's own", .timeLimit(.minutes(5)))
struct OwnThreadTests {
    /// The signals that the calling thread blocks, one bit each from SIGHUP on.
    private static func blocked() -> UInt64 {
        let line = SmallFile.read("/proc/thread-self/status")?.split(separator: "\n").first { $0.hasPrefix("SigBlk:") }
        return line.flatMap { UInt64($0.dropFirst(7).filter(\.isHexDigit), radix: 16) } ?? .max
    }

    private static func bit(_ signal: Int32) -> UInt64 { 1 << UInt64(signal - 1) }

    @Test("has the name that it was given")
    func name() async {
        let name = await OwnThread.run("postgres client") { SmallFile.read("/proc/thread-self/comm") }
        #expect(name == "postgres client\n")
    }

    @Test(
        "blocks the signals of its process", arguments: [SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGCHLD, SIGWINCH, SIGTSTP])
    func blocks(signal: Int32) async {
        let blocked = await OwnThread.run("blocks") { Self.blocked() }
        #expect(blocked != .max && blocked & Self.bit(signal) != 0)
    }

    @Test(
        "sees the signals of its own faults", arguments: [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT])
    func faults(signal: Int32) async {
        let blocked = await OwnThread.run("faults") { Self.blocked() }
        #expect(blocked & Self.bit(signal) == 0)
    }

    @Test("leaves the mask of the thread that starts it")
    func maker() throws {
        let before = Self.blocked()
        try OwnThread.start("short") {}
        #expect(Self.blocked() == before && before != .max)
    }
}

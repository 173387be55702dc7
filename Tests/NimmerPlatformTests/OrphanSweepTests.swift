import Glibc
import Testing

@testable import NimmerPlatform

@Suite("Orphans", .timeLimit(.minutes(5)))
struct OrphanSweepTests {
    @Test("are due once they were seen twice, and much later while a child is being started")
    func due() {
        var sweep = OrphanSweep()
        #expect(sweep.due([5, 6], isStarting: false) == [])
        #expect(sweep.due([5, 7], isStarting: false) == [5])
        #expect(sweep.due([7], isStarting: true) == [])
        #expect(sweep.due([7, 5], isStarting: false) == [7], "5 is another process by now")
        var looks = 0
        while sweep.due([9], isStarting: true).isEmpty { looks += 1 }
        #expect(looks == OrphanSweep.looksWhileStarting - 1)
    }

    @Test("an own child that has ended is nobody's orphan: its status stays for who waits")
    func ownChild() throws {
        let pid = try ChildSpawn.start(ChildCommand("/bin/sh", ["-c", "exit 7"]))
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
        #expect(OrphanSweep.zombies(of: getpid()).contains(pid))
        OwnChildren.reap(orphan: pid)
        #expect(ChildExit.reaping(pid) == .exited(7))
        #expect(!OrphanSweep.zombies(of: getpid()).contains(pid))
    }
}

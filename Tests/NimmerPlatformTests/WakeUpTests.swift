import NimmerPlatform
import Synchronization
import Testing

@Suite("A wake-up", .timeLimit(.minutes(5)))
struct WakeUpTests {
    @Test("a raise before the wait ends it, and many count as one")
    func before() throws {
        let wakeUp = try WakeUp()
        wakeUp.raise()
        wakeUp.raise()
        wakeUp.wait()
        wakeUp.raise()
        wakeUp.wait()
    }

    @Test("none of what other threads ask for is missed")
    func threads() async throws {
        let wakeUp = try WakeUp()
        let asked = Atomic(0)
        let done = Task {
            await OwnThread.run("waits") {
                while asked.load(ordering: .sequentiallyConsistent) < 10_000 { wakeUp.wait() }
            }
        }
        try OwnThread.start("asks") {
            for _ in 0..<10_000 {
                asked.add(1, ordering: .sequentiallyConsistent)
                wakeUp.raise()
            }
        }
        await done.value
    }
}

import NimmerPlatform
import Testing

@Suite("A doorbell", .timeLimit(.minutes(5)))
struct TaskSignalTests {
    @Test("ends a wait whose time is over already, however often")
    func past() async {
        let wakeUp = TaskSignal()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<5_000 {
                        await wakeUp.wait(from: wakeUp.count, until: .now.advanced(by: .milliseconds(-5)))
                    }
                }
            }
        }
    }

    @Test("ends a wait whose time is over while it begins")
    func soon() async {
        let wakeUp = TaskSignal()
        for _ in 0..<200 { await wakeUp.wait(from: wakeUp.count, until: .now.advanced(by: .microseconds(20))) }
    }

    @Test("ends a wait when it was rung since it was looked at, and when the task is cancelled")
    func rungAndCancelled() async {
        let wakeUp = TaskSignal()
        let before = wakeUp.count
        wakeUp.send()
        await wakeUp.wait(from: before, until: .now.advanced(by: .seconds(600)))
        let waiting = Task { await wakeUp.wait(from: wakeUp.count, until: .now.advanced(by: .seconds(600))) }
        waiting.cancel()
        await waiting.value
    }
}

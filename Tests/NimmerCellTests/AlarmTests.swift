import Synchronization
import Testing

@testable import NimmerCell

@Suite("the alarm of a cell")
struct AlarmTests {
    @Test("a ring before the sleep ends it, and only that one")
    func once() async {
        let alarm = Alarm()
        for _ in 0..<3 {
            alarm.ring()
            await alarm.sleep(milliseconds: nil)
            let awake = Flag()
            let sleeper = Task {
                await alarm.sleep(milliseconds: nil)
                awake.raise()
            }
            for _ in 0..<200 { await Task.yield() }
            #expect(!awake.isUp)
            alarm.ring()
            await sleeper.value
            #expect(awake.isUp)
        }
    }

    @Test("a cancelled sleeper wakes, and the alarm still works")
    func cancelled() async {
        let alarm = Alarm()
        let sleeper = Task { await alarm.sleep(milliseconds: nil) }
        sleeper.cancel()
        await sleeper.value
        alarm.ring()
        await alarm.sleep(milliseconds: nil)
    }
}

private final class Flag: Sendable {
    private let state = Mutex(false)
    var isUp: Bool { state.withLock { $0 } }
    func raise() { state.withLock { $0 = true } }
}

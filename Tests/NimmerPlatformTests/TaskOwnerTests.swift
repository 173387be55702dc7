import NimmerPlatform
import Synchronization
import Testing

@Suite("Owned tasks")
struct TaskOwnerTests {
    /// Says when it began, and waits until it is cancelled.
    private func sleeping(_ owner: TaskOwner, _ log: TaskLog) async {
        let (began, begin) = AsyncStream.makeStream(of: Void.self)
        owner.run {
            begin.yield()
            begin.finish()
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
            log.add("ended")
        }
        for await _ in began {}
    }

    @Test("its end cancels them and waits until they have ended")
    func end() async {
        let (owner, log) = (TaskOwner(), TaskLog())
        for _ in 0..<3 { await sleeping(owner, log) }
        #expect(owner.count == 3)
        await owner.end()
        #expect(log.all.count == 3)
        #expect(owner.count == 0)
    }

    @Test("one that has ended is not kept, and its value is there")
    func value() async throws {
        let owner = TaskOwner()
        #expect(try await owner.start { 7 }.value == 7)
        await owner.run {}.value
        await owner.end()
        #expect(owner.count == 0)
    }

    @Test("one that is started after the end is cancelled at once")
    func late() async {
        let owner = TaskOwner()
        await owner.end()
        let task = owner.run { while !Task.isCancelled { await Task.yield() } }
        await task.value
    }

    @Test("an owner that goes cancels them")
    func released() async {
        let log = TaskLog()
        var owner: TaskOwner? = TaskOwner()
        let task = owner?.run {
            while !Task.isCancelled { await Task.yield() }; log.add("ended")
        }
        owner = nil
        await task?.value
        #expect(log.all == ["ended"])
    }

    @Test("what is to be finished is, although the task that waits is cancelled")
    func finished() async {
        let log = TaskLog()
        let waiting = Task {
            await finishing {
                await Task.yield()
                if !Task.isCancelled { log.add("done") }
            }
        }
        waiting.cancel()
        await waiting.value
        #expect(log.all == ["done"])
    }
}

/// Lines from any task.
private final class TaskLog: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}

import Synchronization

/// The owner of tasks that run beside what started them: none of them outlives it unseen.
///
/// What a task group or `async let` can own needs no other owner. This one is for what starts tasks from code that does not wait for
/// them: a callback, a loop, an object with a run of its own. The one that has such an owner ends it at its own end
/// (``end()``), or at least cancels its tasks (``cancelAll()``, which its `deinit` does too).
package final class TaskOwner: Sendable {
    private struct State {
        var tasks: [UInt64: @Sendable () -> Void] = [:]
        var waiting: [CheckedContinuation<Void, Never>] = []
        var next: UInt64 = 0
        var isEnded = false
    }

    private let state = Mutex(State())

    /// An owner of no task.
    package init() {}

    deinit { for cancel in state.withLock({ $0.tasks }).values { cancel() } }

    /// Number of running tasks.
    package var count: Int { state.withLock { $0.tasks.count } }

    /// Starts a task; one that is started after ``end()`` is cancelled at once.
    @discardableResult
    package func run(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        let number = nextNumber()
        let task = Task { [weak self] in
            await body()
            self?.ended(number)
        }
        keep(number) { task.cancel() }
        return task
    }

    /// Starts a task whose value a caller waits for.
    package func start<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) -> Task<Value, any Error> {
        let number = nextNumber()
        let task = Task { [weak self] in
            defer { self?.ended(number) }
            return try await body()
        }
        keep(number) { task.cancel() }
        return task
    }

    /// Cancels the tasks that run; they may still be at their end when it returns.
    package func cancelAll() {
        for cancel in state.withLock({ $0.tasks }).values { cancel() }
    }

    /// Cancels all tasks, and returns when they have ended. Not cut short by cancellation.
    package func end() async {
        state.withLock { $0.isEnded = true }
        cancelAll()
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.tasks.isEmpty { state.waiting.append(continuation) }
                return state.tasks.isEmpty
            }
            if isOver { continuation.resume() }
        }
    }

    /// The number of a task, which counts as running from here on.
    private func nextNumber() -> UInt64 {
        state.withLock { state in
            state.next += 1
            state.tasks[state.next] = {}
            return state.next
        }
    }

    /// Keeps how a task is cancelled, unless it has ended meanwhile.
    private func keep(_ number: UInt64, _ cancel: @escaping @Sendable () -> Void) {
        let isEnded = state.withLock { state in
            if state.tasks[number] != nil { state.tasks[number] = cancel }
            return state.isEnded
        }
        if isEnded { cancel() }
    }

    private func ended(_ number: UInt64) {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.tasks[number] = nil
            guard state.tasks.isEmpty else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// Does something to its end, also when the task that waits for it is cancelled.
///
/// The caller owns it, since it waits; the body bounds its own time.
package func finishing<Value: Sendable, Failure: Error>(
    _ body: @escaping @Sendable () async throws(Failure) -> Value
) async throws(Failure) -> Value {
    try await Task { () async -> Result<Value, Failure> in
        do throws(Failure) { return .success(try await body()) } catch { return .failure(error) }
    }.value.get()
}

import Synchronization

/// Calls that are waited for until a deadline and abandoned then: one that never returns costs its caller that time, and a place.
///
/// Places are few, so that what never returns piles up nowhere; without a place a call is refused at once.
package final class AbandonedCalls: Sendable {
    /// Result of a call.
    package enum Result<Value: Sendable>: Sendable {
        /// It returned in time.
        case returned(Value)
        /// It did not; its task is cancelled and keeps its place until it returns.
        case late
        /// All places are taken.
        case busy
    }

    private final class Once<Value: Sendable>: Sendable {
        private let continuation: Mutex<CheckedContinuation<Value?, Never>?>

        init(_ continuation: CheckedContinuation<Value?, Never>) { self.continuation = Mutex(continuation) }

        func resume(_ value: Value?) {
            let waiting = continuation.withLock { waiting in
                defer { waiting = nil }
                return waiting
            }
            waiting?.resume(returning: value)
        }
    }

    private let places: Int
    private let taken = Mutex(0)
    private let tasks = TaskOwner()

    /// Calls of which so many may be in progress.
    package init(places: Int) { self.places = places }

    /// Number of calls in progress, abandoned ones included.
    package var inProgress: Int { taken.withLock { $0 } }

    /// Waits for a call until a deadline.
    package func call<Value: Sendable>(
        within time: Duration, _ body: @escaping @Sendable () async -> Value
    ) async -> Result<Value> {
        let hasPlace = taken.withLock { taken in
            guard taken < places else { return false }
            taken += 1
            return true
        }
        guard hasPlace else { return .busy }
        let running = Mutex<[Task<Void, Never>]>([])
        let value: Value? = await withCheckedContinuation { continuation in
            let once = Once<Value>(continuation)
            let timer = tasks.run {
                try? await Task.sleep(for: time)
                once.resume(nil)
            }
            let work = tasks.run { [self] in
                let value = await body()
                taken.withLock { $0 -= 1 }
                once.resume(value)
            }
            running.withLock { $0 = [timer, work] }
        }
        for task in running.withLock({ $0 }) { task.cancel() }
        return value.map { .returned($0) } ?? .late
    }

    /// Cancels what is in progress.
    package func cancelAll() { tasks.cancelAll() }
}

import Synchronization

/// Wakes tasks that wait: sent by any thread, waited for until then, a deadline or cancellation.
package final class TaskSignal: Sendable {
    private struct State {
        var count: UInt64 = 0
        var nextTicket: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// Number of times that it was sent. Read it before looking whether there is something, and wait from it.
    package var count: UInt64 { state.withLock { $0.count } }

    /// Wakes all waiters.
    package func send() {
        let waiting = state.withLock { state in
            state.count += 1
            defer { state.waiting = [:] }
            return state.waiting
        }
        for continuation in waiting.values { continuation.resume() }
    }

    /// Returns once it was sent after the moment when `count` was read, at the deadline, or when the task is cancelled.
    package func wait(from count: UInt64, until deadline: ContinuousClock.Instant) async {
        // A timer of its own would stand in line behind all that computes.
        guard ContinuousClock.now < deadline else { return }
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        var timer: Task<Void, any Error>?
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.count != count || Task.isCancelled { return true }
                    state.waiting[ticket] = continuation
                    return false
                }
                if isOver { return continuation.resume() }
                // Only now: an earlier one would find no waiter to wake.
                timer = Task {
                    try await ContinuousClock().sleep(until: deadline)
                    wake(ticket)
                }
            }
        } onCancel: {
            wake(ticket)
        }
        timer?.cancel()
    }

    private func wake(_ ticket: UInt64) {
        state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume()
    }
}

import Synchronization

/// Wakes waiting tasks: rung by whoever has something new, waited for until then, a deadline or cancellation.
package final class Doorbell: Sendable {
    private struct State {
        var rings: UInt64 = 0
        var nextTicket: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// How often it was rung. Read it before looking whether there is something, and wait from it.
    package var rings: UInt64 { state.withLock { $0.rings } }

    /// Wakes everybody who waits.
    package func ring() {
        let waiting = state.withLock { state in
            state.rings += 1
            defer { state.waiting = [:] }
            return state.waiting
        }
        for continuation in waiting.values { continuation.resume() }
    }

    /// Returns once it was rung after the moment when `rings` was read, at the deadline, or when the task is cancelled.
    package func wait(from rings: UInt64, until deadline: ContinuousClock.Instant) async {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        var timer: Task<Void, any Error>?
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.rings != rings || Task.isCancelled { return true }
                    state.waiting[ticket] = continuation
                    return false
                }
                if isOver { return continuation.resume() }
                // Only now: one that goes off before there is anybody to wake would wake nobody.
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

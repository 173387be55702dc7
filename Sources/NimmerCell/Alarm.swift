import NimmerWave
import Synchronization

/// One sleeper that can be woken early, any number of times.
///
/// An `AsyncStream` would not do: a task that is cancelled while it waits for an element ends the stream for everybody.
final class Alarm: Sendable {
    private struct State {
        var sleeper: Task<Void, Never>?
        var rang = false
    }

    private let state = Mutex(State())

    /// Sleeps so many milliseconds (for ever without a number), until ``ring()``, or until the task is cancelled. A ring since
    /// the last sleep ends this one at once, so that none is lost.
    func sleep(milliseconds: Double?) async {
        let wait = milliseconds.map { max(0.2, $0) } ?? 3_600_000
        let sleeper = state.withLock { state -> Task<Void, Never>? in
            defer { state.rang = false }
            guard !state.rang else { return nil }
            let sleeper = Task<Void, Never> { try? await Task.sleep(for: .milliseconds(saturating: wait)) }
            state.sleeper = sleeper
            return sleeper
        }
        guard let sleeper else { return }
        await withTaskCancellationHandler {
            await sleeper.value
        } onCancel: {
            sleeper.cancel()
        }
        state.withLock { $0.sleeper = nil }
    }

    /// Wakes the sleeper, or the next one.
    func ring() {
        state.withLock { state in
            state.rang = state.sleeper == nil
            state.sleeper?.cancel()
        }
    }
}

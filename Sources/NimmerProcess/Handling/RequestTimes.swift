import NimmerBus
import NimmerPlatform
import NimmerWave
import Synchronization

/// Time spent on the requests of a process and the last error, for `$SRV.STATS`.
package final class RequestTimes: Sendable {
    private let state = Mutex((nanoseconds: Int64(0), lastError: ""))

    package var total: (nanoseconds: Int64, lastError: String) { state.withLock { $0 } }

    package func add(_ time: Duration, _ result: CommandResult) {
        state.withLock { state in
            state.nanoseconds = state.nanoseconds.addingSaturated(time.nanoseconds)
            if result.status != .ok, let error = result.error { state.lastError = error }
        }
    }
}

extension ServiceResponder.Statistics {
    /// Takes the time and the last error of a process's requests.
    package mutating func take(_ times: RequestTimes) { (processingTime, lastError) = times.total }
}

import NimmerBus
import NimmerPlatform
import NimmerWave
import Synchronization

/// Time spent on the requests of a process and the last error, for `$SRV.STATS`.
package final class RequestTimes: Sendable {
    /// Sums since the start.
    package struct Total: Sendable {
        package var requests = 0
        package var errors = 0
        package var nanoseconds: Int64 = 0
        package var lastError = ""
    }

    private let state = Mutex(Total())

    package var total: Total { state.withLock { $0 } }

    package func add(_ time: Duration, _ result: CommandResult) {
        add(time, error: result.status == .ok ? nil : result.error ?? "")
    }

    package func add(_ time: Duration, error: String? = nil) {
        state.withLock { total in
            total.requests += 1
            total.nanoseconds = total.nanoseconds.addingSaturated(time.nanoseconds)
            guard let error else { return }
            total.errors += 1
            if !error.isEmpty { total.lastError = error }
        }
    }
}

extension ServiceResponder.Statistics {
    /// Takes the time and the last error of a process's requests.
    package mutating func take(_ times: RequestTimes) {
        let total = times.total
        (processingTime, lastError) = (total.nanoseconds, total.lastError)
    }
}

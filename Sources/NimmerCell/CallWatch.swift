import Glibc
import NimmerBus
import NimmerProcess
import NimmerWave
import Synchronization

/// Watch over the calls of a cell's methods, which may not block: how long the present one runs.
final class CallWatch: Sendable {
    /// Beginning of the present call by the steady clock, in nanoseconds; 0: none runs.
    private let began = Atomic<Int64>(0)
    private let isReported = Atomic<Bool>(false)

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    func begin() { began.store(Self.now(), ordering: .relaxed) }

    /// - Returns: how long the call took.
    func end() -> Duration { .nanoseconds(Self.now() - began.exchange(0, ordering: .relaxed)) }

    /// Duration of the present call so far; nil while none runs.
    var running: Duration? {
        let since = began.load(ordering: .relaxed)
        return since == 0 ? nil : .nanoseconds(max(0, Self.now() - since))
    }

    /// Claims the report of a call that runs too long.
    ///
    /// - Returns: true for the first caller only: what is chronic is logged once.
    func claimReport() -> Bool {
        isReported.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
    }
}

extension CellHost {
    /// Duration that a call may have: the interval of sensing, at least 0.1 s; a second for a cell without one.
    var callLimit: Duration { .milliseconds(max(100, interval ?? 1_000)) }

    /// Description of a call that runs too long, `cellar is blocked: …`, or of one that may run so long: `cellar is busy: …`.
    func blockage(_ running: Duration) -> String {
        guard running > callLimit else {
            return
                "\(identity.name) is busy: a call of it has run for \(JSON.number(running.seconds).text) s; try again"
        }
        return
            "\(identity.name) is blocked: a call of it (sense, perform or receive) has run for \(JSON.number(running.seconds).text) s; "
            + "expected at most \(JSON.number(callLimit.seconds).text) s"
    }

    /// Waits for the present call, for a second at most and no longer than a call may take.
    ///
    /// - Returns: how long it has run, where it still runs.
    func waitForCall() -> Duration? {
        let end = ContinuousClock.now + min(callLimit, .seconds(1))
        // Most calls take microseconds.
        var pause: UInt32 = 50
        while let running = calls.running {
            if running > callLimit || ContinuousClock.now >= end { return running }
            usleep(pause)
            pause = min(2_000, pause * 2)
        }
        return nil
    }

    /// Logs a call that runs too long while it does, once in a life.
    func watchCalls() async {
        let pause = max(Duration.milliseconds(250), min(callLimit, .seconds(5)))
        while !Task.isCancelled {
            if let running = calls.running { report(running) }
            do { try await Task.sleep(for: pause) } catch { return }
        }
    }

    /// Logs a call that runs or ran longer than it may, unless one was logged already.
    func report(_ took: Duration) {
        guard took > callLimit, calls.claimReport() else { return }
        process.logger.warning(
            "A call of the cell takes longer than its interval: it senses, hears and answers nothing meanwhile",
            metadata: [
                "cell": "\(identity.name)", "seconds": "\(JSON.number(took.seconds).text)",
                "interval": "\(JSON.number(callLimit.seconds).text) s",
            ])
    }
}

extension Duration {
    /// In seconds, to the millisecond.
    fileprivate var seconds: Double { (self / .milliseconds(1)).rounded() / 1000 }
}

import NimmerBus
import NimmerCognition
import NimmerProcess
import NimmerSystem
import NimmerWave
import Synchronization

/// Sums what the work of an organ costs, and publishes it once a minute (docs/reference/lifeforce.md). An organ has the region of its name:
/// who asks it names none.
final class OrganSpending: Sendable {
    private struct State {
        var since: Timestamp
        var pending = 0.0
        var spent = 0.0
    }

    private let process: ServiceProcess
    private let settings: OrganSettings
    private let state: Mutex<State>

    init(_ settings: OrganSettings, _ process: ServiceProcess) {
        self.settings = settings
        self.process = process
        state = Mutex(State(since: .now()))
    }

    /// Amount that was spent since the start, in LF.
    var spent: Double { state.withLock { $0.spent } }

    /// Work was done, or was begun and failed.
    ///
    /// - Parameters:
    ///   - tokens: read and written; a third of the bytes where the server does not count them.
    ///   - took: time of the work.
    func add(tokens: Int, took: Duration) {
        let cost = Double(tokens) / 1000 * settings.lfPerThousandTokens + took / .seconds(1) * settings.lfPerSecond
        guard cost > 0 else { return }
        state.withLock {
            $0.pending = ($0.pending + cost).finite
            $0.spent = ($0.spent + cost).finite
        }
    }

    /// Publishes at the begin of each minute, until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            let now = Timestamp.now()
            let next = now.nextSpan(of: 60_000_000_000)
            guard (try? await Task.sleep(for: .nanoseconds(next.nanoseconds(since: now)))) != nil else { return }
            publish(until: next)
        }
    }

    /// Publishes what was spent since the last time. It leaves once: without a server it waits for the next minute.
    func publish(until end: Timestamp) {
        guard process.bus.status.isConnected else { return }
        let (since, pending) = state.withLock { state in
            defer { (state.since, state.pending) = (end, 0) }
            return (min(state.since, end), state.pending)
        }
        guard pending > 0 else { return }
        let body = LifeforceSpent(
            since: since, until: end, regions: [RegionSpending(region: Region(process.name), organs: pending)])
        let id = MessageID.spent(by: process.source.entityID, from: since, until: end, part: 0)
        let message = Envelope(id: id, at: end, from: process.source, body)
        try? process.bus.publish(.lifeforce(process.environment, of: process.name), payload: message.encoded())
    }
}

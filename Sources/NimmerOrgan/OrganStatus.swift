import NimmerBus
import NimmerCognition
import NimmerProcess
import NimmerWave
import Synchronization

/// The state of the organ, for those who ask while its loop works: `$SRV.STATS` and `/metrics`.
final class OrganStatus: Sendable {
    private struct Moment {
        let counters: OrganLogic.Counters
        let waiting: Int
        let isLoaded: Bool
        let state: JSON
    }

    private let moment: Mutex<Moment>

    /// Makes the state at the start.
    init(_ logic: OrganLogic, _ state: JSON) {
        moment = Mutex(Self.moment(logic, state))
    }

    private static func moment(_ logic: OrganLogic, _ state: JSON) -> Moment {
        Moment(counters: logic.counters, waiting: logic.queue.count, isLoaded: logic.isLoaded, state: state)
    }

    /// Takes note, after each event.
    func set(_ logic: OrganLogic, _ state: JSON) {
        moment.withLock { $0 = Self.moment(logic, state) }
    }

    /// Statistics for `$SRV.STATS`.
    var statistics: ServiceResponder.Statistics {
        let moment = moment.withLock { $0 }
        var statistics = ServiceResponder.Statistics()
        statistics.requests = moment.counters.taken
        statistics.errors = moment.counters.refused
        statistics.data = moment.state
        return statistics
    }

    /// Writes the metrics for `/metrics`.
    func measure(into page: inout MetricsPage) {
        let moment = moment.withLock { $0 }
        page.counter("nimmer_organ_requests_total", "Requests that were taken.", moment.counters.taken)
        page.counter("nimmer_organ_processed_total", "Requests that the model worked on.", moment.counters.processed)
        page.counter("nimmer_organ_refused_total", "Requests that were refused.", moment.counters.refused)
        page.counter("nimmer_organ_loads_total", "Times that the model was loaded.", moment.counters.loads)
        page.gauge("nimmer_organ_waiting", "Requests that wait.", moment.waiting)
        page.gauge("nimmer_organ_loaded", "1 while the model is loaded.", moment.isLoaded ? 1 : 0)
    }
}

import NimmerBus
import NimmerIris
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

extension RegionLog {
    private typealias Numbers = (regions: Int, joined: Int, waiting: Int, held: Int, dropped: Int)

    private var numbers: Numbers {
        let regions = homes.withLock { $0.count }
        return owner.thalamus.withLock {
            (regions, $0.joinedCount, $0.waitingRegions, $0.counters.held, $0.counters.heldDropped)
        }
    }

    /// Statistics that `$SRV.STATS` shows under `homes`.
    var json: JSON {
        let (numbers, counters) = (numbers, counters.withLock { $0 })
        return [
            "model": models.chain.model.map { .string($0.name) } ?? .null,
            "regions": .number(Double(numbers.regions)), "joined": .number(Double(numbers.joined)),
            "without_embedding": .number(Double(counters.withoutMeaning)),
            "waiting_regions": .number(Double(numbers.waiting)), "waves_held": .number(Double(numbers.held)),
            "waves_dropped": .number(Double(numbers.dropped)), "conflicts": .number(Double(counters.conflicts)),
            "unlogged": .number(Double(counters.unlogged)),
        ]
    }

    /// Writes its metrics for `/metrics`.
    func measure(into page: inout MetricsPage) {
        let (numbers, counters) = (numbers, counters.withLock { $0 })
        page.gauge("nimmer_region_homes", "Regions whose home is decided.", numbers.regions)
        page.gauge("nimmer_regions_joined", "Regions that live in the home of another.", numbers.joined)
        page.gauge("nimmer_regions_waiting", "Regions that wait for a home.", numbers.waiting)
        page.counter("nimmer_waves_held_total", "Waves held until their region had a home.", numbers.held)
        page.counter(
            "nimmer_waves_held_dropped_total", "Waves of regions without a home that were dropped: too many waited.",
            numbers.dropped)
        page.counter(
            "nimmer_regions_without_embedding_total", "Regions that founded a home because no model embedded them.",
            counters.withoutMeaning)
        page.counter(
            "nimmer_region_conflicts_total", "Decisions about regions made again, since another came before.",
            counters.conflicts)
        page.counter(
            "nimmer_regions_unlogged_total", "Regions that live by themselves since the log took no decision.",
            counters.unlogged)
    }

    /// Degradations, each in a sentence without its full stop.
    var degraded: [String] {
        let unlogged = counters.withLock { $0.unlogged }
        var found: [String] = []
        let status = models.chain.status
        if status.model == nil, status.table == nil {
            found.append("no model embeds the names of regions: new ones found homes of their own")
        }
        if unlogged > 0 {
            found.append("the log of regions took no decision about \(unlogged) of them: they live by themselves")
        }
        return found
    }
}

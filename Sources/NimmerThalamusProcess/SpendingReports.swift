import NimmerBus
import NimmerProcess
import NimmerSystem
import NimmerThalamus
import NimmerWave
import Synchronization

/// Publishes once a minute what waves and states of nerves have cost, by region, durably and once (docs/reference/lifeforce.md).
///
/// Waves are not stored, so what they cost since the last minute is lost with a thalamus that is killed; one that leaves publishes it.
final class SpendingReports: Sendable {
    private let owner: ThalamusProcess
    private let process: ServiceProcess
    /// Begin of the present span.
    private let since: Mutex<Timestamp>
    /// Regions of the nerves, by their names.
    private let regions: [String: Region]

    init(_ owner: ThalamusProcess) {
        self.owner = owner
        process = owner.process
        since = Mutex(.now())
        var regions: [String: Region] = [:]
        for nerve in process.system?.nerves ?? [] {
            let named = nerve.settings.first { $0.key == "region" }?.value.text
            regions[nerve.name] = named.flatMap { try? Region($0) }
        }
        self.regions = regions
    }

    /// Hears the states of nerves, whose cost stands in no wave. A nerve without a setting `region` has the region of its name.
    func hearStates() async throws(BusError) -> any Subscription {
        try await owner.bus.subscribe(.nerveStates(process.environment), queue: nil) { [self] _, _, arrival in
            let message = arrival.message()
            do throws(Refusal) {
                let state = try Envelope<NerveState>(decoding: message.payload, on: message.subject).body
                let region = regions[state.nerve.text] ?? Region(state.nerve)
                guard owner.judges(region) else { return }
                owner.thalamus.withLock { $0.spend(state.lifeforceCost, byNerveIn: region) }
            } catch { owner.announcer.reject(error, message) }
        }
    }

    /// Hears what organs have spent: they write to no stream (decision 0019), so the thalamus stores their sums with its own.
    func hearOrgans() async throws(BusError) -> any Subscription {
        try await owner.bus.subscribe(.lifeforce(process.environment), queue: nil) { [self] _, _, arrival in
            let message = arrival.message()
            guard message.subject != .lifeforce(process.environment, of: ThalamusProcess.lifeforceName) else { return }
            do throws(Refusal) {
                let spent = try Envelope<LifeforceSpent>(decoding: message.payload, on: message.subject).body
                for region in spent.regions where owner.judges(region.region) {
                    owner.thalamus.withLock { $0.spend(region.organs, byOrganIn: region.region) }
                }
            } catch { owner.announcer.reject(error, message) }
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

    /// Publishes what was spent since the last time.
    ///
    /// - Parameter end: end of the span. Its begin names the day that it counts for.
    func publish(until end: Timestamp) {
        let begin = since.withLock { since in
            // The clock may have been set back.
            defer { since = end }
            return min(since, end)
        }
        let spent = owner.thalamus.withLock { $0.takeSpending() }
        // Names of regions are long: a message has at most 64 KiB.
        let size = 128
        for (part, start) in stride(from: 0, to: spent.count, by: size).enumerated() {
            let body = LifeforceSpent(
                since: begin, until: end, regions: Array(spent[start..<min(start + size, spent.count)]))
            let id = MessageID.spent(by: process.source.entityID, from: begin, until: end, part: part)
            let message = Envelope(id: id, at: end, from: process.source, body)
            owner.outbox.put(
                OutboxMessage(
                    subject: .lifeforce(process.environment, of: ThalamusProcess.lifeforceName), id: id,
                    payload: message.encoded()))
        }
        if !spent.isEmpty { owner.outbox.push() }
    }
}

extension ThalamusProcess {
    /// Name under which thalami publish what was spent.
    static let lifeforceName: Token = {
        guard let token = try? Token("thalamus") else { preconditionFailure("'thalamus' is a token") }
        return token
    }()

    /// Returns whether this thalamus sums what was spent in a region: of several that share regions the one that judges it.
    func judges(_ region: Region) -> Bool {
        let gate = GateID(region: thalamus.withLock { $0.home(of: region) })
        return sharedRegions.map { $0.judges(gate) } ?? true
    }
}

import Logging
import NimmerBus
import NimmerIris
import NimmerPlatform
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

/// Homes of the regions, as the log of decisions has it: the stream `<ENV>-REGIONS`, which all thalami follow (decision 0037).
///
/// The holder of the part of a region's own gate decides about it, off the delivery thread, and writes behind the last decision that it has folded:
/// of two who decide at once the stream takes one, and the other folds that and decides again. Waves of the region wait meanwhile.
final class RegionLog: Sendable {
    /// Models that embed names, and the dictionary that links them.
    struct Models: Sendable {
        /// The organ and the table.
        let chain: EmbeddingChain
        /// The dictionary; nil: names are compared by their vectors alone.
        let links: NameLinks?
        /// Time that an embedding may take.
        let deadline: Duration

        /// The relation of two names by their words.
        func relation(_ a: Region, _ b: Region) -> NameRelation { links?.relation(a.text, b.text) ?? .open }
    }

    /// Counters of what was decided here since the start.
    struct Counters: Sendable {
        /// Regions that founded a home without an embedding.
        var withoutMeaning = 0
        /// Decisions that were made again, since another came before.
        var conflicts = 0
        /// Regions that live by themselves because the log took no decision.
        var unlogged = 0
    }

    let owner: ThalamusProcess
    let process: ServiceProcess
    let models: Models
    let stream: String
    /// Replaced as a whole under ``order``; read by who decides.
    let homes: Mutex<Homes>
    let counters = Mutex(Counters())
    /// Regions that wait for a decision here.
    let queue = Mutex<[Region]>([])
    let wakes: AsyncStream<Void>
    let wake: AsyncStream<Void>.Continuation
    /// Embeddings by which regions are decided on, one at a time: what has a place beside it hangs.
    let deciding = AbandonedCalls(places: 4)
    /// Embeddings that people ask for: however many, they take no place of those.
    let asking = AbandonedCalls(places: 4)
    /// Makes folding a decision and handing it to the gates one step. Never taken on the delivery thread.
    private let order = Mutex<Void>(())

    init(_ owner: ThalamusProcess, _ joining: Joining, _ models: Models) {
        self.owner = owner
        self.models = models
        process = owner.process
        stream = SystemStreams.regions(process.environment)
        homes = Mutex(joining.homes(owner.configuration.regions))
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: The log

    /// Folds what the log holds.
    func begin() async throws(BusError) {
        try await SystemStreams.ensureRegions(on: process.bus, environment: process.environment, mayChange: true)
        try await catchUp()
        let (count, revision) = homes.withLock { ($0.count, $0.revision) }
        process.logger.info(
            "Regions join what means the same", metadata: ["regions": "\(count)", "revision": "\(revision)"])
    }

    /// Folds what has come behind the last decision that is known.
    func catchUp() async throws(BusError) {
        let revision = homes.withLock { $0.revision }
        let last = try await process.bus.stream(stream).lastSequence
        guard last > UInt64(revision) else { return }
        try await process.bus.read(
            stream: stream, filter: .assignments(process.environment), start: .sequence(UInt64(revision) + 1)
        ) { batch in
            take(batch.map { ($0.message, $0.sequence) })
            return true
        }
        // The last ones may be gone, where a bound has removed them.
        pass(last)
    }

    /// Follows the log until the task is cancelled.
    func follow() async {
        while !Task.isCancelled {
            let next = homes.withLock { UInt64($0.revision) + 1 }
            if let consumer = try? await process.bus.consumer(
                ConsumerConfiguration(
                    stream: stream, durable: nil, filter: .assignments(process.environment), start: .sequence(next),
                    acknowledges: false))
            {
                while !Task.isCancelled,
                    let batch = try? await consumer.fetch(maximum: 256, wait: .seconds(30), linger: .zero)
                {
                    take(batch.map { ($0.message, $0.sequence) })
                }
                await consumer.stop()
            }
            do { try await Task.sleep(for: .milliseconds(500)) } catch { return }
        }
    }

    private func take(_ messages: [(message: BusMessage, sequence: UInt64)]) {
        guard let last = messages.last?.sequence else { return }
        var events: [(event: RegionAssignment, sequence: UInt64)] = []
        for (message, sequence) in messages {
            do throws(Refusal) {
                events.append(
                    (try Envelope<RegionAssignment>(decoding: message.payload, on: message.subject).body, sequence))
            } catch { owner.announcer.reject(error, message) }
        }
        apply(events)
        pass(last)
    }

    private func pass(_ sequence: UInt64) {
        order.withLock { _ in homes.withLock { $0.pass(Int(clamping: sequence)) } }
    }

    /// Folds decisions, and lets the gates go by them.
    func apply(_ events: [(event: RegionAssignment, sequence: UInt64)]) {
        order.withLock { _ in
            // One copy is changed, however many come, so that the one that decides holds up no other.
            var folded = homes.withLock { $0 }
            var changed: [Region] = []
            for (event, sequence) in events where folded.apply(event, revision: Int(clamping: sequence)) {
                changed.append(event.region)
                log(event, at: .debug)
            }
            guard !changed.isEmpty else { return }
            let result = folded
            homes.withLock { $0 = result }
            for region in changed {
                let logged = result.logged(region)
                owner.sharedRegions?.sorter.withLock { $0.assign(region, to: logged) }
                release(region, to: logged, isDecided: true)
            }
        }
    }

    /// Judges what waits of a region.
    ///
    /// - Parameter isDecided: whether the home is new to the gates; else the region lives by itself.
    func release(_ region: Region, to home: Region?, isDecided: Bool) {
        let (refused, waiting) = owner.settle { thalamus in
            if isDecided { thalamus.assign(region, to: home) }
            let refused = thalamus.judgeHeld(of: region)
            return (refused, thalamus.takeWaiting())
        }
        for (wave, refusal) in refused {
            guard let subject = try? Subject(foreign: String(decoding: wave.subject, as: UTF8.self)) else { continue }
            owner.announcer.reject(refusal, BusMessage(subject: subject, payload: wave.payload))
        }
        hold(waiting)
    }

    /// Counts a decision that was made here, and logs it: others fold it in silence, and so does a restart.
    func count(_ event: RegionAssignment) {
        if event.reason == .founded, event.vector == nil { counters.withLock { $0.withoutMeaning += 1 } }
        log(event, at: .info)
    }

    private func log(_ event: RegionAssignment, at level: Logger.Level) {
        process.logger.log(
            level: level, level == .info ? "Decided where a region lives" : "Folded where a region lives",
            metadata: [
                "region": "\(event.region)", "home": "\(event.home)", "reason": "\(event.reason.rawValue)",
                "by": "\(event.by)",
            ])
    }

    /// Lets a thalamus that shares the regions sort waves by all that is folded.
    func sort(by shards: Shards) {
        order.withLock { _ in
            let homes = homes.withLock { $0 }
            shards.sorter.withLock { sorter in
                for region in homes.decisions.keys { sorter.assign(region, to: homes.logged(region)) }
            }
        }
    }

    // MARK: What waits

    /// Takes what the gates cannot judge yet: regions that are new, and waves whose home another thalamus has.
    ///
    /// - Parameter hops: how many thalami have passed the wave on for this reason.
    func hold(
        _ waiting: (fresh: [Region], elsewhere: [(gate: GateID, wave: WaitingWave)]), hops: Int = 0
    ) {
        if !waiting.fresh.isEmpty {
            queue.withLock { $0 += waiting.fresh }
            wake.yield()
        }
        for (gate, wave) in waiting.elsewhere { owner.sharedRegions?.pass(wave, to: gate, hops: hops) }
    }

    /// Removes and returns regions that wait for a decision.
    func takeQueue(_ limit: Int) -> [Region] {
        queue.withLock { queue in
            let taken = Array(queue.prefix(limit))
            queue.removeFirst(taken.count)
            return taken
        }
    }

    /// Returns whether this thalamus decides about a region: it holds the part of the region's own gate.
    func decides(_ region: Region) -> Bool { owner.sharedRegions?.judges(GateID(region: region)) ?? true }
}

extension Homes {
    /// The home that the log gives a region, whatever the system file declares; nil where it gives none.
    fileprivate func logged(_ region: Region) -> Region? {
        decisions[region].flatMap { $0.event.reason == .forgotten ? nil : $0.event.home }
    }
}

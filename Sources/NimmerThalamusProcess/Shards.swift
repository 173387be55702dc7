import Logging
import NimmerBus
import NimmerPlatform
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

/// Shares the regions with the other thalami of the environment (decision 0009): sorts waves, passes on those of others' parts,
/// and holds the leases of its own.
final class Shards: Sendable {
    let sorter: Mutex<Sorter>
    private let table: Mutex<ShardTable>
    private let process: ServiceProcess
    private let owner: ThalamusProcess
    private let bucket: any KeyValue
    private let id: String
    /// Holds the leases.
    private let tasks = TaskOwner()
    private let started = Shards.now
    private let partitions: Int
    private let subscriptions = Mutex<[Int: any Subscription]>([:])
    /// Parts whose gates are being taken up.
    private let taking = Mutex<Set<Int>>([])
    private let passedOn = Atomic<Int>(0)
    private let unassigned = Atomic<Int>(0)
    private let prefixLength: Int

    /// Opens the bucket of leases, and begins to live in it.
    static func open(
        _ owner: ThalamusProcess, _ configuration: ThalamusConfiguration, partitions: Int
    ) async throws(BusError) -> Shards {
        let env = owner.process.environment
        let bucket = try await owner.bus.keyValue(SystemStreams.shards(env))
        let shards = Shards(owner, configuration, partitions: partitions, bucket)
        if let homes = owner.regionHomes {
            owner.thalamus.withLock { $0.isElsewhere = { [weak shards] gate in !(shards?.judges(gate) ?? false) } }
            homes.sort(by: shards)
        }
        shards.tasks.run { [weak shards] in await shards?.run() }
        return shards
    }

    private init(
        _ owner: ThalamusProcess, _ configuration: ThalamusConfiguration, partitions: Int, _ bucket: any KeyValue
    ) {
        self.owner = owner
        self.bucket = bucket
        self.partitions = partitions
        process = owner.process
        // The four digits of an instance are too few where an accident must not happen.
        id = "\(process.source.entityID)-\(String(UInt64.random(in: .min ... .max), radix: 16))"
        sorter = Mutex(Sorter(configuration, partitions: partitions))
        table = Mutex(
            ShardTable(
                id: id, rules: configuration.rulesDigest, partitions: partitions, at: Self.now))
        prefixLength = "\(process.environment.rawValue).nervous.shards.".utf8.count
    }

    /// The steady clock now.
    static var now: SteadyTime { .now() }

    /// Writes its metrics for `/metrics`.
    func measure(into page: inout MetricsPage) {
        page.gauge(
            "nimmer_shards_held", "Parts of the regions that this thalamus has.", table.withLock { $0.parts.count })
        page.counter(
            "nimmer_waves_passed_on_total", "Waves passed on to the thalamus of their part.",
            passedOn.load(ordering: .relaxed))
        page.counter(
            "nimmer_waves_homeless_total", "Waves whose part no thalamus had at that moment.",
            unassigned.load(ordering: .relaxed))
    }

    /// Returns whether this thalamus judges a part at this moment; asked under the lock of its gates.
    func judges(_ part: Int) -> Bool { table.withLock { $0.judges(part, at: Self.now) } }

    /// Returns whether this thalamus judges a gate at this moment; asked under the lock of its gates.
    func judges(_ gate: GateID) -> Bool { judges(part(of: gate)) }

    /// Returns whether this thalamus may store what a gate concludes at this moment; asked under the lock of its gates.
    func concludes(_ gate: GateID) -> Bool { table.withLock { $0.concludes(part(of: gate), at: Self.now) } }

    /// The part of a gate.
    func part(of gate: GateID) -> Int { Sorter.partition(of: gate, among: partitions) }

    // MARK: Waves

    /// Sorts a wave: its part when that is for the gates of this process, else nil, and it was passed on. On the delivery
    /// thread.
    func sort(_ payload: RawSpan, _ arrival: Arrival) throws(Refusal) -> Int? {
        let part = try sorter.withLock { (sorter) throws(Refusal) in try sorter.partition(of: payload) }
        let (isOurs, hasOwner) = table.withLock { table in
            let now = Self.now
            return (table.judges(part, at: now), table.hasOwner(part, at: now))
        }
        if isOurs { return part }
        guard hasOwner else {
            unassigned.add(1, ordering: .relaxed)
            return nil
        }
        let message = arrival.message()
        let subject = Subject.shard(process.environment, part: part, carrying: message.subject)
        do throws(BusError) {
            try process.bus.publish(subject, payload: message.payload)
            passedOn.add(1, ordering: .relaxed)
        } catch { unassigned.add(1, ordering: .relaxed) }
        return nil
    }

    /// The header that counts how often a wave was passed on because its region lives elsewhere.
    static let hops = "Nimmer-Region-Hops"
    /// Number of times that one is passed on for it: two thalami that have folded different parts of the log must not play with it.
    private static let mostHops = 3

    /// Passes on a wave whose home another thalamus has (decision 0037).
    func pass(_ wave: WaitingWave, to gate: GateID, hops: Int) {
        guard hops < Self.mostHops, let subject = try? Subject(foreign: String(decoding: wave.subject, as: UTF8.self))
        else {
            return missed()
        }
        do throws(BusError) {
            try process.bus.publish(
                .shard(process.environment, part: part(of: gate), carrying: subject), payload: wave.payload,
                headers: [Self.hops: "\(hops + 1)"])
            passedOn.add(1, ordering: .relaxed)
        } catch { missed() }
    }

    /// Hears what others pass on for a part.
    private func listen(to part: Int) async throws(BusError) {
        let prefix = prefixLength + "\(part).".utf8.count
        let request = Array(Subject.request(process.environment, cell: process.name).text.utf8)
        let subscription = try await process.bus.subscribe(.shard(process.environment, part: part)) {
            [self] subject, payload, arrival in
            let isQuestion =
                subject.byteCount == prefix + "request".utf8.count
                || subject.begins(with: request, at: prefix)
            if isQuestion { return ThalamusRequests(owner, self).answerPassedOn(arrival.message()) }
            let original = subject.extracting(prefix..<subject.byteCount)
            if !owner.judge(original, payload, arrival, if: { self.judges(part) }) { missed() }
        }
        let earlier = subscriptions.withLock { $0.updateValue(subscription, forKey: part) }
        earlier?.cancel()
    }

    /// A wave of a part that this thalamus does not judge any more.
    func missed() { unassigned.add(1, ordering: .relaxed) }

    // MARK: Leases

    /// The queue group of those who live, as far as this thalamus knows.
    var group: Token {
        let living = table.withLock { $0.living(at: Self.now) }
        let digest = MessageID.named(living.joined(separator: "\n")).text.prefix(8)
        return (try? Token("\(process.name.text.prefix(50))-\(digest)")) ?? process.name
    }

    /// Indicates whether this thalamus still looks on.
    var isStandingBy: Bool { table.withLock { $0.isStandingBy(at: Self.now) } }

    /// Waits until this thalamus takes part, or the process is asked to stop.
    func untilTakingPart() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.process.untilStopped() }
            group.addTask { await self.standBy() }
            await group.next()
            group.cancelAll()
        }
    }

    private func standBy() async {
        var hasSaid = false
        while isStandingBy, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(100))
            guard !hasSaid, Self.now.milliseconds(since: started) > 2 * ShardTable.settling else { continue }
            process.logger.warning("Standing by: other thalami share the regions by other rules of the system file")
            hasSaid = true
        }
    }

    /// Holds leases until the task is cancelled.
    private func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.watch() }
            while !Task.isCancelled {
                for action in table.withLock({ $0.advance(to: Self.now) }) {
                    group.addTask { await self.perform(action) }
                }
                try? await Task.sleep(for: .milliseconds(200))
            }
            group.cancelAll()
        }
    }

    private func watch() async {
        while !Task.isCancelled {
            if let changes = try? await bucket.watch(">") {
                for await entry in changes {
                    let value = entry.isDeleted ? "" : String(decoding: entry.value, as: UTF8.self)
                    let actions = table.withLock {
                        $0.saw(key: entry.key, value: value, revision: entry.revision, at: Self.now)
                    }
                    for action in actions { await perform(action) }
                }
            }
            try? await Task.sleep(for: .milliseconds(500))
        }
    }

    private func perform(_ action: ShardTable.Action) async {
        let value = Array(table.withLock { $0.value }.utf8)
        switch action {
        case .beat: _ = try? await bucket.put("members.\(id)", value)
        case .lease(let part, let revision):
            let sent = Self.now
            do throws(BusError) {
                let granted = try await bucket.update("parts.\(part)", value, revision: revision)
                if table.withLock({ $0.granted(part: part, revision: granted, sent: sent) }) { await take(part) }
            } catch {
                let actions = table.withLock { $0.refused(part: part, isTaken: error.code == .conflict) }
                for action in actions { await perform(action) }
            }
        case .leave(let part, let revision):
            await drop(part)
            // Without a connection nothing would leave meanwhile; what waits is kept, or superseded by what its heir stores.
            if process.bus.status.isConnected { _ = await owner.outbox.drain(timeout: .seconds(2)) }
            await letGo(part, revision)
            table.withLock { $0.left(part: part) }
        case .drop(let part): await drop(part)
        case .expire(let part):
            await drop(part)
            table.withLock { $0.left(part: part) }
        }
    }

    /// Empties a part's key, so that its heir need not wait. The last renewal may have been stored without our knowing.
    private func letGo(_ part: Int, _ revision: UInt64) async {
        // Without a server no member can take it before its lease has run out anyway.
        guard process.bus.status.isConnected else { return }
        var revision = revision
        for _ in 0..<3 {
            do throws(BusError) {
                _ = try await bucket.update("parts.\(part)", [], revision: revision)
                return
            } catch {
                let value = Array(table.withLock { $0.value }.utf8)
                guard error.code == .conflict, let entry = try? await bucket.get("parts.\(part)"), entry.value == value
                else { return }
                revision = entry.revision
            }
        }
    }

    /// Takes up the gates of a part, and judges from then on.
    private func take(_ part: Int) async {
        // It is taken again once the other attempt is over.
        guard taking.withLock({ $0.insert(part).inserted }) else { return table.withLock { $0.left(part: part) } }
        defer { taking.withLock { _ = $0.remove(part) } }
        do {
            try await owner.resume(part: part) { Sorter.partition(of: $0, among: self.partitions) == part }
            try await listen(to: part)
            guard table.withLock({ $0.isReady(part: part) }) else { return await drop(part) }
            process.logger.info("Took a part of the regions", metadata: ["part": "\(part)"])
        } catch {
            // The lease runs out, or is renewed and the part taken up when it comes again.
            process.logger.warning("Cannot take up gates", metadata: ["part": "\(part)", "reason": "\(error)"])
            try? await Task.sleep(for: .seconds(1))
            table.withLock { $0.left(part: part) }
        }
    }

    private func drop(_ part: Int) async {
        subscriptions.withLock { $0.removeValue(forKey: part) }?.cancel()
        owner.settle { $0.forget { Sorter.partition(of: $0, among: self.partitions) == part } }
        owner.outcomes.forget { Sorter.partition(of: $0, among: partitions) == part }
        owner.ruled.forget { Sorter.partition(of: $0, among: partitions) == part }
        // The one that has the part from now on stores behind what this one knows of.
        owner.outbox.forget { subject in
            GateID(transition: subject).map { Sorter.partition(of: $0, among: partitions) == part } ?? false
        }
        process.logger.info("Left a part of the regions", metadata: ["part": "\(part)"])
    }

    /// Leaves every part in order, so that others take them at once.
    func leave() async {
        tasks.cancelAll()
        for _ in 0..<20 {
            // A renewal that is under way ends first.
            for action in table.withLock({ $0.leaveAll() }) { await perform(action) }
            if table.withLock({ $0.parts.isEmpty }) { break }
            try? await Task.sleep(for: .milliseconds(50))
        }
        if process.bus.status.isConnected { _ = try? await bucket.put("members.\(id)", []) }
    }
}

extension RawSpan {
    /// Returns whether these bytes stand at a place.
    fileprivate func begins(with bytes: [UInt8], at place: Int) -> Bool {
        guard byteCount - place >= bytes.count else { return false }
        return bytes.indices.allSatisfy { unsafeLoad(fromByteOffset: place + $0, as: UInt8.self) == bytes[$0] }
    }
}

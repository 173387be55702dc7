import Logging
import NimmerBus
import NimmerIris
import NimmerPlatform
import NimmerProcess
import NimmerSystem
import NimmerThalamus
import NimmerWave
import Synchronization

/// Wires the thalamus to the bus: waves are judged on the delivery thread, where also the first attempt to publish what follows
/// leaves; releases, attention, requests and outcomes run beside it under one lock. Under that lock conclusions also get their place
/// in the outbox, so that a gate's transitions are stored in the order in which they happened, whichever thread concluded them.
package final class ThalamusProcess: Sendable {
    let process: ServiceProcess
    let bus: any Bus
    let thalamus: Mutex<Thalamus>
    let outbox: Outbox
    let announcer: ConclusionPublisher
    let outcomes: Outcomes
    let ruled: RuledOutcomes
    /// Answers to cells about what they have learned.
    let learned: LearnedAnswers
    let configuration: ThalamusConfiguration
    /// Senders that may verify.
    let verifiers: Verifiers
    /// Number of outcomes, withdrawals and resets that were accepted; changes under the lock of the gates.
    let acceptances = Atomic<Int>(0)
    private let keepsWaves: Bool
    private let tendModels: @Sendable () async -> Void
    let openings: AsyncStream<Void>
    let opened: AsyncStream<Void>.Continuation
    let timerIsIdle = Atomic<Bool>(true)
    /// Gates that another thalamus has judged: to be taken up again.
    let superseded: AsyncStream<Subject>
    /// Ownership of the regions where several thalami share them.
    private let shards = Mutex<Shards?>(nil)
    var sharedRegions: Shards? { shards.withLock { $0 } }
    /// Homes of regions; nil where they do not join.
    private let joinedRegions = Mutex<RegionLog?>(nil)
    var regionHomes: RegionLog? { joinedRegions.withLock { $0 } }
    /// Questions to the other instances, and connections that are being closed.
    let tasks = TaskOwner()
    /// The flooding senders that are held back now.
    let heldBack = Mutex<Set<String>>([])
    /// The questions that each may ask: at once, and a second; a screen that shows gates asks twice a second.
    let questions = Mutex(SenderIntake(SenderBudgets(burst: 60, perSecond: 10)))
    /// Questions of people that were answered, and those that were refused.
    let answered = Atomic<Int>(0)
    let refused = Atomic<Int>(0)

    /// The region that a person means by a name.
    func home(ofAsked name: String) -> String { thalamus.withLock { $0.home(ofAsked: name) } }

    /// The regions that live in others, declared or joined, for those who show waves beside their gates.
    var regions: RegionMap { thalamus.withLock { $0.regionMap } }

    /// A thalamus that does not run yet, with the regions and the grants of the process's system file.
    ///
    /// - Parameter keepsWaves: whether the last hour of waves is kept in a stream.
    /// - Throws: a ``Refusal`` of settings that make no sense together.
    package convenience init(_ process: ServiceProcess, keepsWaves: Bool) throws {
        guard let own = ProcessEmbeddings(process) else {
            try self.init(process, keepsWaves: keepsWaves, embeddings: nil)
            return
        }
        var links: NameLinks?
        if let path = own.tablePath {
            do { links = try NameLinks(besideTable: path, table: own.table) } catch {
                process.logger.warning("The dictionary of names cannot be read", metadata: ["reason": "\(error)"])
            }
        }
        try self.init(process, keepsWaves: keepsWaves, embeddings: own.chain, links: links) { await own.run() }
    }

    /// A thalamus that does not run yet, with the models that it is given.
    ///
    /// - Parameters:
    ///   - embeddings: the models that embed the names of regions, where the system file lets them join; nil: each lives by itself.
    ///   - links: the dictionary that relates names by their words.
    ///   - tend: keeps the models at hand until its task is cancelled.
    /// - Throws: a ``Refusal`` of settings that make no sense together.
    init(
        _ process: ServiceProcess, keepsWaves: Bool, embeddings: EmbeddingChain?, links: NameLinks? = nil,
        tend: @escaping @Sendable () async -> Void = {}
    ) throws {
        tendModels = tend
        self.keepsWaves = keepsWaves
        self.process = process
        bus = process.bus
        var configuration = try ThalamusConfiguration(process.system, environment: process.environment)
        configuration.origins = OriginGrants(process.system, hasIdentities: process.bus.identity != nil)
        if embeddings == nil { configuration.joining = nil }
        if let table = embeddings?.status.table?.model { configuration.joining?.model += " \(table.name)" }
        if let links { configuration.joining?.model += " \(links.digest)" }
        self.configuration = configuration
        verifiers = Verifiers(process.system)
        // No other process knows an id of this run before it is published (decision 0017).
        var chance = SystemRandomNumberGenerator()
        thalamus = Mutex(Thalamus(configuration, names: MessageID(high: chance.next(), low: chance.next())))
        let (superseded, supersede) = AsyncStream.makeStream(of: Subject.self)
        self.superseded = superseded
        outbox = process.outbox { subject, _ in supersede.yield(subject) }
        let outcomes = Outcomes(process)
        self.outcomes = outcomes
        learned = LearnedAnswers(process)
        let ruled = RuledOutcomes(process, outbox, configuration.clockTolerance)
        self.ruled = ruled
        announcer = ConclusionPublisher(process, outbox) { opening, id in
            ruled.opened(id, opening)
        } opened: { opening, id in
            outcomes.opened(opening.gateID, id)
            ruled.stored(id)
        }
        (openings, opened) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        if let embeddings, let joining = configuration.joining {
            let deadline = process.system?.iris?.deadlineMS ?? IrisSettings().deadlineMS
            let models = RegionLog.Models(
                chain: embeddings, links: links, deadline: .milliseconds(deadline) + .milliseconds(250))
            joinedRegions.withLock { $0 = RegionLog(self, joining, models) }
        }
    }

    /// Messages refused since the start.
    package var rejected: Int { announcer.rejected }

    /// Correlates until the process is asked to stop, then leaves in order.
    package func run() async throws {
        try await process.waiting(for: "the streams") { [process, keepsWaves] in
            _ = try await SystemStreams.ensure(
                on: process.bus, environment: process.environment, keepingWaves: keepsWaves,
                mayChange: true)
            try await SystemStreams.ensureOutcomes(on: process.bus, environment: process.environment, mayChange: true)
            try await SystemStreams.ensureLifeforce(on: process.bus, environment: process.environment, mayChange: true)
        }
        try await process.waiting(for: "the stream of outcomes") { [outcomes] in try await outcomes.begin() }
        let room = try await process.waiting(for: "the room of the streams") { [process] in
            try await OpeningRoom(of: process.bus, process.environment)
        }
        thalamus.withLock { $0.keepOpenings(within: room) }
        // Before any other message: what an earlier run concluded and has not published yet.
        outbox.takeUp()
        await learned.begin()
        try await process.waiting(for: "what its rules name") { [ruled] in try await ruled.hear() }
        if let regionHomes {
            try await process.waiting(for: "the log of regions") { try await regionHomes.begin() }
        }
        let shards = try await share()
        let waves = try await hear(shards)
        let questions = ThalamusRequests(self, shards)
        let responder = try await questions.serve()
        let reported = ReportedTransitions(self, room)
        let reports = try await reported.serve()
        let spending = SpendingReports(self)
        let states = try await spending.hearStates()
        let organs = try await spending.hearOrgans()
        process.answers.report { [weak self] in
            self?.statistics(lost: waves.lost) ?? ServiceResponder.Statistics()
        }
        process.metrics.collect { [weak self] in
            self?.measure(lost: waves.lost, reportsDropped: reported.dropped, into: &$0)
        }
        process.health.started()
        process.logger.info(
            "Listening", metadata: ["pattern": "\(SubjectPattern.waves(process.environment))"])
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.process.run(self.outbox) }
            group.addTask { await self.retake(shards) }
            group.addTask { await self.release() }
            group.addTask { await self.attend(waves) }
            group.addTask { await FloodWatch(self, waves).run() }
            if let shards { group.addTask { await self.keepTogether(waves, shards) } }
            if let regionHomes {
                group.addTask { await self.tendModels() }
                group.addTask { await regionHomes.follow() }
                group.addTask { await regionHomes.decide() }
            }
            group.addTask { await self.outcomes.learn(self, shards) }
            group.addTask { await self.ruled.run() }
            group.addTask { await reported.run() }
            group.addTask { await spending.run() }
            group.addTask { await self.watchStreams() }
            await process.untilStopped()
            waves.cancel()
            await shards?.leave()
            spending.publish(until: .now())
            // What was put off comes into the outbox before that is emptied: it waits for a turn, and runs at the end of one.
            for _ in 0..<2 { _ = try? await bus.flush(timeout: .seconds(1)) }
            let limit: Duration = bus.status.isConnected ? .seconds(3) : .zero
            if await !outbox.drain(timeout: limit) {
                process.logger.warning(
                    "Left with messages that no stream has acknowledged",
                    metadata: ["waiting": "\(self.outbox.counters.waiting)"])
            }
            responder.cancel()
            reports.cancel()
            states.cancel()
            organs.cancel()
            // Not waited for: a connection that the server has given up may take seconds to end.
            tasks.cancelAll()
            group.cancelAll()
        }
    }

    /// Keeps the streams as those who live need them; the thalamus does it for all.
    private func watchStreams() async {
        await SystemStreams.watch(
            on: bus, environment: process.environment, keepingWaves: keepsWaves
        ) { outcome in
            switch outcome {
            case .success(.widened):
                process.logger.notice("Processes of protocol 2.0 run: the streams keep what these need, too")
            case .success(.migrated): process.logger.notice("The streams are those of this version now")
            case .failure(let error):
                process.logger.warning("Cannot maintain the streams", metadata: ["reason": "\(error)"])
            }
        }
    }

    /// Shares the regions with other thalami where the system file states so, once they let this one take part; else takes up
    /// all gates.
    private func share() async throws -> Shards? {
        guard let partitions = configuration.partitions else {
            try await process.waiting(for: "the last transitions of its gates") { try await self.resume { _ in true } }
            return nil
        }
        let shards = try await process.waiting(for: "the bucket of leases") {
            try await Shards.open(self, self.configuration, partitions: partitions)
        }
        self.shards.withLock { $0 = shards }
        process.metrics.collect { [weak shards] page in shards?.measure(into: &page) }
        await shards.untilTakingPart()
        return shards
    }

    /// Changes the thalamus, and publishes what follows: its place is fixed under the lock, it leaves outside.
    func settle<Result: Sendable, Failure: Error>(
        _ change: (inout Thalamus) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var isConcluded = false
        let result = try thalamus.withLock { (thalamus) throws(Failure) in
            let result = try change(&thalamus)
            if !thalamus.conclusions.isEmpty {
                isConcluded = true
                let shards = self.shards.withLock { $0 }
                // Gates of a part whose lease has run out continue by themselves until they are forgotten: another judges these.
                for conclusion in thalamus.conclusions
                where shards?.concludes(conclusion.transition.gateID) ?? true {
                    announcer.put(conclusion)
                }
                thalamus.conclusions.removeAll(keepingCapacity: true)
            }
            return result
        }
        if isConcluded {
            outbox.push()
            bus.afterTurn { [self] in
                if timerIsIdle.load(ordering: .sequentiallyConsistent) { opened.yield() }
            }
        }
        return result
    }
}

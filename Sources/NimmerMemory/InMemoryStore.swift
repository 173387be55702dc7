import NimmerWave
import Synchronization

/// Long-term memory that lasts as long as the process: for tests and for systems without a database.
///
/// Keeps the contract of ``MemoryStore`` to the letter, PostgreSQL's limits included: a text that holds U+0000 cannot
/// be kept, and its row is set aside.
public final class InMemoryStore: MemoryStore {
    let memory = Mutex(MemoryContents())

    /// An empty store.
    public init() {}

    /// Does nothing: there is nothing to connect to.
    public func open() async throws(MemoryError) {}

    /// Remembers a batch.
    public func write(_ entries: [MemoryEntry]) async throws(MemoryError) -> WriteReport {
        memory.withLock { $0.write(entries) }
    }

    /// Follows a decision.
    public func trail(of id: MessageID) async throws(MemoryError) -> MemoryTrail? {
        try memory.withLock { contents throws(MemoryError) in try contents.follow(id) }
    }

    /// Answers with known outcomes.
    public func answerPage(_ query: TrainingQuery) async throws(MemoryError) -> AnswerPage {
        let start = try query.resume.map { (place) throws(MemoryError) in try InMemoryStore.start(after: place) }
        let answers = memory.withLock { $0.answers(query, after: start) }
        return AnswerPage(
            rows: answers.map { .success($0) },
            next: answers.count >= query.limit ? answers.last.map { query.after($0.place) } : nil)
    }

    /// Examples for training.
    public func trainingPage(_ query: TrainingQuery) async throws(MemoryError) -> TrainingPage {
        let start = try query.resume.map { (place) throws(MemoryError) in try InMemoryStore.start(after: place) }
        let examples = memory.withLock { $0.trainingExamples(query, after: start) }
        let isFull = examples.count >= query.limit
        return TrainingPage(
            rows: examples.map { .success($0) },
            next: isFull ? examples.last.map { query.after(.init(at: $0.windowEnd.rfc3339, id: $0.id.text)) } : nil)
    }

    static func start(after place: TrainingQuery.Place) throws(MemoryError) -> (Timestamp, MessageID) {
        guard let at = try? Timestamp(rfc3339: place.at), let id = try? MessageID(place.id) else {
            throw MemoryError(.unexpected, "found a page after \(place.at), \(place.id); expected a time and a UUID")
        }
        return (at, id)
    }

    /// Lifeforce that was spent and earned.
    public func lifeforce(_ query: LifeforceQuery) async throws(MemoryError) -> [LifeforceDay] {
        memory.withLock { contents in
            contents.days.values.filter { query.matches($0) }.sorted { ($0.day, $0.region) < ($1.day, $1.region) }
        }
    }

    /// The gates with their totals.
    public func gates(_ environment: Environment) async throws(MemoryError) -> [GateBalance] {
        memory.withLock { $0.gates.values.filter { $0.environment == environment }.sorted { $0.gateID < $1.gateID } }
    }

    /// Returns the number of rows of each kind.
    public func counts() async throws(MemoryError) -> MemoryCounts {
        memory.withLock { $0.counts }
    }

    /// The outcome that counts of an opening; nil without one, or where it was taken back.
    package func result(of opening: MessageID) -> VerificationResult? {
        memory.withLock { $0.result(of: opening) }
    }

    /// Does nothing: what was remembered stays.
    public func close() async {}
}

/// The rows and totals of an ``InMemoryStore``: a value, changed under its lock.
struct MemoryContents: TrailSource {
    /// A gate by environment and name.
    struct GateKey: Hashable {
        var environment: Environment
        var gateID: GateID
    }

    private(set) var gates: [GateKey: GateBalance] = [:]
    private(set) var transitions: [MessageID: Remembered<GateTransition>] = [:]
    private(set) var collapses: [MessageID: Remembered<Collapse>] = [:]
    private(set) var correlations: [MessageID: Remembered<CorrelationEvent>] = [:]
    private(set) var requests: [MessageID: Remembered<CognitiveRequest>] = [:]
    private(set) var responses: [MessageID: Remembered<CognitiveResponse>] = [:]
    private var acts: [MessageID: Remembered<Act>] = [:]
    private var verified: [MessageID: Remembered<VerificationOutcome>] = [:]
    private(set) var accepted: [MessageID: Remembered<AcceptedOutcome>] = [:]
    /// Lifeforce that accepted outcomes give back.
    private(set) var earnings: [MessageID: Double] = [:]
    private var spendings: Set<MessageID> = []
    var days: [LifeforceDay.Key: LifeforceDay] = [:]
    private var counted = CountedOutcomes()
    private var rejected: [MessageID: MemoryEntry] = [:]
    /// Rows that wait to be remembered by their meaning.
    var meanings = WaitingMeanings()

    var counts: MemoryCounts {
        var counts = MemoryCounts()
        counts.transitions = transitions.count
        counts.collapses = collapses.count
        counts.correlations = correlations.count
        counts.requests = requests.count
        counts.responses = responses.count
        counts.acts = acts.count
        counts.verifications = verified.count
        counts.accepted = accepted.count
        counts.rejected = rejected.count
        return counts
    }

    mutating func write(_ entries: [MemoryEntry]) -> WriteReport {
        var report = WriteReport()
        for (index, entry) in entries.enumerated() {
            if let reason = entry.row.unkeepable {
                report.setAside.append(WriteReport.SetAside(index: index, reason: reason))
                _ = insert(entry.setAside(because: reason))
            } else if insert(entry) {
                report.stored += 1
                meanings.stored(entry)
            } else {
                report.known += 1
            }
        }
        return report
    }

    /// Adds a row unless its key is known.
    private mutating func insert(_ entry: MemoryEntry) -> Bool {
        let environment = entry.environment
        let key = entry.row.key
        switch entry.row {
        case .transition(let message):
            guard Self.keep(&transitions, key, environment, message) else { return false }
            total(message, in: environment)
        case .collapse(let message): return Self.keep(&collapses, key, environment, message)
        case .correlation(let message): return Self.keep(&correlations, key, environment, message)
        case .request(let message): return Self.keep(&requests, key, environment, message)
        case .response(let message):
            guard Self.keep(&responses, key, environment, message) else { return false }
            spend(message, in: environment)
        case .act(let message): return Self.keep(&acts, key, environment, message)
        case .verification(let message, _): return Self.keep(&verified, key, environment, message)
        case .accepted(let message, let lifeforce):
            let before = shares(of: message.body.opening, in: environment)
            guard Self.keep(&accepted, key, environment, message) else { return false }
            earnings[message.header.messageID] = lifeforce
            earn(shares(of: message.body.opening, in: environment), insteadOf: before, in: environment)
            total(message, in: environment)
        case .spent(let message):
            guard spendings.insert(key).inserted else { return false }
            spend(message.body, in: environment)
        case .rejected:
            guard rejected[key] == nil else { return false }
            rejected[key] = entry
        }
        return true
    }

    private static func keep<Body>(
        _ table: inout [MessageID: Remembered<Body>], _ key: MessageID, _ environment: Environment,
        _ message: Envelope<Body>
    ) -> Bool {
        guard table[key] == nil else { return false }
        table[key] = Remembered(environment: environment, message: message)
        return true
    }

    private mutating func total(_ message: Envelope<GateTransition>, in environment: Environment) {
        let body = message.body
        let key = GateKey(environment: environment, gateID: body.gateID)
        var gate =
            gates[key]
            ?? GateBalance(environment: environment, gateID: body.gateID, domain: body.domain, region: body.region)
        if gate.lastTransitionAt.map({ body.at >= $0 }) ?? true {
            gate.domain = body.domain
            gate.region = body.region
            gate.state = body.toState
            gate.potential = body.stateValue
            gate.weight = body.weight
            gate.lastTransitionAt = body.at
        }
        gate.transitions += 1
        gate.openings += body.toState == .open ? 1 : 0
        gate.closings += body.toState == .closed ? 1 : 0
        gate.lifeforceSpent += body.lifeforceCost
        gate.lifeforceEarned += counted.pay(message.header.messageID, body.lifeforceCost)
        gates[key] = gate
    }

    private mutating func total(_ message: Envelope<AcceptedOutcome>, in environment: Environment) {
        let body = message.body
        let key = GateKey(environment: environment, gateID: body.gateID)
        if gates[key] == nil {
            gates[key] = GateBalance(
                environment: environment, gateID: body.gateID, domain: body.region.domain, region: body.region)
        }
        guard let change = counted.take(message, cost: transitions[body.opening]?.message.body.lifeforceCost) else {
            return
        }
        for (outcome, sign) in [(change.before, -1), (change.after, 1)] {
            guard let outcome else { continue }
            gates[key]?.confirmed += outcome.result == .confirmed ? sign : 0
            gates[key]?.failed += outcome.result == .failed ? sign : 0
            gates[key]?.partial += outcome.result == .partial ? sign : 0
            gates[key]?.lifeforceEarned += (outcome.earned ?? 0) * Double(sign)
        }
    }

    /// The outcome that counts of an opening.
    func result(of opening: MessageID) -> VerificationResult? {
        counted.result(of: opening)
    }

    // MARK: - TrailSource

    func transition(_ id: MessageID) -> Remembered<GateTransition>? { transitions[id] }

    func transition(following earlier: GateTransition, in environment: Environment) -> Envelope<GateTransition>? {
        transitions.values
            .filter {
                $0.environment == environment && $0.message.body.gateID == earlier.gateID
                    && $0.message.body.at > earlier.at
            }
            .min { $0.message.body.at < $1.message.body.at }?.message
    }

    func collapse(_ key: TrailKey) -> Remembered<Collapse>? {
        switch key {
        case .own(let id): collapses[id] ?? collapses.values.first { $0.message.header.messageID == id }
        case .cause(let id): collapses.values.first { $0.message.body.transitionID == id }
        }
    }

    func request(_ key: TrailKey) -> Remembered<CognitiveRequest>? {
        switch key {
        case .own(let id): requests[id] ?? requests.values.first { $0.message.header.messageID == id }
        case .cause(let id): requests.values.first { $0.message.body.collapseID == id }
        }
    }

    func response(_ key: TrailKey) -> Remembered<CognitiveResponse>? {
        switch key {
        case .own(let id): responses[id] ?? responses.values.first { $0.message.header.messageID == id }
        case .cause(let id): responses[id]
        }
    }

    func act(_ key: TrailKey) -> Remembered<Act>? {
        switch key {
        case .own(let id): acts[id] ?? acts.values.first { $0.message.header.messageID == id }
        case .cause(let id): acts[id]
        }
    }

    func verifications(_ key: TrailKey) -> [Remembered<VerificationOutcome>] {
        switch key {
        case .own(let id): verified[id].map { [$0] } ?? []
        case .cause(let id):
            verified.values.filter { $0.message.body.originalSignalID == id }
                .sorted {
                    ($0.message.header.timestamp, $0.message.header.messageID)
                        < ($1.message.header.timestamp, $1.message.header.messageID)
                }
        }
    }
}

extension MemoryRow {
    /// Reason why a text of this row cannot be kept; nil when all can.
    fileprivate var unkeepable: String? {
        let texts: [String] =
            switch self {
            case .transition(let message): [message.header.source.entityID] + message.body.triggerSignals.map(\.source)
            case .collapse(let message): [message.header.source.entityID]
            case .correlation(let message): [message.header.source.entityID, message.body.trainingLabel ?? ""]
            case .request(let message): [message.header.source.entityID, message.body.eventType]
            case .response(let message): [message.header.source.entityID, message.body.decision]
            case .act(let message): [message.header.source.entityID, message.body.word ?? ""]
            case .verification(let message, _):
                [message.header.source.entityID, message.body.verificationSource]
            case .accepted(let message, _): [message.header.source.entityID, message.body.sender]
            case .spent(let message): [message.header.source.entityID]
            case .rejected: []
            }
        return texts.contains { $0.utf8.contains(0) } ? "a text holds U+0000" : nil
    }
}

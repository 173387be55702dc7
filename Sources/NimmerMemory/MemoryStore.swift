import NimmerWave

/// Contract of long-term memory (memory.md). One conformance suite, `StoreConformance`, holds every implementation to
/// this text.
///
/// **Exactly once.** A row is known by its key (``MemoryRow/key``). Writing it again, by the same or another writer, at
/// the same time or later, changes neither rows nor totals: the first one stays.
///
/// **All or retry.** When `write` returns, everything in the batch is either durable or set aside as a rejected message
/// with its reason; only then may its messages be acknowledged. When it throws, an unknown part is durable, and the same
/// batch must be written again.
///
/// **One bad row.** A row that the store cannot hold is set aside alone; its batch is written.
///
/// **Order.** Rows of one decision may arrive in any order, in any batches.
///
/// **Time** is kept to the microsecond.
public protocol MemoryStore: Sendable {
    /// Connects, and checks that the schema is the one that this program writes; when that is done already, checks
    /// that the store still answers.
    ///
    /// - Throws: ``MemoryError``; for a missing, older or unknown schema its remedy names the command.
    func open() async throws(MemoryError)

    /// Makes a batch durable; see the contract above.
    func write(_ entries: [MemoryEntry]) async throws(MemoryError) -> WriteReport

    /// Follows a decision from its waves to its verification.
    ///
    /// - Parameter id: the id of a transition, collapse, request, response or verification, or of one of their messages.
    /// - Returns: nil when nothing with this id is remembered.
    func trail(of id: MessageID) async throws(MemoryError) -> MemoryTrail?

    /// Examples for training, oldest first, at most `query.limit`; continue with the page's ``ExportPage/next``.
    func trainingPage(_ query: TrainingQuery) async throws(MemoryError) -> TrainingPage

    /// Answered requests whose openings have an accepted outcome, by the time of the request, at most `query.limit`; continue with the
    /// page's ``ExportPage/next``. ``TrainingQuery/labelledOnly`` does not matter: each has an outcome.
    func answerPage(_ query: TrainingQuery) async throws(MemoryError) -> AnswerPage

    /// Lifeforce that was spent and earned, by day and region.
    func lifeforce(_ query: LifeforceQuery) async throws(MemoryError) -> [LifeforceDay]

    /// Every gate of an environment with its running totals, by name.
    func gates(_ environment: Environment) async throws(MemoryError) -> [GateBalance]

    /// Returns the number of rows of each kind.
    func counts() async throws(MemoryError) -> MemoryCounts

    /// Ends; a later call of another method opens again.
    func close() async
}

/// Result of a batch.
public struct WriteReport: Sendable, Hashable {
    /// Number of new rows.
    public var stored: Int
    /// Number of rows that were there already.
    public var known: Int
    /// Rows that were set aside: the place in the batch, and why.
    public var setAside: [SetAside]

    /// A row that was set aside.
    public struct SetAside: Sendable, Hashable {
        /// The place in the batch, from 0.
        public var index: Int
        /// Reason.
        public var reason: String

        /// A row that was set aside.
        public init(index: Int, reason: String) {
            self.index = index
            self.reason = reason
        }
    }

    /// Creates a report.
    public init(stored: Int = 0, known: Int = 0, setAside: [SetAside] = []) {
        self.stored = stored
        self.known = known
        self.setAside = setAside
    }
}

/// Number of rows of each kind.
public struct MemoryCounts: Sendable, Hashable {
    /// Rows of `gate_transitions`.
    public var transitions = 0
    /// Rows of `collapses`.
    public var collapses = 0
    /// Rows of `correlation_events`.
    public var correlations = 0
    /// Rows of `cognitive_requests`.
    public var requests = 0
    /// Rows of `cognitive_responses`.
    public var responses = 0
    /// Rows of `decision_acts`.
    public var acts = 0
    /// Rows of `verification_outcomes`.
    public var verifications = 0
    /// Rows of `accepted_outcomes`.
    public var accepted = 0
    /// Rows of `rejected_messages`.
    public var rejected = 0

    /// Nothing remembered.
    public init() {}
}

/// A gate and its running totals: read, never summed (memory.md).
public struct GateBalance: Sendable, Hashable {
    /// The environment.
    public var environment: Environment
    /// The gate.
    public var gateID: GateID
    /// Domain.
    public var domain: Token
    /// The semantic region that it guards.
    public var region: Region
    /// Its state after the latest transition that is remembered.
    public var state: GateState = .stable
    /// Its potential at that transition.
    public var potential = 0.0
    /// Its weight at that transition.
    public var weight = 0.0
    /// Transitions remembered, ever; what was pruned counts.
    public var transitions = 0
    /// Those to OPEN.
    public var openings = 0
    /// Those to CLOSED.
    public var closings = 0
    /// Openings whose outcome counts and confirmed.
    public var confirmed = 0
    /// Openings whose outcome counts and failed.
    public var failed = 0
    /// Openings whose outcome counts and confirmed in part.
    public var partial = 0
    /// Energy that its transitions cost, in LF.
    public var lifeforceSpent = 0.0
    /// Energy that outcomes that count gave back, in LF: a confirmed transition its whole cost, a partial one half of it.
    public var lifeforceEarned = 0.0
    /// The time of the latest transition.
    public var lastTransitionAt: Timestamp?

    /// Earned less spent, in LF: zero when reality confirmed everything, negative by what was wasted.
    public var lifeforceNet: Double { lifeforceEarned - lifeforceSpent }

    /// The share of outcomes that count that confirmed, 0…1; nil when there was none.
    public var verificationRate: Double? {
        let all = confirmed + failed + partial
        return all == 0 ? nil : Double(confirmed) / Double(all)
    }

    /// A gate with nothing remembered.
    public init(environment: Environment, gateID: GateID, domain: Token, region: Region) {
        self.environment = environment
        self.gateID = gateID
        self.domain = domain
        self.region = region
    }
}

import NimmerWave

/// One request to an organ.
public struct OrganJob: Sendable, Hashable {
    /// Work for the model.
    public enum Work: Sendable, Hashable {
        /// An answer to a question.
        case ask(MindQuestion)
        /// A vector for each text.
        case embed([String])
    }

    /// The request's identity, chosen by the caller.
    public var id: MessageID
    /// Work to do.
    public var work: Work
    /// Time at which the request expires.
    public var deadline: SteadyTime

    /// A request.
    public init(id: MessageID, work: Work, deadline: SteadyTime) {
        self.id = id
        self.work = work
        self.deadline = deadline
    }
}

/// State machine of an organ, as a value: IDLE → LOAD → PROCESS → REPORT → IDLE, with the model kept loaded for a while (no clock, no
/// server, no bus; architecture.md, rule 1).
///
/// Time comes in with every event; ``next`` is the latest time for a call of ``tick(at:)``.
public struct OrganLogic: Sendable {
    /// State of the organ.
    public enum State: String, Sendable, CaseIterable {
        /// Nothing to do; the model may still be loaded.
        case idle
        /// The card is being waited for and the model loaded.
        case load
        /// The model answers a request.
        case process
        /// The answer is being sent.
        case report
        /// The model is being unloaded; requests wait.
        case unload
    }

    /// Action to perform now.
    public enum Action: Sendable, Hashable {
        /// Take the card and load the model, by then; call ``loaded(at:)`` or ``loadFailed(_:at:)``.
        case load(by: SteadyTime)
        /// Put the model to work; call ``processed(at:)`` whatever came of it.
        case process(OrganJob)
        /// Send what came of it; call ``reported(at:)``.
        case report(OrganJob)
        /// Answer the sender with the reason why it is not done.
        case refuse(OrganJob, String)
        /// Unload the model and give the card back; call ``unloaded(at:)``.
        case unload
    }

    /// State of the organ, with its data.
    private enum Stage {
        /// There is no model.
        case empty
        case loading
        /// The model is loaded, and has had nothing to do since then.
        case warm(since: SteadyTime)
        case processing(OrganJob, then: Afterwards)
        case reporting(OrganJob, then: Afterwards)
        case unloading
    }

    /// What to do with the model after the current request.
    private enum Afterwards {
        case keep
        /// Another user of the card waits, or its server is gone.
        case unload
    }

    private var stage = Stage.empty
    /// Requests that wait.
    public private(set) var queue: [OrganJob] = []
    /// Requests by outcome.
    public private(set) var counters = Counters()

    private let warmMilliseconds: Double
    private let loadMilliseconds: Double
    private let maximumQueue: Int

    /// State of the organ.
    public var state: State {
        switch stage {
        case .empty, .warm: .idle
        case .loading: .load
        case .processing: .process
        case .reporting: .report
        case .unloading: .unload
        }
    }

    /// Indicates whether the model is loaded.
    public var isLoaded: Bool {
        switch stage {
        case .empty, .loading: false
        case .warm, .processing, .reporting, .unloading: true
        }
    }

    /// The current request.
    public var current: OrganJob? {
        switch stage {
        case .processing(let job, _), .reporting(let job, _): job
        case .empty, .loading, .warm, .unloading: nil
        }
    }

    /// Requests by outcome.
    public struct Counters: Sendable, Hashable {
        /// Requests that were taken.
        public var taken = 0
        /// Requests that the model worked on.
        public var processed = 0
        /// Requests that were refused: a full queue, a deadline that passed, a model that could not be loaded.
        public var refused = 0
        /// Times that the model was loaded.
        public var loads = 0
    }

    /// An organ that rests.
    ///
    /// - Parameters:
    ///   - warmMilliseconds: how long the model stays loaded after the last request.
    ///   - loadMilliseconds: how long loading may take.
    ///   - maximumQueue: requests that may wait.
    public init(warmMilliseconds: Int, loadMilliseconds: Int, maximumQueue: Int) {
        self.warmMilliseconds = Double(warmMilliseconds)
        self.loadMilliseconds = Double(loadMilliseconds)
        self.maximumQueue = maximumQueue
    }

    /// Time of the next action without an event: the end of the warm time, or the first deadline of the queue.
    public var next: SteadyTime? {
        var cold: SteadyTime?
        if case .warm(let since) = stage { cold = since.advanced(milliseconds: warmMilliseconds) }
        return [cold, queue.map(\.deadline).min()].compactMap { $0 }.min()
    }

    /// A request came.
    public mutating func receive(_ job: OrganJob, at now: SteadyTime) -> [Action] {
        counters.taken += 1
        var actions = expire(at: now)
        guard job.deadline > now else { return actions + [refuse(job, "its time was over when it came")] }
        guard queue.count < maximumQueue else {
            return actions + [refuse(job, "\(queue.count) requests wait already, which is all that may")]
        }
        queue.append(job)
        actions += advance(at: now)
        return actions
    }

    /// The model is loaded.
    public mutating func loaded(at now: SteadyTime) -> [Action] {
        counters.loads += 1
        stage = .warm(since: now)
        return expire(at: now) + advance(at: now)
    }

    /// The model could not be loaded: the waiting request gets the error.
    public mutating func loadFailed(_ reason: String, at now: SteadyTime) -> [Action] {
        stage = .empty
        let waiting = queue
        queue = []
        return waiting.map { refuse($0, reason) }
    }

    /// The model is done with the request.
    ///
    /// - Parameter isBroken: whether its server is gone, so that it has to be loaded again.
    public mutating func processed(isBroken: Bool = false, at now: SteadyTime) -> [Action] {
        guard case .processing(let job, let then) = stage else { return [] }
        counters.processed += 1
        stage = .reporting(job, then: isBroken ? .unload : then)
        return [.report(job)]
    }

    /// The answer was sent.
    public mutating func reported(at now: SteadyTime) -> [Action] {
        guard case .reporting(_, let then) = stage else { return [] }
        stage = .warm(since: now)
        let late = expire(at: now)
        return late + (then == .unload ? unload() : advance(at: now))
    }

    /// Another user of the card waits: the model is unloaded after the current request, and the rest waits its turn.
    public mutating func release(at now: SteadyTime) -> [Action] {
        switch stage {
        case .empty, .loading, .unloading: return []
        case .warm: return unload()
        case .processing(let job, _): stage = .processing(job, then: .unload)
        case .reporting(let job, _): stage = .reporting(job, then: .unload)
        }
        return []
    }

    /// The model is unloaded and the card given back.
    public mutating func unloaded(at now: SteadyTime) -> [Action] {
        stage = .empty
        return expire(at: now) + advance(at: now)
    }

    /// Time went by.
    public mutating func tick(at now: SteadyTime) -> [Action] { expire(at: now) + advance(at: now) }

    private mutating func advance(at now: SteadyTime) -> [Action] {
        switch stage {
        case .loading, .processing, .reporting, .unloading: return []
        case .empty:
            guard !queue.isEmpty else { return [] }
            stage = .loading
            return [.load(by: now.advanced(milliseconds: loadMilliseconds))]
        case .warm(let since):
            guard queue.isEmpty else {
                let job = queue.removeFirst()
                stage = .processing(job, then: .keep)
                return [.process(job)]
            }
            return now.milliseconds(since: since) >= warmMilliseconds ? unload() : []
        }
    }

    private mutating func unload() -> [Action] {
        stage = .unloading
        return [.unload]
    }

    private mutating func expire(at now: SteadyTime) -> [Action] {
        let late = queue.filter { $0.deadline <= now }
        guard !late.isEmpty else { return [] }
        queue.removeAll { $0.deadline <= now }
        return late.map { refuse($0, "its time was over while it waited") }
    }

    private mutating func refuse(_ job: OrganJob, _ reason: String) -> Action {
        counters.refused += 1
        return .refuse(job, reason)
    }
}

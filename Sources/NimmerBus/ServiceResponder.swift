import NimmerWave
import Synchronization

/// Answers PING, INFO and STATS of the NATS services protocol, plain, by name, and by name and id (protocol.md, Subjects),
/// so that the ecosystem's own tools list the living processes.
///
/// The answers are made on the delivery thread from the process's figures at that moment; nothing runs in between.
public final class ServiceResponder: Sendable {
    /// Description of a service.
    public struct Description: Sendable {
        /// The service's name: the process's name on the bus.
        public var name: String
        /// This instance's id.
        public var id: String
        /// The version, `MAJOR.MINOR.PATCH`.
        public var version: String
        /// One sentence.
        public var summary: String
        /// Further facts, as texts.
        public var metadata: [String: String]
        /// Endpoints that it answers on.
        public var endpoints: [Endpoint]
        /// Start time.
        public var started: Timestamp

        /// Makes a description.
        public init(
            name: String, id: String, version: String, summary: String, metadata: [String: String] = [:],
            endpoints: [Endpoint] = [], started: Timestamp
        ) {
            self.name = name
            self.id = id
            self.version = version
            self.summary = summary
            self.metadata = metadata
            self.endpoints = endpoints
            self.started = started
        }
    }

    /// A subject on which a service takes requests.
    public struct Endpoint: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// The subject.
        public var subject: String
        /// The queue group in which instances share the requests.
        public var queueGroup: String
        /// Further facts, as texts.
        public var metadata: [String: String]
        /// Indicates whether it is another form of the subject of the endpoint before it, which counts the requests of both.
        public var isOtherForm: Bool

        /// An endpoint.
        public init(
            name: String, subject: String, queueGroup: String, metadata: [String: String] = [:],
            isOtherForm: Bool = false
        ) {
            self.name = name
            self.subject = subject
            self.queueGroup = queueGroup
            self.metadata = metadata
            self.isOtherForm = isOtherForm
        }

        /// Both forms of a shared subject: requests without a sender, and with any.
        public static func shared(
            name: String, subject: String, queueGroup: String, metadata: [String: String] = [:]
        ) -> [Endpoint] {
            [
                Endpoint(name: name, subject: subject, queueGroup: queueGroup, metadata: metadata),
                Endpoint(
                    name: name + "-from", subject: subject + ".*", queueGroup: queueGroup, isOtherForm: true),
            ]
        }
    }

    /// Statistics of an endpoint since the start, and whatever the process adds about itself.
    public struct Statistics: Sendable {
        /// Requests that came.
        public var requests = 0
        /// Of these, refused or failed.
        public var errors = 0
        /// The last error; empty when there was none.
        public var lastError = ""
        /// Time spent on requests, in nanoseconds.
        public var processingTime: Int64 = 0
        /// Counters and states of the process's own.
        public var data: JSON = [:]

        /// Nothing happened yet.
        public init() {}
    }

    /// Description of the service.
    public let description: Description
    private let bus: any Bus
    private let reporter = Mutex<Reporter?>(nil)
    private let facts = Mutex<(@Sendable () -> [String: String])?>(nil)
    /// Further members of the data of STATS.
    private let parts = Mutex<[(key: String, part: @Sendable () -> JSON)]>([])
    private let subscriptions = Mutex<[any Subscription]>([])
    /// One for each verb, so that who lists the living does not keep a process from being asked what it serves.
    private let budgets = Mutex<[Verb: ServiceBudget]>([:])
    /// Answers that never change, encoded once.
    private let cached = Mutex<[Verb: [UInt8]]>([:])

    /// A responder at rest until ``start()``.
    public init(_ description: Description, bus: any Bus) {
        self.description = description
        self.bus = bus
    }

    /// A message that is published once the process listens.
    private struct Reporter: Sendable {
        let endpoints: [Endpoint]
        let statistics: @Sendable () -> Statistics
    }

    /// Sets the source of STATS.
    ///
    /// From now on STATS list the endpoints: call it once their subjects are subscribed. INFO declares them from the start.
    ///
    /// - Parameters:
    ///   - endpoints: those that the description does not name.
    ///   - statistics: called on the delivery thread, must not block.
    public func report(also endpoints: [Endpoint] = [], _ statistics: @escaping @Sendable () -> Statistics) {
        let reporter = Reporter(endpoints: description.endpoints + endpoints, statistics: statistics)
        self.reporter.withLock { $0 = reporter }
        cached.withLock { $0 = [:] }
    }

    /// Adds a member to the data of STATS, for a part of a process that reports by itself.
    ///
    /// - Parameter part: called on the delivery thread, must not block.
    package func report(part key: String, _ part: @escaping @Sendable () -> JSON) {
        parts.withLock { $0.append((key, part)) }
    }

    /// Sets the source of facts that change, which INFO adds to the description's metadata.
    ///
    /// - Parameter facts: called on the delivery thread, must not block.
    public func describe(_ facts: @escaping @Sendable () -> [String: String]) { self.facts.withLock { $0 = facts } }

    /// Questions that got no answer, since there were too many.
    public var dropped: Int { budgets.withLock { $0.values.reduce(0) { $0 + $1.dropped } } }

    private func mayAnswer(_ verb: Verb, _ reply: Subject) -> Bool {
        let now = SteadyTime.now()
        return budgets.withLock { $0[verb, default: ServiceBudget(at: now)].answers(reply, at: now) }
    }

    private func bytes(_ verb: Verb) -> [UInt8] {
        guard verb != .stats, verb != .info || facts.withLock({ $0 }) == nil else { return answer(verb).bytes }
        if let known = cached.withLock({ $0[verb] }) { return known }
        let made = answer(verb).bytes
        cached.withLock { $0[verb] = made }
        return made
    }

    /// Begins to answer.
    public func start() async throws(BusError) {
        for verb in Verb.allCases {
            let subject = "$SRV.\(verb.rawValue)"
            for text in [subject, "\(subject).\(description.name)", "\(subject).\(description.name).\(description.id)"]
            {
                let pattern: SubjectPattern
                do throws(Refusal) { pattern = try SubjectPattern(text) } catch {
                    throw BusError(.invalid, "the service's name or id cannot be part of a subject: \(error)")
                }
                let subscription = try await bus.subscribe(pattern) { [self] _, _, arrival in
                    guard let reply = arrival.reply, bus.maySend(on: reply), mayAnswer(verb, reply) else { return }
                    try? bus.respond(on: reply, payload: bytes(verb))
                }
                subscriptions.withLock { $0.append(subscription) }
            }
        }
    }

    /// Stops answering.
    public func stop() {
        let ended = subscriptions.withLock { subscriptions in
            defer { subscriptions = [] }
            return subscriptions
        }
        for subscription in ended { subscription.cancel() }
    }

    /// Returns whether an answer to `$SRV.STATS` lists a subject as served.
    public static func serves(_ subject: Subject, stats: [UInt8]) -> Bool {
        let endpoints = (try? JSON(parsing: stats))?["endpoints"]?.array ?? []
        return endpoints.contains { endpoint in
            let pattern = endpoint["subject"]?.string.flatMap { try? SubjectPattern($0) }
            return pattern?.matches(subject) == true
        }
    }

    enum Verb: String, CaseIterable {
        case ping = "PING"
        case info = "INFO"
        case stats = "STATS"
    }

    func answer(_ verb: Verb) -> JSON {
        var object: JSONObject = [
            "type": .string("io.nats.micro.v1.\(verb.rawValue.lowercased())_response"),
            "name": .string(description.name), "id": .string(description.id), "version": .string(description.version),
            "metadata": texts(description.metadata),
        ]
        switch verb {
        case .ping: break
        case .info:
            object["description"] = .string(description.summary)
            if let facts = facts.withLock({ $0 }) {
                object["metadata"] = texts(description.metadata.merging(facts()) { $1 })
            }
            let endpoints = reporter.withLock { $0 }?.endpoints ?? description.endpoints
            object["endpoints"] = .array(endpoints.map { .object(place($0)) })
        case .stats:
            let reporter = reporter.withLock { $0 }
            var statistics = reporter?.statistics() ?? Statistics()
            if var data = statistics.data.object {
                for (key, part) in parts.withLock({ $0 }) { data[key] = part() }
                statistics.data = .object(data)
            }
            object["started"] = .string(description.started.rfc3339)
            object["endpoints"] = .array(
                (reporter?.endpoints ?? []).map { .object(place($0, $0.isOtherForm ? Statistics() : statistics)) })
            object["data"] = statistics.data
        }
        return .object(object)
    }

    private func place(_ endpoint: Endpoint) -> JSONObject {
        [
            "name": .string(endpoint.name), "subject": .string(endpoint.subject),
            "queue_group": .string(endpoint.queueGroup), "metadata": texts(endpoint.metadata),
        ]
    }

    private func place(_ endpoint: Endpoint, _ statistics: Statistics) -> JSONObject {
        var object = place(endpoint)
        object["metadata"] = nil
        object["num_requests"] = .number(Double(statistics.requests))
        object["num_errors"] = .number(Double(statistics.errors))
        object["last_error"] = .string(statistics.lastError)
        object["processing_time"] = .number(Double(statistics.processingTime))
        object["average_processing_time"] = .number(
            statistics.requests == 0
                ? 0 : (Double(statistics.processingTime) / Double(statistics.requests)).rounded(.down))
        object["data"] = statistics.data
        return object
    }

    private func texts(_ texts: [String: String]) -> JSON {
        .object(JSONObject(texts.sorted { $0.key < $1.key }.map { JSONObject.Member($0.key, .string($0.value)) }))
    }
}

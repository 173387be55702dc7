import CNATS
import NimmerBus
import NimmerPlatform
import NimmerWave
import Synchronization

/// The bus over a NATS server (the only importer of nats.c).
public enum NATS {
    /// Opens a bus to the servers of the settings; see ``NATSBus/open(_:)``.
    ///
    /// A process names it first of all, so the heap is settled here, before there is a second thread.
    public static let connector: BusConnector = {
        settleHeap()
        return { settings async throws(BusError) in try await NATSBus.open(settings) }
    }()

    /// Keeps the C library to one heap, which grows by a MiB at a time: a heap for each thread grows by a page and a system call at a
    /// time, which every message that stays in memory would pay for (0.15 of a round trip for an opening).
    private static func settleHeap() {
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_TOP_PAD, 1 << 20)
    }
}

/// A ``Bus`` over a NATS server.
///
/// One thread of its own polls, reads, delivers, judges and writes (hot-path.md): handlers are called on it with the bytes
/// where nats.c put them, and what they publish leaves with the same turn. ``close()`` or ``drain(timeout:)`` ends the thread;
/// a bus that is merely dropped lives on.
public final class NATSBus: Bus {
    let settings: BusSettings
    let servers: [ServerURL]
    let wake = LoopWakeUp()
    /// Answers to requests.
    let inbox: Inbox
    /// Acknowledgements of streams: read by the loop, which publishes most of what is acknowledged, so that nothing hops a thread.
    let acks: Inbox
    /// Our own messages that come back after a round trip.
    let echo: Inbox
    /// The first tokens of every inbox of this client.
    let inboxPrefix: String
    /// Whom the credentials file names.
    public let identity: Token?
    let feed = EventFeed()
    let state = Mutex(State())
    private let deferred = Mutex<[@Sendable () -> Void]>([])
    private let hasDeferred = Atomic<Bool>(false)
    let ended = TaskSignal()
    let firstOutcome = TaskSignal()
    /// Sent when the server has not permitted a publication, when a fence was passed, and when a connection was lost.
    let refused = TaskSignal()

    struct State {
        var phase = BusStatus.Phase.connecting
        var connection: NATSConnection?
        var server: ServerIdentity?
        var trouble: BusError?
        var counters = BusCounters()
        var backlog = Backlog()
        var subscriptions: [NATSSubscription] = []
        /// Made on the present connection, and not yet taken over by the loop.
        var fresh: [LiveSubscription] = []
        var hasChanges = false
        var maximumPayload = 1 << 20
        var ending = Ending.no
        /// Indicates whether the first attempt to connect has succeeded or failed.
        var hadOutcome = false
        /// Permissions that the server denied, each reported once.
        var notPermitted: Set<Permission> = []
        /// Publications whose refusal is waited for, by number.
        var checked: [UInt64: CheckedPublication] = [:]
        var lastChecked: UInt64 = 0
    }

    /// The way to the end of the bus, in this order.
    enum Ending {
        case no
        /// Messages that were read or published are still handled, until then.
        case draining(until: ContinuousClock.Instant)
        /// The loop is to end at once.
        case closing
        /// The loop has ended.
        case ended

        /// Indicates whether the loop ends without handling what is left.
        var isClosing: Bool {
            switch self {
            case .no, .draining: false
            case .closing, .ended: true
            }
        }

        /// The time until which a drain may take; nil without one.
        var drainUntil: ContinuousClock.Instant? { if case .draining(let until) = self { until } else { nil } }

        /// Indicates whether the end was asked for.
        var isAsked: Bool { if case .no = self { false } else { true } }

        /// Indicates whether the loop has ended.
        var isOver: Bool { if case .ended = self { true } else { false } }
    }

    /// Maximum number of bytes that wait for the socket before publishing is refused.
    static let maximumBuffered = 64 << 20

    private init(_ settings: BusSettings, _ servers: [ServerURL], inboxPrefix: String) {
        self.settings = settings
        self.servers = servers
        self.inboxPrefix = inboxPrefix
        identity = CredentialsFile.identity(settings.credentials)
        inbox = Inbox(under: inboxPrefix)
        acks = Inbox(under: inboxPrefix)
        echo = Inbox(under: inboxPrefix)
    }

    /// The settings' prefix of inboxes, else that of the credentials file, else the usual one.
    private static func inboxPrefix(_ settings: BusSettings) throws(BusError) -> String {
        var prefix = settings.inboxPrefix
        if prefix == nil, case .file(let path) = settings.credentials { prefix = CredentialsFile.inboxPrefix(path) }
        guard let prefix else { return "_INBOX" }
        guard prefix.hasPrefix("_INBOX"), !prefix.contains("*"), (try? SubjectPattern("\(prefix).>")) != nil else {
            throw BusError(
                .invalid,
                "the prefix of inboxes must be _INBOX or begin with it, such as _INBOX.math; found '\(prefix)'")
        }
        return prefix
    }

    /// Opens a bus: starts its thread, which connects, and reconnects forever with jitter.
    ///
    /// Returns once the first attempt has succeeded or, when `settings.waitsForServer`, has failed; the reason is then in
    /// ``status`` and the event feed.
    ///
    /// - Throws: ``BusError`` naming the server and the remedy, when the settings make no sense or, unless
    ///   `settings.waitsForServer`, when the first attempt fails.
    public static func open(_ settings: BusSettings) async throws(BusError) -> NATSBus {
        if let rate = settings.maximumReadRate, rate < 65_536 {
            throw BusError(.invalid, "the rate of reading must be at least 65536 bytes a second; found \(rate)")
        }
        let bus = NATSBus(
            settings, try ServerURL.list(settings.url), inboxPrefix: try inboxPrefix(settings))
        try startThread { Loop(bus).run() }
        while !bus.state.withLock({ $0.hadOutcome }) {
            let seen = bus.firstOutcome.count
            if bus.state.withLock({ $0.hadOutcome }) { break }
            // In slices: Swift keeps the timer of a wait that ends early until its time has come.
            await bus.firstOutcome.wait(from: seen, until: .now.advanced(by: .seconds(1)))
            if Task.isCancelled { break }
        }
        let trouble = bus.state.withLock { $0.phase == .connected ? nil : $0.trouble }
        if let trouble, !settings.waitsForServer {
            await bus.close()
            throw trouble
        }
        return bus
    }

    public func publish(_ subject: Subject, payload: [UInt8], headers: Headers, reply: Subject?) throws(BusError) {
        try send(subject, payload, headers, reply, expires: nil)
    }

    /// - Parameter isKept: whether the message waits for a connection without one, instead of failing.
    func send(
        _ subject: Subject, _ payload: [UInt8], _ headers: Headers, _ reply: Subject?,
        expires: ContinuousClock.Instant?, isKept: Bool = true
    ) throws(BusError) {
        let failure: BusError? = state.withLock { state in
            let failure = state.send(subject, payload, headers, reply, expires, isKept: isKept)
            if failure == nil {
                state.counters.messagesOut += 1
                state.counters.bytesOut += UInt64(payload.count)
            } else {
                state.counters.refused += 1
            }
            return failure
        }
        if let failure { throw failure }
    }

    public func countRefusedReply(_ reply: Subject) {
        let isFirst = state.withLock { state in
            state.counters.repliesRefused += 1
            return state.counters.repliesRefused == 1
        }
        guard isFirst else { return }
        feed.send(
            .failed(
                BusError(
                    .refused,
                    "a request has the reply subject '\(reply.text.prefix(80))', which is no inbox (_INBOX.…): it gets no answer; "
                        + "further ones are only counted")))
    }

    /// Messages came with more headers than are read.
    func countCutHeaders(_ number: UInt64) {
        let isFirst = state.withLock { state in
            state.counters.headersCut += number
            return state.counters.headersCut == number
        }
        guard isFirst else { return }
        feed.send(
            .failed(
                BusError(
                    .refused,
                    "a message has more than \(HeaderLimit.maximum) headers: it is read without them; "
                        + "further ones are only counted")))
    }

    public func afterTurn(_ work: @escaping @Sendable () -> Void) {
        deferred.withLock { $0.append(work) }
        hasDeferred.store(true, ordering: .releasing)
        wake.raise()
        // After the end of the loop it is not read any more.
        if state.withLock({ $0.ending.isOver }) { runDeferred() }
    }

    /// Indicates whether work was deferred.
    var hasDeferredWork: Bool { hasDeferred.load(ordering: .acquiring) }

    /// Called by the loop when it has written what its handlers published.
    func runDeferred() {
        guard hasDeferred.exchange(false, ordering: .acquiringAndReleasing) else { return }
        let work = deferred.withLock { deferred in
            defer { deferred.removeAll(keepingCapacity: true) }
            return deferred
        }
        for item in work { item() }
    }

    public func subscribe(
        _ pattern: SubjectPattern, queue: Token?, pending: Int, handler: @escaping DeliveryHandler
    ) async throws(BusError) -> any Subscription {
        let subscription = try attach(pattern, queue: queue, pending: pending, handler: handler)
        if state.withLock({ $0.phase == .connected }) { _ = try? await flush(timeout: .seconds(2)) }
        return subscription
    }

    /// Subscribes without waiting for the server.
    func attach(
        _ pattern: SubjectPattern, queue: Token?, pending: Int, handler: @escaping DeliveryHandler,
        onNoResponders: (@Sendable () -> Void)? = nil
    ) throws(BusError) -> NATSSubscription {
        guard pending > 0 else {
            throw BusError(.invalid, "a subscription's pending limit must be above 0; found \(pending)")
        }
        let subscription = NATSSubscription(
            pattern: pattern, queue: queue, limit: pending, handler: handler, onNoResponders: onNoResponders,
            changed: { [weak self] in self?.noteChange() }
        ) { [weak self] ended in self?.forget(ended) }
        let isOpen = state.withLock { state in
            guard state.phase != .closed, state.phase != .draining else { return false }
            state.subscriptions.append(subscription)
            if let connection = state.connection, let live = LiveSubscription(subscription, on: connection) {
                state.fresh.append(live)
                state.hasChanges = true
            }
            return true
        }
        guard isOpen else { throw BusError(.closed, "the bus is closed") }
        wake.raise()
        return subscription
    }

    private func noteChange() {
        state.withLock { $0.hasChanges = true }
        wake.raise()
    }

    private func forget(_ subscription: NATSSubscription) {
        state.withLock { state in
            state.subscriptions.removeAll { $0 === subscription }
            state.hasChanges = true
        }
        wake.raise()
    }

    public var status: BusStatus {
        state.withLock { state in
            BusStatus(phase: state.phase, server: state.server, counters: state.counters, trouble: state.trouble)
        }
    }

    public func events() -> AsyncStream<BusEvent> { feed.listen() }

    @discardableResult
    public func flush(timeout: Duration) async throws(BusError) -> Duration {
        let started = ContinuousClock.now
        _ = try await ask("the server", timeout: timeout, inbox: echo) { reply, expires throws(BusError) in
            try self.send(reply, [], [:], nil, expires: expires)
        }
        return started.duration(to: .now)
    }

    public func drain(timeout: Duration) async {
        state.withLock { state in
            if !state.ending.isAsked { state.ending = .draining(until: .now.advanced(by: timeout)) }
        }
        wake.raise()
        await waitForEnd()
    }

    public func close() async {
        state.withLock { if !$0.ending.isClosing { $0.ending = .closing } }
        wake.raise()
        await waitForEnd()
    }

    private func waitForEnd() async {
        while true {
            let seen = ended.count
            if state.withLock({ $0.ending.isOver }) { return }
            // Not cancellable: the end is bounded, and the caller must know that it has come.
            await finishing { [ended] in
                await ended.wait(from: seen, until: .now.advanced(by: .seconds(1)))
            }
        }
    }
}

extension NATSBus.State {
    fileprivate mutating func send(
        _ subject: Subject, _ payload: [UInt8], _ headers: Headers, _ reply: Subject?,
        _ expires: ContinuousClock.Instant?, isKept: Bool
    ) -> BusError? {
        if phase == .closed { return BusError(.closed, "the bus is closed") }
        guard payload.count <= maximumPayload else { return .tooLarge(payload.count, maximumPayload, subject) }
        func withoutConnection() -> BusError? {
            guard isKept else {
                return BusError(
                    .notConnected, "no connection to the server: \(subject) was not sent",
                    cause: trouble?.description ?? "")
            }
            let entry = Backlog.Entry(
                subject: subject.text, payload: payload, headers: headers, reply: reply?.text, expires: expires)
            if backlog.keep(entry) { return nil }
            return BusError(.full, "no connection to the server, and the buffer for later is full")
        }
        guard let connection else { return withoutConnection() }
        guard connection.buffered < NATSBus.maximumBuffered else {
            return BusError(.full, "the server does not take what is published: \(connection.buffered) bytes wait")
        }
        let status = payload.withUnsafeBytes { connection.publish(subject.text, $0, headers, reply?.text) }
        switch status {
        case NATS_OK: return nil
        case NATS_CONNECTION_CLOSED, NATS_CONNECTION_DISCONNECTED, NATS_IO_ERROR:
            return withoutConnection()
        case NATS_MAX_PAYLOAD: return .tooLarge(payload.count, maximumPayload, subject)
        case NATS_NO_SERVER_SUPPORT: return BusError(.unsupported, "the server takes no headers: it is older than 2.2")
        default:
            return BusError(
                .refused, "publishing to \(subject) failed",
                cause: lastErrorText() ?? words(status))
        }
    }
}

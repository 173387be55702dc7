import NimmerPlatform
import NimmerWave
import Synchronization

/// Retains what a stream must hold until the stream has reported it (protocol.md, What an acknowledgement means), in order
/// (``OutboxQueue``), also across restarts of the server and, with a journal, of the process.
///
/// `send` may be called from inside a handler: the first attempt leaves with the same turn of the loop. What fails is sent again by
/// ``run(notify:)``: at once on a new connection, else with growing pauses.
public final class Outbox: Sendable {
    /// The counts of an outbox.
    public typealias Counters = OutboxCounters

    /// A change that an operator should know.
    public enum Notice: Sendable, Hashable {
        /// Streams do not take what is sent, though there is a connection.
        case waits(BusError)
        /// They do again.
        case flows
        /// Messages were given up to stay within the limits.
        case dropped(UInt64)
        /// No stream will ever take a message.
        case refused(BusError)
        /// The journal cannot keep anything; nil: it can again.
        case journal(String?)
    }

    private struct State {
        var queue: OutboxQueue
        var onAck: [MessageID: @Sendable (StreamAck) -> Void] = [:]
        /// Indicates whether what waits is also kept in the journal.
        var isKeeping = false
        /// Indicates whether something that waits could not be kept.
        var hasUnkept = false
        /// Actions that putting messages in has caused, for the next ``Outbox/push()`` to perform.
        var following: [OutboxQueue.Action] = []
    }

    private let bus: any Bus
    /// The questions what a stream holds last.
    private let comparing = TaskOwner()
    private let limits: OutboxQueue.Limits
    private let attemptTimeout: Duration
    private let journal: (any OutboxJournal)?
    private let onSuperseded: @Sendable (Subject, StoredIdentity) -> Void
    private let state: Mutex<State>
    /// Something has failed, was given up, or has changed with the connection.
    private let changes: AsyncStream<Void>
    private let changed: AsyncStream<Void>.Continuation

    /// An outbox on a bus.
    ///
    /// - Parameters:
    ///   - limits: how much may wait; without a journal, and beyond it, the oldest messages are given up and counted.
    ///   - attemptTimeout: how long one attempt waits for its acknowledgement.
    ///   - journal: where waiting messages are kept across a crash, and beyond the limits of memory.
    ///   - onSuperseded: called when fenced messages of a subject were given up, because another publisher had stored on it, or one before
    ///     them was refused or given up for lack of room; the identity is that of the newest message of the subject. Must not block.
    public init(
        bus: any Bus, limits: OutboxQueue.Limits = OutboxQueue.Limits(), attemptTimeout: Duration = .seconds(5),
        journal: (any OutboxJournal)? = nil,
        onSuperseded: @escaping @Sendable (Subject, StoredIdentity) -> Void = { _, _ in }
    ) {
        self.bus = bus
        self.limits = limits
        self.attemptTimeout = attemptTimeout
        self.journal = journal
        self.onSuperseded = onSuperseded
        // What memory has no room for stays in the journal, where there is one: there a message costs a place in a table.
        var bounds = limits
        if journal != nil { bounds.messages *= 64 }
        state = Mutex(State(queue: OutboxQueue(bounds)))
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The counters now.
    public var counters: Counters { state.withLock { $0.queue.counters } }

    /// Reason why messages wait although there is a connection; nil while they do not.
    public var trouble: BusError? { state.withLock { $0.queue.trouble } }

    /// Status of the journal; nil without one.
    public var journalStatus: OutboxJournalStatus? { journal?.status }

    /// Puts the messages of an earlier run first, before any other message; once, at the start.
    ///
    /// - Returns: how many they are.
    @discardableResult public func takeUp() -> Int {
        guard let messages = journal?.takeUp(), !messages.isEmpty else { return 0 }
        state.withLock { state in
            state.isKeeping = true
            for message in messages { _ = state.queue.put(message, isKept: true) }
            state.queue.spill { _ in true }
        }
        return messages.count
    }

    /// Compares what was taken up of a subject with the newest message that its stream holds, before any of it is sent: what is stored
    /// already does not go again; what follows from another message is given up.
    public func reconcile(_ subject: Subject, newest: StoredIdentity) {
        perform(state.withLock { $0.queue.reconcile(subject, newest: newest) })
    }

    /// Sets the sequence of a subject's newest message; 0: none. Called before its first fenced message.
    public func know(_ subject: Subject, last sequence: UInt64, id: MessageID? = nil) {
        state.withLock { $0.queue.know(subject, last: sequence, id: id) }
    }

    /// Looks at the messages that wait, in the order in which they were put in, with their bytes: one at a time, since a journal may
    /// hold more than memory does.
    public func forEachWaiting(_ look: (OutboxMessage) -> Void) {
        for var message in state.withLock({ $0.queue.waiting }) {
            if message.payload.isEmpty { message.payload = journal?.payload(of: message.id) ?? [] }
            look(message)
        }
    }

    /// Forgets what is known of subjects that have nothing to send.
    public func forget(where isGone: (Subject) -> Bool) { state.withLock { $0.queue.forget(where: isGone) } }

    /// Takes a message and sends it; never waits. An id that waits already is not taken twice.
    ///
    /// - Parameter onAck: called once when a stream holds the message; must not block.
    public func send(
        _ subject: Subject, payload: [UInt8], id: MessageID, onAck: (@Sendable (StreamAck) -> Void)? = nil
    ) {
        put(OutboxMessage(subject: subject, id: id, payload: payload), onAck: onAck)
        push()
    }

    /// Takes a message, which fixes its place among those of its subject; ``push()`` sends it. For callers that hold a lock under
    /// which the order is decided: nothing is sent, and no handler called, before ``push()``.
    public func put(_ message: OutboxMessage, onAck: (@Sendable (StreamAck) -> Void)? = nil) {
        state.withLock { state in
            guard !state.queue.holds(message.id) else { return }
            if let onAck { state.onAck[message.id] = onAck }
            if state.queue.counters.bytes > limits.bytes / 2 { beginKeeping(&state) }
            let message = state.queue.placed(message)
            let isKept = state.isKeeping && journal?.keep(message) == true
            if state.isKeeping, !isKept { state.hasUnkept = true }
            state.following += state.queue.put(message, isKept: isKept)
            // What is in the file alone must not cost as much in memory by what is called for it.
            if isKept, state.queue.isSpilled(message.id) { state.onAck[message.id] = nil }
        }
    }

    /// Sends what may be sent.
    public func push() {
        perform(
            state.withLock { state in
                defer { state.following = [] }
                return state.following + state.queue.due()
            })
    }

    private func perform(_ actions: [OutboxQueue.Action]) {
        for action in actions {
            switch action {
            case .send(let attempt): send(attempt)
            case .compare(let attempt): compare(attempt)
            case .stored(let id, let ack):
                journal?.release(id)
                let (callback, wasWaiting) = state.withLock { state in
                    (state.onAck.removeValue(forKey: id), state.isKeeping)
                }
                callback?(ack)
                if wasWaiting { changed.yield() }
            case .refused(let id, _), .dropped(let id):
                journal?.release(id)
                state.withLock { _ = $0.onAck.removeValue(forKey: id) }
                changed.yield()
            case .superseded(let subject, let ids, let newest):
                for id in ids { journal?.release(id) }
                state.withLock { state in for id in ids { state.onAck[id] = nil } }
                onSuperseded(subject, newest)
                changed.yield()
            }
        }
    }

    private func send(_ attempt: OutboxQueue.Attempt) {
        guard let payload = state.withLock({ $0.queue.payload(of: attempt.id) }) ?? journal?.payload(of: attempt.id)
        else {
            // Kept by the journal, which cannot give it back.
            let lost = BusError(.invalid, "the journal has no payload for \(attempt.subject)")
            perform(state.withLock { $0.queue.failed(attempt, lost) })
            changed.yield()
            return
        }
        var headers: Headers = [:]
        if let fence = attempt.fence { headers[Headers.expectedLastOfSubject] = "\(fence.last)" }
        bus.publishDurably(
            attempt.subject, payload: payload, id: attempt.id, headers: headers, timeout: attemptTimeout
        ) { [weak self] result in
            guard let self else { return }
            switch result {
            case .success(let ack): conclude { $0.acknowledged(attempt, ack) }
            case .failure(let error):
                // Sends nothing: an attempt may fail at once, and would be followed by the next on the same stack.
                perform(state.withLock { $0.queue.failed(attempt, error) })
                changed.yield()
            }
        }
    }

    private func compare(_ attempt: OutboxQueue.Attempt) {
        guard let stream = attempt.fence?.stream else { return }
        // Bounded by the request's own timeout, and ended with the outbox.
        comparing.run { [weak self, bus] in
            let outcome: Result<StoredIdentity?, BusError>
            do throws(BusError) {
                let newest = try await bus.lastMessage(stream: stream, subject: attempt.subject)
                outcome = .success(newest.map(StoredIdentity.init))
            } catch { outcome = .failure(error) }
            self?.conclude { $0.compared(attempt, outcome) }
            self?.changed.yield()
        }
    }

    /// Passes an outcome to the queue, takes its actions, and sends what may be sent by then.
    private func conclude(_ outcome: (inout OutboxQueue) -> [OutboxQueue.Action]) {
        perform(
            state.withLock { state in
                let actions = outcome(&state.queue)
                return actions + state.queue.due()
            })
    }

    // MARK: - The rest of its life

    /// Sends again what has failed, until the task is cancelled or the bus has ended.
    ///
    /// - Parameter notify: called once for each change that an operator should know.
    public func run(notify: @escaping @Sendable (Notice) -> Void = { _ in }) async {
        let events = bus.events()
        // What was put in before the events had a listener.
        if bus.status.isConnected { connected() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.watch(notify) }
            group.addTask { await self.watchTime() }
            for await event in events {
                switch event {
                case .connected, .reconnected: connected()
                case .disconnected: state.withLock { $0.queue.disconnected() }
                default: continue
                }
                changed.yield()
            }
            group.cancelAll()
        }
    }

    private func connected() {
        conclude {
            $0.connected()
            return []
        }
    }

    /// Looks at each change: what waits is kept, what has failed is sent again after a pause, and problems are logged.
    private func watch(_ notify: @Sendable (Notice) -> Void) async {
        var pause = RetryPause(first: .milliseconds(100), longest: .seconds(1))
        var acknowledged: UInt64 = 0
        var notices = LastNotices()
        for await _ in changes {
            keepWhatWaits()
            notices.look(counters, trouble, journalStatus?.trouble, notify)
            push()
            guard state.withLock({ $0.queue.isStalled }) else { continue }
            let now = counters.acknowledged
            if now != acknowledged { pause.reset() }
            acknowledged = now
            do { try await ContinuousClock().sleep(for: pause.next()) } catch { return }
            conclude {
                $0.resume()
                return []
            }
        }
    }

    /// From the first failure until nothing waits, what waits is kept in the journal too.
    private func keepWhatWaits() {
        guard journal != nil else { return }
        state.withLock { state in
            if state.queue.counters.waiting == 0 {
                state.isKeeping = false
            } else if !state.queue.isConnected || state.queue.isStalled {
                beginKeeping(&state)
            }
        }
    }

    private func beginKeeping(_ state: inout State) {
        guard let journal, !state.isKeeping || (state.hasUnkept && journal.status.trouble == nil) else { return }
        state.isKeeping = true
        state.hasUnkept = false
        var kept: Set<MessageID> = []
        for message in state.queue.waiting where !message.payload.isEmpty {
            guard journal.keep(message) else {
                state.hasUnkept = true
                break
            }
            kept.insert(message.id)
        }
        guard state.queue.counters.bytes > limits.bytes else { return }
        state.queue.spill { kept.contains($0) }
        for id in kept { state.onAck[id] = nil }
    }

    /// Looks five times a second while anything waits: what waits that long, while nothing is acknowledged, is kept before its attempt
    /// has failed, and reported soon after; a full disk is named, and written again when it has room.
    private func watchTime() async {
        var before = counters
        var silence = 0
        while (try? await ContinuousClock().sleep(for: .milliseconds(200))) != nil {
            let hadTrouble = journal?.status.trouble != nil
            if hadTrouble { journal?.retry() }
            let (isWatched, isKeeping) = state.withLock { state in
                let now = state.queue.counters
                let isSilent = now.waiting > 0 && before.waiting > 0 && now.acknowledged == before.acknowledged
                before = now
                silence = isSilent ? silence + 1 : 0
                if isSilent { beginKeeping(&state) }
                if silence >= 3 { state.queue.noteSilence(BusError(.timeout, Self.silence)) }
                return (state.isKeeping || silence == 3, state.isKeeping)
            }
            if isKeeping { journal?.tidy() }
            if hadTrouble || isWatched { changed.yield() }
        }
    }

    /// The reason that is given when no stream acknowledges anything.
    public static let silence =
        "no stream acknowledges anything. Where nats-server's disk was full: make room, then restart it, by SIGKILL if it does not stop (`nimmer up` restarts its own)"

    /// Waits until nothing waits for its acknowledgement, or the time is over.
    ///
    /// - Returns: whether everything is acknowledged.
    public func drain(timeout: Duration) async -> Bool {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: timeout)
        while counters.waiting > 0, clock.now < deadline {
            do { try await clock.sleep(for: .milliseconds(20)) } catch { break }
        }
        return counters.waiting == 0
    }
}

/// Last notices, so that each change is reported once.
private struct LastNotices {
    var trouble: BusError.Code?
    var journal: String?
    var dropped: UInt64 = 0
    var refused: UInt64 = 0

    mutating func look(
        _ counters: OutboxCounters, _ trouble: BusError?, _ journal: String?, _ notify: (Outbox.Notice) -> Void
    ) {
        if trouble?.code != self.trouble {
            notify(trouble.map { .waits($0) } ?? .flows)
            self.trouble = trouble?.code
        }
        if journal != self.journal {
            notify(.journal(journal))
            self.journal = journal
        }
        if counters.dropped > dropped {
            notify(.dropped(counters.dropped))
            dropped = counters.dropped
        }
        if counters.refused > refused {
            notify(.refused(BusError(.tooLarge, "\(counters.refused) messages were refused by their streams")))
            refused = counters.refused
        }
    }
}

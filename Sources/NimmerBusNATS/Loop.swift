import CNATS
import Glibc
import NimmerBus
import NimmerPlatform
import NimmerWave
import Synchronization

/// The bus's thread: connects, polls, reads, delivers, writes, and connects again (hot-path.md, What mattered).
///
/// nats.c reads into the queues of *synchronous* subscriptions on this thread, inside `natsConnection_ProcessReadEvent`; this
/// thread then empties them, calls the handlers, and writes what they published: no hop, nothing allocated per message.
final class Loop {
    let bus: NATSBus
    let wake: LoopWakeUp
    var connection: NATSConnection?
    var answers: AnswerSubscription?
    /// The echo is the last: when it comes back, what arrived before it was handled.
    var live: [LiveSubscription] = []
    private var discovered: [String] = []
    private var attempts = 0
    let delivery: Delivering
    /// The credentials file that was read for this connection; nil if absent.
    var credentials: CredentialsWatch?
    /// The connection with other credentials that is being opened.
    var opening: ConnectionAttempt?
    /// The moment until which a move is followed by a look for doubles.
    var overlapEnd: ContinuousClock.Instant?
    private var draining = Draining.no
    /// Indicates whether single subscriptions are ending in order.
    private var hasLeaving = false
    private var lastIdle = ContinuousClock.now
    /// Maximum lag of delivery behind the socket before reading goes first.
    private var maximumLag = Duration.seconds(2)
    /// The pace of a bus with a limited read rate.
    private var pace: ReadPace?

    private enum Draining {
        case no
        case subscriptions(until: ContinuousClock.Instant)
        case publications(until: ContinuousClock.Instant, arrived: TaskSignal)
    }

    init(_ bus: NATSBus) {
        self.bus = bus
        wake = bus.wake
        delivery = Delivering(bus)
        pace = ReadPace(bus.settings.maximumReadRate)
        credentials = CredentialsWatch(bus.settings.credentials)
    }

    func run() {
        wake.isLoop()
        Self.keepHeap()
        bus.attachInboxes()
        while !mustEnd {
            if connect() {
                serve()
                disconnect()
            } else {
                pause()
            }
        }
        end()
    }

    /// Lets the heap keep what a burst of messages has freed, up to 16 MiB: given back to the kernel, the same pages would be
    /// cleared and mapped again for the next burst, which cost a tenth of each wave.
    private static func keepHeap() { mallopt(M_TRIM_THRESHOLD, 16 << 20) }

    /// Indicates whether nothing is left to wait for: closed, or drained without a connection.
    private var mustEnd: Bool {
        bus.state.withLock { $0.ending.isClosing || ($0.ending.isAsked && $0.connection == nil) }
    }

    // MARK: Connecting

    /// The servers of the settings, and those that they have announced.
    var candidates: [ServerURL] {
        var candidates = bus.servers
        for text in discovered {
            guard let server = try? ServerURL(text), !candidates.contains(where: { $0.shown == server.shown }) else {
                continue
            }
            candidates.append(server)
        }
        return candidates
    }

    private func connect() -> Bool {
        let candidates = candidates
        var trouble: BusError?
        credentials?.isRead(at: .now)
        for server in candidates {
            switch NATSConnection.open(server, bus.settings, wake) {
            case .failure(let error): trouble = trouble ?? error
            case .success(let connection):
                take(connection, Greeting.identity(of: server, connection))
                return true
            }
        }
        if let trouble { report(trouble) }
        return false
    }

    private func take(_ connection: NATSConnection, _ server: ServerIdentity) {
        self.connection = connection
        attempts = 0
        let isFirst: Bool = bus.state.withLock { state in
            answers = AnswerSubscription(bus.inbox, on: connection)
            live = state.subscriptions.reversed().compactMap { LiveSubscription($0, on: connection) }
            state.fresh = []
            let now = ContinuousClock.now
            for entry in state.backlog.take() where entry.expires.map({ $0 > now }) ?? true {
                _ = entry.payload.withUnsafeBytes { connection.publish(entry.subject, $0, entry.headers, entry.reply) }
            }
            let isFirst = state.server == nil
            state.connection = connection
            state.phase = .connected
            state.server = server
            state.trouble = nil
            state.maximumPayload = server.maximumPayload
            if !isFirst { state.counters.reconnects += 1 }
            return isFirst
        }
        bus.hasOutcome()
        bus.feed.send(isFirst ? .connected(server) : .reconnected(server))
    }

    private func report(_ trouble: BusError) {
        let isNew = bus.state.withLock { state in
            defer { state.trouble = trouble }
            return state.trouble != trouble
        }
        bus.hasOutcome()
        if isNew { bus.feed.send(.connectFailed(trouble)) }
    }

    /// Waits before the next attempt: 50 ms doubled up to 2 s, more or less a half.
    private func pause() {
        attempts += 1
        let step = min(2000.0, 50 * Double(1 << min(attempts, 6)))
        let until = ContinuousClock.now.advanced(by: .milliseconds(saturating: step * Double.random(in: 0.5...1.5)))
        while ContinuousClock.now < until, !mustEnd {
            _ = poll(-1, forWriting: false, until: until)
            bus.runDeferred()
            bus.expireWaiting(isConnected: false)
        }
    }

    private func disconnect() {
        guard let connection else { return }
        let why = connection.lastError
        if lastIdle.duration(to: .now) > .milliseconds(300) { maximumLag = .milliseconds(100) }
        lastIdle = .now
        discovered = connection.discoveredServers
        live = []
        answers = nil
        opening = nil
        self.connection = nil
        let isOver: Bool = bus.state.withLock { state in
            state.connection = nil
            state.fresh = []
            guard !state.ending.isAsked else { return true }
            state.phase = .reconnecting
            return false
        }
        _ = connection.wake.takeReports()
        // No fence of this connection is reported any more.
        bus.refused.send()
        let trouble = BusError(
            .notConnected, "the connection to \(connection.url) was lost; reconnecting", cause: why)
        // Nothing is sent on it any more: no acknowledgement that is waited for can come.
        bus.acks.connectionLost(trouble)
        guard !isOver else { return }
        bus.state.withLock { $0.trouble = trouble }
        bus.feed.send(.disconnected(trouble))
        attempts = 0
        pause()
    }

    // MARK: Serving

    private func serve() {
        var isBehind = false
        while let connection {
            takeChanges()
            endOverlap()
            if case .no = draining, moveWhenChanged(from: connection) { continue }
            if bus.state.withLock({ $0.ending.isClosing }) || !advanceDrain() { return hangUp(connection) }
            // What was deferred in the last turn has let other threads run first: its time is now, or when something
            // comes.
            let hasDeferred = bus.hasDeferredWork
            var until = isBehind ? ContinuousClock.now : nextDeadline
            if hasDeferred {
                let soon = ContinuousClock.now.advanced(by: .milliseconds(1))
                until = min(until ?? soon, soon)
            }
            let wake = connection.wake
            let ready = poll(wake.socket, forWriting: wake.wantsWrite, until: until)
            if ready.isReadable { natsConnection_ProcessReadEvent(connection.handle) }
            isBehind = deliver(ready, connection)
            if hasLeaving { endDrained() }
            // Written in the same turn as what caused it; a connection that waits for the socket is polled for.
            if wake.wantsWrite { natsConnection_ProcessWriteEvent(connection.handle) }
            if hasDeferred { bus.runDeferred() }
            connection.destroySpent()
            bus.expireWaiting(isConnected: true)
            handleReports(of: connection)
            if wake.socket < 0, connection.isClosed { return }
            if let pause = pace?.pause(after: bus.state.withLock({ $0.counters })), pause > 0 { usleep(pause) }
        }
    }

    /// Delivers what was read; whether messages are left.
    ///
    /// Normally everything that was read is delivered before the next read: the bytes are still in the cache. When that has
    /// not caught up with the socket for a while, reading goes first, so that what is too much waits in the bounded queues,
    /// and is counted when those are full, instead of the server giving up this client (by default with 64 MiB waiting);
    /// where it did that once, the while is shorter.
    private func deliver(_ ready: Ready, _ connection: NATSConnection) -> Bool {
        let now = ContinuousClock.now
        if !ready.isReadable, !live.contains(where: { $0.queued > 0 }) { lastIdle = now }
        let isOverwhelmed = lastIdle.duration(to: now) > maximumLag && pace == nil
        if isOverwhelmed {
            var reads = 0
            while reads < 32, poll(connection.wake.socket, forWriting: false, until: now).isReadable {
                natsConnection_ProcessReadEvent(connection.handle)
                reads += 1
            }
        }
        var isDraining = hasLeaving
        if case .subscriptions = draining { isDraining = true }
        guard isOverwhelmed else { return delivery.deliver(live, budget: .max, isDraining: isDraining) }
        // Handlers that keep up empty the queues here: only what they cannot do waits, and not all that the socket brings.
        let end = now.advanced(by: Self.deliveryTurn)
        var isLeft = true
        while isLeft, ContinuousClock.now < end {
            isLeft = delivery.deliver(live, budget: 1024, isDraining: isDraining)
        }
        return isLeft
    }

    /// The time for which messages are delivered between two reads of an overwhelmed client: much less than a server waits for one.
    private static let deliveryTurn = Duration.milliseconds(20)

    /// Ends the connection as if the server had: `natsConnection_Destroy` alone would first wait half a second for an answer
    /// to a ping, which only this thread could read.
    func hangUp(_ connection: NATSConnection) {
        let wake = connection.wake
        guard wake.socket >= 0 else { return }
        shutdown(wake.socket, Int32(SHUT_RDWR))
        // What has come already is read before the end.
        var reads = 0
        while wake.socket >= 0, !connection.isClosed, reads < 1024 {
            natsConnection_ProcessReadEvent(connection.handle)
            reads += 1
        }
    }

    private func takeChanges() {
        let gone: [LiveSubscription] = bus.state.withLock { state in
            guard state.hasChanges else { return [] }
            state.hasChanges = false
            live.insert(contentsOf: state.fresh, at: max(0, live.count - 1))
            state.fresh = []
            let gone = live.filter { $0.subscription.hasEnded }
            if !gone.isEmpty { live.removeAll { $0.subscription.hasEnded } }
            return gone
        }
        for subscription in gone { subscription.unsubscribe() }
        for entry in live where entry.subscription.isDraining && !entry.isDraining {
            entry.startDrain(milliseconds: 5_000)
            hasLeaving = true
        }
    }

    /// Ends the subscriptions that are drained.
    private func endDrained() {
        let leaving = live.filter { $0.isDraining }
        for entry in leaving where entry.isDrained { entry.subscription.cancel() }
        hasLeaving = leaving.contains { !$0.subscription.hasEnded }
    }

    private var nextDeadline: ContinuousClock.Instant? {
        if case .no = draining, !hasLeaving {
            return [bus.nextDeadline, credentials?.nextLook, overlapEnd].compactMap { $0 }.min()
        }
        return .now.advanced(by: .milliseconds(5))
    }

    func handleReports(of connection: NATSConnection) {
        let cut = connection.wake.takeCutHeaders()
        if cut > 0 { bus.countCutHeaders(cut) }
        for report in connection.wake.takeReports() {
            switch report.status {
            case NATS_SLOW_CONSUMER: for subscription in live { delivery.checkDrops(of: subscription) }
            case NATS_NOT_PERMITTED: bus.wasNotPermitted(report.text)
            case NATS_ILLEGAL_STATE where report.text.hasPrefix(NATSConnection.fence):
                bus.passedFence(UInt64(report.text.dropFirst(NATSConnection.fence.count)))
            default:
                bus.feed.send(.failed(BusError(.refused, "the server reports an error", cause: report.text)))
            }
        }
    }

    // MARK: Ending

    /// Takes the next step of an orderly end; false when it is over.
    private func advanceDrain() -> Bool {
        switch draining {
        case .no:
            guard let until = bus.state.withLock({ $0.ending.drainUntil }) else { return true }
            bus.state.withLock { $0.phase = .draining }
            let left = max(1, ContinuousClock.now.duration(to: until).nanoseconds / 1_000_000)
            for subscription in live where !bus.isOwn(subscription.subscription) {
                subscription.startDrain(milliseconds: left)
            }
            draining = .subscriptions(until: until)
            return true
        case .subscriptions(let until):
            let isDone = live.allSatisfy { bus.isOwn($0.subscription) || $0.isDrained }
            guard isDone || ContinuousClock.now >= until else { return true }
            let arrived = TaskSignal()
            if let expected = bus.echo.expect("the server", until: until, { _ in arrived.send() }) {
                try? bus.send(expected.reply, [], [:], nil, expires: nil)
            }
            draining = .publications(until: until, arrived: arrived)
            return true
        case .publications(let until, let arrived):
            return arrived.count == 0 && ContinuousClock.now < until
        }
    }

    private func end() {
        let subscriptions = bus.state.withLock { state in
            state.phase = .closed
            state.connection = nil
            state.fresh = []
            defer { state.subscriptions = [] }
            return state.subscriptions
        }
        live = []
        answers = nil
        connection = nil
        for subscription in subscriptions { subscription.cancel() }
        bus.inbox.close()
        bus.acks.close()
        bus.echo.close()
        bus.hasOutcome()
        bus.feed.send(.closed)
        bus.state.withLock { $0.ending = .ended }
        bus.runDeferred()
        bus.ended.send()
        nats_ReleaseThreadMemory()
    }

    // MARK: Polling

    private struct Ready {
        var isReadable = false
    }

    private func poll(_ socket: Int32, forWriting: Bool, until: ContinuousClock.Instant?) -> Ready {
        var timeout: Int32 = -1
        if let until {
            let left = ContinuousClock.now.duration(to: until).nanoseconds
            timeout = left <= 0 ? 0 : Int32(clamping: (left + 999_999) / 1_000_000)
        }
        var descriptors = (
            pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: socket, events: Int16(POLLIN | (forWriting ? POLLOUT : 0)), revents: 0)
        )
        let count = withUnsafeMutableBytes(of: &descriptors) {
            Glibc.poll($0.baseAddress?.assumingMemoryBound(to: pollfd.self), 2, timeout)
        }
        guard count > 0 else { return Ready() }
        if descriptors.0.revents != 0 { wake.lower() }
        return Ready(isReadable: descriptors.1.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0)
    }
}

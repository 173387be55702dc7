import CNATS
import Glibc
import NimmerBus
import NimmerPlatform
import NimmerWave
import Synchronization

/// The move of a bus to a connection with new credentials, while everything continues.
///
/// Nothing is lost: what was published has arrived on the old connection before anything leaves on the new one, and the old
/// subscriptions end when the new ones stand. A message in the moment between comes once: to a queue the server gives it once, and
/// what both connections bring to a plain subscription is handed on once (``Overlap``).
extension Loop {
    /// Timeout of each step; it takes a round trip.
    private static let stepLimit = Duration.seconds(5)

    /// Opens a connection, on a thread of its own, when the credentials file has changed, and moves there once it stands; without
    /// one, everything stays as it is. Whether it has moved.
    func moveWhenChanged(from old: NATSConnection) -> Bool {
        guard let opening else {
            guard credentials?.hasChanged(at: .now) == true else { return false }
            open(candidates.first { $0.shown == old.url } ?? bus.servers[0])
            return false
        }
        guard let outcome = opening.take() else { return false }
        self.opening = nil
        switch outcome {
        case .success(let next) where move(from: old, to: next): return true
        case .success: break
        case .failure(let error): bus.feed.send(.failed(error))
        }
        credentials = opening.credentials
        credentials?.wasRefused(at: .now)
        return false
    }

    private func open(_ server: ServerURL) {
        let opening = ConnectionAttempt(before: credentials)
        credentials?.isRead(at: .now)
        do throws(BusError) {
            try startThread { [settings = bus.settings, wake] in
                opening.end(NATSConnection.open(server, settings, wake))
                wake.raise()
            }
            self.opening = opening
        } catch {
            credentials = opening.credentials
            credentials?.wasRefused(at: .now)
            bus.feed.send(.failed(error))
        }
    }

    private func move(from old: NATSConnection, to next: NATSConnection) -> Bool {
        let nextAnswers = AnswerSubscription(bus.inbox, on: next)
        let nextLive: [LiveSubscription] = bus.state.withLock { state in
            live.insert(contentsOf: state.fresh, at: max(0, live.count - 1))
            state.fresh = []
            // What is published from here on waits in the new connection, until all that went before has arrived.
            state.connection = next
            return state.subscriptions.reversed().compactMap { LiveSubscription($0, on: next) }
        }
        wait(for: echo(on: old), old, next, isNextHeld: true)
        // From here on the new connection subscribes.
        for entry in nextLive where entry.subscription.queue == nil {
            let overlap = Overlap()
            live.first { $0.subscription === entry.subscription }?.overlap = .record(overlap)
            entry.overlap = .skip(overlap)
        }
        wait(for: echo(on: next), old, next, isNextHeld: false)
        if old.isClosed {
            bus.acks.connectionLost(
                BusError(
                    .notConnected, "the connection to \(old.url) was lost in a move to another", cause: old.lastError))
        }
        if next.isClosed {
            for entry in live { entry.overlap = nil }
            bus.acks.connectionLost(
                BusError(
                    .notConnected, "the connection to \(next.url) was lost in a move to it", cause: next.lastError))
            bus.state.withLock { state in
                state.connection = old
                state.fresh = state.fresh.compactMap { LiveSubscription($0.subscription, on: old) }
            }
            return false
        }
        let milliseconds = Self.stepLimit.nanoseconds / 1_000_000
        for entry in live { entry.startDrain(milliseconds: milliseconds) }
        answers?.startDrain(milliseconds: milliseconds)
        let until = ContinuousClock.now.advanced(by: Self.stepLimit)
        while !(live.allSatisfy(\.isDrained) && answers?.isDrained ?? true), ContinuousClock.now < until {
            turn(old, next, isNextHeld: false, isDraining: true)
            if old.isClosed { break }
        }
        _ = delivery.deliver(live, budget: .max, isDraining: true)
        hangUp(old)
        delivery.releaseAll()
        (connection, live, answers) = (next, nextLive, nextAnswers)
        bus.state.withLock { $0.hasChanges = true }
        overlapEnd = .now.advanced(by: Self.overlapLimit)
        return true
    }

    /// Time after a move in which the new connection may still bring what the old one has brought.
    private static let overlapLimit = Duration.seconds(2)

    /// Looks for no more doubles once their time is over.
    func endOverlap() {
        guard let end = overlapEnd, ContinuousClock.now >= end else { return }
        overlapEnd = nil
        for entry in live { entry.overlap = nil }
    }

    /// Sends something to ourselves; the signal comes when it has come back, and with it all that was sent before has arrived.
    private func echo(on connection: NATSConnection) -> TaskSignal {
        let arrived = TaskSignal()
        let until = ContinuousClock.now.advanced(by: Self.stepLimit)
        if let expected = bus.echo.expect("the server", until: until, { _ in arrived.send() }) {
            _ = connection.publish(expected.reply.text, UnsafeRawBufferPointer(start: nil, count: 0), [:], nil)
        }
        return arrived
    }

    private func wait(for arrived: TaskSignal, _ old: NATSConnection, _ next: NATSConnection, isNextHeld: Bool) {
        let until = ContinuousClock.now.advanced(by: Self.stepLimit)
        while arrived.count == 0, ContinuousClock.now < until, !old.isClosed, !next.isClosed {
            turn(old, next, isNextHeld: isNextHeld, isDraining: false)
        }
    }

    /// Reads, delivers and writes what there is on the old connection, reads the new one, and writes there unless that is held.
    private func turn(_ old: NATSConnection, _ next: NATSConnection, isNextHeld: Bool, isDraining: Bool) {
        let writesNext = !isNextHeld && next.wake.wantsWrite
        var descriptors = [
            pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: old.wake.socket, events: Int16(POLLIN | (old.wake.wantsWrite ? POLLOUT : 0)), revents: 0),
            pollfd(fd: next.wake.socket, events: Int16(POLLIN | (writesNext ? POLLOUT : 0)), revents: 0),
        ]
        guard Glibc.poll(&descriptors, nfds_t(descriptors.count), 5) >= 0 else { return }
        if descriptors[0].revents != 0 { wake.lower() }
        let isReadable = Int16(POLLIN | POLLHUP | POLLERR)
        if descriptors[1].revents & isReadable != 0 { natsConnection_ProcessReadEvent(old.handle) }
        _ = delivery.deliver(live, budget: .max, isDraining: isDraining)
        if old.wake.wantsWrite { natsConnection_ProcessWriteEvent(old.handle) }
        if descriptors[2].revents & isReadable != 0 { natsConnection_ProcessReadEvent(next.handle) }
        if writesNext { natsConnection_ProcessWriteEvent(next.handle) }
        if bus.hasDeferredWork { bus.runDeferred() }
        bus.expireWaiting(isConnected: true)
        handleReports(of: old)
    }
}

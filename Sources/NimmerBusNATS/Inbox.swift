import NimmerBus
import NimmerWave
import Synchronization

/// Who waits for which answer: one subscription to `<prefix>.<bus>.*` serves all of them, each by a number of its own.
final class Inbox: Sendable {
    typealias Answer = Result<BusMessage, BusError>

    /// Somebody who waits.
    private struct Pending {
        var deadline: ContinuousClock.Instant
        /// Whether further answers may come after the first.
        var isMany: Bool
        var what: String
        var callback: @Sendable (Answer) -> Void
    }

    private struct State {
        var next: UInt64 = 0
        var pending: [UInt64: Pending] = [:]
        /// No deadline is earlier than this; nil when nobody waits.
        var earliest: ContinuousClock.Instant?
        var isClosed = false
    }

    /// `_INBOX.<22 random characters>`, or with another first token.
    let prefix: String
    private let state = Mutex(State())

    /// - Parameter first: the first token, by which permissions tell one client's answers from another's.
    init(under first: String) {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        prefix = "\(first)." + String((0..<22).map { _ in letters[Int.random(in: 0..<letters.count)] })
    }

    /// `<prefix>.*`
    var pattern: String { "\(prefix).*" }

    /// Registers somebody; the number and where the answer goes.
    func expect(
        _ what: String, until deadline: ContinuousClock.Instant, many: Bool = false,
        _ callback: @escaping @Sendable (Answer) -> Void
    ) -> (number: UInt64, reply: Subject)? {
        let number: UInt64? = state.withLock { state in
            guard !state.isClosed else { return nil }
            state.next += 1
            state.pending[state.next] = Pending(deadline: deadline, isMany: many, what: what, callback: callback)
            state.earliest = min(state.earliest ?? deadline, deadline)
            return state.next
        }
        return number.map { ($0, Subject.inbox("\(prefix).\($0)")) }
    }

    /// Hands an answer to whoever waits for it; late ones fall away.
    func deliver(_ message: BusMessage) {
        guard let number = UInt64(message.subject.text.dropFirst(prefix.utf8.count + 1)) else { return }
        let found: Pending? = state.withLock { state in
            guard let pending = state.pending[number] else { return nil }
            if !pending.isMany { state.pending[number] = nil }
            return pending
        }
        guard let found else { return }
        if message.headers["Status"] == "503", message.payload.isEmpty {
            if found.isMany { give(up: number) }
            found.callback(.failure(BusError(.noResponders, "nobody serves \(found.what)")))
        } else {
            found.callback(.success(message))
        }
    }

    /// Forgets somebody and tells why.
    func fail(_ number: UInt64, _ error: BusError) { take(number)?.callback(.failure(error)) }

    /// Tells everybody who waits for this that it was refused.
    func fail(everybodyWaitingFor what: String, _ error: BusError) {
        let refused: [Pending] = state.withLock { state in
            let found = state.pending.filter { $0.value.what == what }
            for number in found.keys { state.pending[number] = nil }
            return Array(found.values)
        }
        for pending in refused { pending.callback(.failure(error)) }
    }

    /// One of those who wait will get no answer, and nats.c does not say who: tells all of them. A durable message that is
    /// sent again under its id loses nothing by that.
    func nobodyServes() {
        for pending in takeAll() {
            pending.callback(.failure(BusError(.noResponders, "nobody serves \(pending.what)")))
        }
    }

    /// The connection is gone, and with it every answer that was on its way.
    func connectionLost(_ why: BusError) {
        for pending in takeAll() {
            pending.callback(
                .failure(
                    BusError(
                        .notConnected, "no answer from \(pending.what): the connection to the server was lost",
                        cause: why.cause)))
        }
    }

    private func takeAll() -> [Pending] {
        state.withLock { state in
            defer {
                state.pending = [:]
                state.earliest = nil
            }
            return Array(state.pending.values)
        }
    }

    /// Forgets somebody silently.
    func give(up number: UInt64) { _ = take(number) }

    private func take(_ number: UInt64) -> Pending? { state.withLock { $0.pending.removeValue(forKey: number) } }

    /// When ``expire(_:isConnected:)`` should run next.
    var nextDeadline: ContinuousClock.Instant? { state.withLock { $0.earliest } }

    /// Tells those whose time is over.
    func expire(_ now: ContinuousClock.Instant, isConnected: Bool) {
        let over: [Pending] = state.withLock { state in
            guard let earliest = state.earliest, earliest <= now else { return [] }
            let late = state.pending.filter { $0.value.deadline <= now }
            for number in late.keys { state.pending[number] = nil }
            state.earliest = state.pending.values.map(\.deadline).min()
            return Array(late.values)
        }
        for pending in over {
            pending.callback(
                .failure(
                    isConnected
                        ? BusError(.timeout, "no answer from \(pending.what) in time")
                        : BusError(
                            .notConnected, "no answer from \(pending.what): there is no connection to the server")))
        }
    }

    /// Tells everybody that the end has come.
    func close() {
        let all: [Pending] = state.withLock { state in
            state.isClosed = true
            defer { state.pending = [:] }
            return Array(state.pending.values)
        }
        for pending in all { pending.callback(.failure(BusError(.closed, "the bus was closed"))) }
    }
}

extension Subject {
    /// A subject of our own making (an inbox, an API of the server), known to be valid.
    static func inbox(_ text: String) -> Subject {
        do {
            return try Subject(foreign: text)
        } catch {
            preconditionFailure("'\(text)' is not a subject")
        }
    }
}

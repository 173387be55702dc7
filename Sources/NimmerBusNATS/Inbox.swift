import NimmerBus
import NimmerWave
import Synchronization

/// The callers that wait for answers: one subscription to `<prefix>.*` serves all of them, each by a random number of its own, so that
/// a process that was asked once cannot answer the next request (decision 0020).
final class Inbox: Sendable {
    typealias Answer = Result<BusMessage, BusError>

    /// A caller that waits.
    private struct Pending {
        var deadline: ContinuousClock.Instant
        /// Indicates whether further answers may come after the first.
        var isMany: Bool
        var what: String
        var callback: @Sendable (Answer) -> Void
    }

    private struct State {
        var pending: [UInt128: Pending] = [:]
        /// No deadline is earlier than this; nil when no caller waits.
        var earliest: ContinuousClock.Instant?
        var isClosed = false
    }

    /// `_INBOX.<identity>.<32 random digits>`, or with other first tokens.
    let prefix: String
    private let state = Mutex(State())

    /// - Parameter first: the first tokens, by which permissions separate one client's answers from another's.
    init(under first: String) { prefix = "\(first).\(UInt128.unguessable().hexadecimal)" }

    /// `<prefix>.*`
    var pattern: String { "\(prefix).*" }

    /// Registers a caller; returns its number and the reply subject.
    func expect(
        _ what: String, until deadline: ContinuousClock.Instant, many: Bool = false,
        _ callback: @escaping @Sendable (Answer) -> Void
    ) -> (number: UInt128, reply: Subject)? {
        let number: UInt128? = state.withLock { state in
            guard !state.isClosed else { return nil }
            let number = UInt128.unguessable()
            state.pending[number] = Pending(deadline: deadline, isMany: many, what: what, callback: callback)
            state.earliest = min(state.earliest ?? deadline, deadline)
            return number
        }
        return number.map { ($0, Subject.inbox("\(prefix).\($0.hexadecimal)")) }
    }

    /// Passes an answer to the caller that waits for it; late ones are dropped.
    func deliver(_ message: BusMessage) {
        guard let number = UInt128(hexadecimal: message.subject.text.utf8.dropFirst(prefix.utf8.count + 1)) else {
            return
        }
        let found: Pending? = state.withLock { state in
            guard let pending = state.pending[number] else { return nil }
            if !pending.isMany { state.pending[number] = nil }
            return pending
        }
        guard let found else { return }
        if message.headers["Status"] == "503", message.payload.isEmpty {
            if found.isMany { cancel(number) }
            found.callback(.failure(BusError(.noResponders, "no responders for \(found.what)")))
        } else {
            found.callback(.success(message))
        }
    }

    /// Removes a caller and completes it with an error.
    func fail(_ number: UInt128, _ error: BusError) { take(number)?.callback(.failure(error)) }

    /// Completes every caller that waits for this with the refusal.
    func fail(everybodyWaitingFor what: String, _ error: BusError) {
        let refused: [Pending] = state.withLock { state in
            let found = state.pending.filter { $0.value.what == what }
            for number in found.keys { state.pending[number] = nil }
            return Array(found.values)
        }
        for pending in refused { pending.callback(.failure(error)) }
    }

    /// One of those who wait will get no answer, and nats.c does not name it: all are completed. A durable message that is
    /// sent again under its id loses nothing by that.
    func failWithoutResponders() {
        for pending in takeAll() {
            pending.callback(.failure(BusError(.noResponders, "no responders for \(pending.what)")))
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

    /// Removes a caller silently.
    func cancel(_ number: UInt128) { _ = take(number) }

    private func take(_ number: UInt128) -> Pending? { state.withLock { $0.pending.removeValue(forKey: number) } }

    /// Time at which ``expire(_:isConnected:)`` should run next.
    var nextDeadline: ContinuousClock.Instant? { state.withLock { $0.earliest } }

    /// Completes the callers whose deadline has passed.
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

    /// Completes all callers at the end.
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

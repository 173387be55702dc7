import NimmerBus
import NimmerWave
import Synchronization

extension NATSBus {
    public func request(
        _ subject: Subject, payload: [UInt8], headers: Headers, timeout: Duration
    ) async throws(BusError) -> BusMessage {
        try await ask(subject.text, timeout: timeout) { reply, expires throws(BusError) in
            try self.send(subject, payload, headers, reply, expires: expires)
        }
    }

    public func requestMany(
        _ subject: Subject, payload: [UInt8], wait: Duration
    ) async throws(BusError) -> [BusMessage] {
        let found = Mutex<[BusMessage]>([])
        let outcome = AnswerPromise()
        let deadline = ContinuousClock.now.advanced(by: wait)
        let expected = inbox.expect(subject.text, until: deadline, many: true) { answer in
            switch answer {
            case .success(let message): found.withLock { $0.append(message) }
            case .failure(let error): outcome.settle(.failure(error))
            }
        }
        guard let expected else { throw BusError(.closed, "the bus is closed") }
        wake.raise()
        do throws(BusError) {
            try send(subject, payload, [:], expected.reply, expires: deadline)
            _ = try await outcome.value { self.inbox.fail(expected.number, .cancelled(subject.text)) }
        } catch {
            inbox.cancel(expected.number)
            guard error.code == .timeout || error.code == .noResponders else { throw error }
        }
        return found.withLock { $0 }
    }

    /// Registers for an answer, sends the question and waits.
    func ask(
        _ what: String, timeout: Duration, inbox: Inbox? = nil,
        _ send: (Subject, ContinuousClock.Instant) throws(BusError) -> Void
    ) async throws(BusError) -> BusMessage {
        let inbox = inbox ?? self.inbox
        let outcome = AnswerPromise()
        let deadline = ContinuousClock.now.advanced(by: timeout)
        guard let expected = inbox.expect(what, until: deadline, { outcome.settle($0) }) else {
            throw BusError(.closed, "the bus is closed")
        }
        wake.raise()
        do throws(BusError) {
            try send(expected.reply, deadline)
        } catch {
            inbox.cancel(expected.number)
            throw error
        }
        return try await outcome.value { inbox.fail(expected.number, .cancelled(what)) }
    }
}

extension BusError {
    static func cancelled(_ what: String) -> BusError { BusError(.cancelled, "the request to \(what) was cancelled") }
}

/// One answer that will come: settled once by the loop, awaited by one task.
final class AnswerPromise: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Inbox.Answer, Never>)
        case settled(Inbox.Answer)
    }

    private let state = Mutex(State.open)

    func settle(_ answer: Inbox.Answer) {
        let waiting: CheckedContinuation<Inbox.Answer, Never>? = state.withLock { state in
            switch state {
            case .open:
                state = .settled(answer)
                return nil
            case .awaited(let continuation):
                state = .settled(answer)
                return continuation
            case .settled: return nil
            }
        }
        waiting?.resume(returning: answer)
    }

    func value(onCancel: @escaping @Sendable () -> Void) async throws(BusError) -> BusMessage {
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let early: Inbox.Answer? = state.withLock { state in
                    if case .settled(let answer) = state { return answer }
                    state = .awaited(continuation)
                    return nil
                }
                if let early { continuation.resume(returning: early) }
            }
        } onCancel: {
            onCancel()
        }
        return try answer.get()
    }
}

import NimmerWave
import Synchronization

/// Retains what a stream must hold until the stream has said so (protocol.md, What an acknowledgement means).
///
/// `send` may be called from inside a handler: the first attempt leaves with the same turn of the loop. What fails is sent
/// again under the same id, with growing pauses, by ``run()``, also across a restart of the server. Bounded: when more
/// waits than the limits allow, the oldest go and are counted.
public final class Outbox: Sendable {
    /// What has passed and what waits.
    public struct Counters: Sendable, Hashable {
        /// Messages taken.
        public var taken: UInt64 = 0
        /// Messages that a stream holds.
        public var acknowledged: UInt64 = 0
        /// Of these, held already when they came: repetitions.
        public var repeated: UInt64 = 0
        /// Attempts after the first.
        public var retries: UInt64 = 0
        /// Messages given up to stay within the limits.
        public var dropped: UInt64 = 0
        /// Messages that no stream will ever take, such as one that is too large.
        public var refused: UInt64 = 0
        /// Messages that wait for their acknowledgement now.
        public var waiting = 0

        /// All zero.
        public init() {}
    }

    private struct Entry {
        var subject: Subject
        var payload: [UInt8]
        var attempts = 0
        var isInFlight = true
        var order: UInt64
        let onAck: (@Sendable (StreamAck) -> Void)?
    }

    private struct State {
        var entries: [MessageID: Entry] = [:]
        var bytes = 0
        var counters = Counters()
    }

    private let bus: any Bus
    private let capacity: Int
    private let maximumBytes: Int
    private let attemptTimeout: Duration
    private let state = Mutex(State())
    private let failures: AsyncStream<Void>
    private let failed: AsyncStream<Void>.Continuation

    /// An outbox on a bus.
    ///
    /// - Parameters:
    ///   - capacity: how many messages may wait.
    ///   - maximumBytes: how many payload bytes may wait.
    ///   - attemptTimeout: how long one attempt waits for its acknowledgement.
    public init(
        bus: any Bus, capacity: Int = 65_536, maximumBytes: Int = 64 << 20, attemptTimeout: Duration = .seconds(5)
    ) {
        self.bus = bus
        self.capacity = capacity
        self.maximumBytes = maximumBytes
        self.attemptTimeout = attemptTimeout
        (failures, failed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The counters now.
    public var counters: Counters {
        state.withLock { state in
            var counters = state.counters
            counters.waiting = state.entries.count
            return counters
        }
    }

    /// Takes a message and sends it; never waits. An id that waits already is not taken twice.
    ///
    /// - Parameter onAck: called once when a stream holds the message; must not block.
    public func send(
        _ subject: Subject, payload: [UInt8], id: MessageID, onAck: (@Sendable (StreamAck) -> Void)? = nil
    ) {
        let isNew = state.withLock { state in
            guard state.entries[id] == nil else { return false }
            state.counters.taken += 1
            state.entries[id] = Entry(subject: subject, payload: payload, order: state.counters.taken, onAck: onAck)
            state.bytes += payload.count
            while state.entries.count > capacity || state.bytes > maximumBytes, state.entries.count > 1 {
                guard let oldest = state.entries.min(by: { $0.value.order < $1.value.order }) else { break }
                state.bytes -= oldest.value.payload.count
                state.entries[oldest.key] = nil
                state.counters.dropped += 1
            }
            return true
        }
        if isNew { attempt(subject, payload, id) }
    }

    private func attempt(_ subject: Subject, _ payload: [UInt8], _ id: MessageID) {
        bus.publishDurably(subject, payload: payload, id: id, headers: [:], timeout: attemptTimeout) {
            [weak self] result in self?.conclude(id, result)
        }
    }

    private func conclude(_ id: MessageID, _ result: Result<StreamAck, BusError>) {
        switch result {
        case .success(let ack):
            let entry = state.withLock { state -> Entry? in
                guard let entry = state.entries.removeValue(forKey: id) else { return nil }
                state.bytes -= entry.payload.count
                state.counters.acknowledged += 1
                if ack.isDuplicate { state.counters.repeated += 1 }
                return entry
            }
            entry?.onAck?(ack)
        case .failure(let error) where error.code == .tooLarge:
            state.withLock { state in
                guard let entry = state.entries.removeValue(forKey: id) else { return }
                state.bytes -= entry.payload.count
                state.counters.refused += 1
            }
        case .failure:
            state.withLock { $0.entries[id]?.isInFlight = false }
            failed.yield()
        }
    }

    /// Sends again what has failed, until the task is cancelled.
    public func run() async {
        let clock = ContinuousClock()
        var pause = Duration.milliseconds(100)
        for await _ in failures {
            while !Task.isCancelled {
                do { try await clock.sleep(for: pause) } catch { return }
                let again = takeFailed()
                if again.isEmpty { break }
                for (id, entry) in again { attempt(entry.subject, entry.payload, id) }
                pause = min(pause * 2, .seconds(5))
            }
            pause = .milliseconds(100)
        }
    }

    private func takeFailed() -> [(MessageID, Entry)] {
        state.withLock { state in
            let waiting = state.entries.filter { !$0.value.isInFlight }
                .sorted { $0.value.order < $1.value.order }.prefix(1024)
            for (id, _) in waiting {
                state.entries[id]?.isInFlight = true
                state.entries[id]?.attempts += 1
                state.counters.retries += 1
            }
            return waiting.map { ($0.key, $0.value) }
        }
    }

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

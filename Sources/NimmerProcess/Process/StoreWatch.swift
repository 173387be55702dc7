import Logging
import NimmerBus
import NimmerWave
import Synchronization

/// Time for which what a process stores itself, without an outbox, has waited for its streams: a value without a clock.
///
/// A server whose disk is full may refuse at once, or not answer at all; both must show within a second.
struct StoreWaits: Sendable {
    /// The silence after which streams do not take what waits.
    static let silence = Duration.milliseconds(600)
    /// Time after a failure for which nothing new is known.
    static let pause = Duration.seconds(3)

    private var begun: [UInt64: ContinuousClock.Instant] = [:]
    private var number: UInt64 = 0
    private var success: ContinuousClock.Instant?
    private var error: BusError?
    /// Time at which something that was not stored was released, most of the time for a pause before the next attempt.
    private var pausing: ContinuousClock.Instant?

    /// Number of waiting messages.
    var count: Int { begun.count }

    /// Something is to be stored from now on.
    mutating func begin(at now: ContinuousClock.Instant) -> UInt64 {
        number += 1
        begun[number] = now
        return number
    }

    /// An attempt has failed; it still waits.
    mutating func failed(_ error: BusError) {
        // Without a connection nothing is the streams' fault; a conflict is an answer.
        if error.code != .notConnected, error.code != .conflict { self.error = error }
    }

    /// It is stored, or no caller waits for it any more.
    mutating func end(_ number: UInt64, isStored: Bool, at now: ContinuousClock.Instant) {
        begun[number] = nil
        pausing = isStored ? nil : now
        guard isStored else { return }
        success = now
        error = nil
    }

    /// Reason why streams do not take what waits; nil while they do, or nothing waits.
    func trouble(at now: ContinuousClock.Instant) -> BusError? {
        guard let oldest = begun.values.min() else {
            return pausing.flatMap { $0.duration(to: now) < Self.pause ? error : nil }
        }
        if let error { return error }
        let since = max(oldest, success ?? oldest)
        guard since.duration(to: now) > Self.silence else { return nil }
        return BusError(.timeout, Outbox.silence)
    }
}

/// Watches over what a process stores itself, and reports when streams do not take it: the counterpart of an `Outbox`'s notices.
public final class StoreWatch: Sendable {
    private let process: ServiceProcess
    private let waits = Mutex(StoreWaits())

    /// A watch over what a process stores.
    public init(_ process: ServiceProcess) { self.process = process }

    /// Reason why streams do not take what waits, though there is a connection; nil while they do.
    public var trouble: BusError? {
        guard process.bus.status.isConnected else { return nil }
        return waits.withLock { $0.trouble(at: .now) }
    }

    /// Number of messages that wait for their acknowledgement.
    public var waiting: Int { waits.withLock { $0.count } }

    /// Watches over storing, attempts and the pauses between them included.
    ///
    /// - Parameter body: passes on each failed attempt, and returns once stored.
    @discardableResult
    public func storing<Result, Failure: Error>(
        _ body: (_ failed: (BusError) -> Void) async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        let number = waits.withLock { $0.begin(at: .now) }
        do throws(Failure) {
            let result = try await body { error in waits.withLock { $0.failed(error) } }
            waits.withLock { $0.end(number, isStored: true, at: .now) }
            return result
        } catch {
            waits.withLock { waits in
                if let error = error as? BusError { waits.failed(error) }
                waits.end(number, isStored: false, at: .now)
            }
            throw error
        }
    }

    /// Logs changes until the task is cancelled.
    public func run() async {
        var isLogged = false
        while (try? await Task.sleep(for: .milliseconds(200))) != nil {
            let found = trouble
            if let found, !isLogged { Outbox.Notice.waits(found).log(to: process.logger) }
            if found == nil, isLogged { Outbox.Notice.flows.log(to: process.logger) }
            isLogged = found != nil
        }
    }

    /// The gauges of an outbox, under their names.
    public func measure(into page: inout MetricsPage) {
        page.storing(waiting: waiting, isTroubled: trouble != nil)
    }
}

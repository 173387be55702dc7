import Logging
import NimmerBus
import NimmerPlatform
import ServiceLifecycle

/// Retry of a step of a start: a value, so that its rules can be read in one place.
struct StartWait {
    /// Consequence of a failure.
    enum Verdict: Equatable {
        /// It cannot pass.
        case leave
        /// The step is tried again after a pause; whether the reason is a new one, to be reported.
        case again(after: Duration, isNew: Bool)
    }

    private(set) var reason: String?
    private var pause = RetryPause(first: .milliseconds(100), longest: .seconds(2))

    /// Judges a failure: what can pass is waited for, with pauses from 100 ms to 2 s.
    mutating func failed(_ error: any Error) -> Verdict {
        guard let error = error as? BusError, error.canRetry || error.code == .noStreams else { return .leave }
        defer { reason = error.description }
        return .again(after: pause.next(), isNew: reason != error.description)
    }
}

extension ServiceProcess {
    /// Takes a step of the start that needs a server. Where the settings state to wait for one (`connect: wait`), it is tried again
    /// forever, with pauses of up to 2 s and at once when the connection comes back; it logs what it waits for and why,
    /// each reason once, and the process is not ready meanwhile. Where they do not, it is taken once.
    ///
    /// - Parameters:
    ///   - what: what the process waits for, such as `the streams`.
    ///   - step: may be tried several times; what it has begun when it throws must not stand in its own way.
    /// - Throws: what the step threw and cannot pass; `CancellationError` when the process was asked to stop, which ends it
    ///   with status 0.
    public func waiting<Value: Sendable>(
        for what: String, _ step: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        guard configuration.bus.waitsForServer else { return try await step() }
        var wait = StartWait()
        defer { health.waits(for: what, because: nil) }
        while true {
            // Before the step, so that a connection that comes back during it is not missed.
            let events = bus.events()
            do {
                let status = bus.status
                guard status.isConnected else {
                    // Whatever the trouble is, the bus keeps trying.
                    throw BusError(
                        .notConnected, status.trouble?.message ?? "no connection to the server yet",
                        cause: status.trouble?.cause ?? "")
                }
                let value = try await cancelWhenGracefulShutdown(step)
                if wait.reason != nil { logger.info("Continuing", metadata: ["with": "\(what)"]) }
                return value
            } catch {
                if Task.isCancelled || Task.isShuttingDownGracefully { throw CancellationError() }
                guard case .again(let pause, let isNew) = wait.failed(error) else { throw error }
                let reason = wait.reason ?? ""
                health.waits(for: what, because: reason)
                if isNew { logger.warning("Waiting", metadata: ["for": "\(what)", "reason": "\(reason)"]) }
                await self.pause(pause, orUntilConnected: events)
                if Task.isCancelled || Task.isShuttingDownGracefully { throw CancellationError() }
            }
        }
    }

    private func pause(_ pause: Duration, orUntilConnected events: AsyncStream<BusEvent>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await event in events {
                    switch event {
                    case .connected, .reconnected: return
                    default: continue
                    }
                }
            }
            group.addTask { try? await Task.sleep(for: pause) }
            group.addTask { await self.untilStopped() }
            await group.next()
            group.cancelAll()
        }
    }
}

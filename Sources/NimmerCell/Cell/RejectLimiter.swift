import NimmerBus
import NimmerWave
import Synchronization

/// Publishes what was refused and why, ten a second at most; the rest is only counted (protocol.md, Subjects).
public final class RejectLimiter: Sendable {
    private let process: ServiceProcess
    private let state = Mutex(State())

    private struct State {
        var rejected = 0
        var window = Timestamp(nanoseconds: 0)
        var said = 0
    }

    /// A limiter for the refusals of one process.
    public init(process: ServiceProcess) { self.process = process }

    /// How many were refused since the start.
    public var rejected: Int { state.withLock { $0.rejected } }

    /// Counts a refused message, and publishes why unless ten were published in this second.
    public func reject(_ message: BusMessage, reason: String, field: String = "") {
        let now = Timestamp.now()
        let (count, isSaid) = state.withLock { state in
            state.rejected += 1
            if now.milliseconds(since: state.window) >= 1000 || now < state.window {
                state.window = now
                state.said = 0
            }
            state.said += 1
            return (state.rejected, state.said <= 10)
        }
        guard isSaid, process.bus.status.isConnected else { return }
        let body = Reject(
            service: process.name, subject: message.subject.text, reason: String(reason.prefix(500)), field: field,
            excerpt: String(decoding: message.payload.prefix(Wire.maximumExcerpt), as: UTF8.self), rejected: count)
        let envelope = Envelope(id: .v7(), at: now, from: process.source, body)
        try? process.bus.publish(.reject(process.environment, service: process.name), payload: envelope.encoded())
    }
}

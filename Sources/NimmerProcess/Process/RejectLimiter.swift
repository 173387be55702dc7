import Logging
import NimmerBus
import NimmerWave
import Synchronization

/// Makes refused messages visible without letting them harm: each is counted, at most ten a second are published with the
/// reason and the first 4 KiB of what was refused (protocol.md, Subjects), and it is logged once a minute.
public final class RejectLimiter: Sendable {
    private struct State {
        var count = 0
        var second = Int64.min
        var inSecond = 0
        var minute = Int64.min
    }

    private let bus: any Bus
    private let environment: Environment
    private let source: Source
    private let service: Token
    private let logger: Logger
    private let state = Mutex(State())

    /// Rejects on behalf of a process.
    public init(_ process: ServiceProcess) {
        bus = process.bus
        environment = process.environment
        source = process.source
        service = process.name
        logger = process.logger
    }

    /// Messages refused since the start.
    public var count: Int { state.withLock { $0.count } }

    /// Counts a refused message and, within the limit, publishes a Reject.
    ///
    /// - Parameter message: the message, which is copied out of the bus only where something is reported of it.
    public func reject(_ refusal: Refusal, _ message: @autoclosure () -> BusMessage) {
        let now = Timestamp.now()
        let (count, publishes, logs) = state.withLock { state -> (Int, Bool, Bool) in
            state.count += 1
            let second = now.secondAndRest.second
            if second != state.second {
                state.second = second
                state.inSecond = 0
            }
            state.inSecond += 1
            let logs = second / 60 != state.minute
            if logs { state.minute = second / 60 }
            return (state.count, state.inSecond <= 10, logs)
        }
        guard logs || publishes else { return }
        let message = message()
        if logs {
            logger.warning(
                "Refused a message",
                metadata: ["subject": "\(message.subject)", "reason": "\(refusal)", "refused": "\(count)"])
        }
        guard publishes else { return }
        let excerpt = String(decoding: message.payload.prefix(Wire.maximumExcerpt), as: UTF8.self)
        let reject = Reject(
            service: service, subject: message.subject.text, reason: String(refusal.message.prefix(512)),
            field: String(refusal.field.prefix(128)), excerpt: excerpt, rejected: count)
        let envelope = Envelope(id: .v7(), at: now, from: source, reject)
        try? bus.publish(.reject(environment, service: service), payload: envelope.encoded())
    }
}

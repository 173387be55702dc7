import Logging
import NimmerBus
import NimmerWave

/// Commands that come as requests (protocol.md): read, refused when they are invalid, and replied to; the same for cells, the
/// thalamus, the bridge and organs.
public struct RequestHandler: Sendable {
    private let process: ServiceProcess
    private let rejects: RejectLimiter
    private let alternative: Subject?
    private let replied: @Sendable (CommandResult) -> Void

    /// A handler.
    ///
    /// - Parameters:
    ///   - process: whose requests; it is the source of the replies.
    ///   - rejects: receives each message that is not a request.
    ///   - alternative: where the reply to a request that names no inbox goes; nil: nowhere.
    ///   - replied: called with each result before it leaves, to count it.
    public init(
        _ process: ServiceProcess, _ rejects: RejectLimiter, orOn alternative: Subject? = nil,
        replied: @escaping @Sendable (CommandResult) -> Void = { _ in }
    ) {
        self.process = process
        self.rejects = rejects
        self.alternative = alternative
        self.replied = replied
    }

    /// Arguments of a request; nil for a malformed one, which was counted and refused.
    ///
    /// - Parameter parse: reads the message; the whole command of protocol.md unless given.
    public func read<Request>(
        _ message: BusMessage, _ parse: (BusMessage) throws(Refusal) -> Request
    ) -> Request? {
        do throws(Refusal) { return try parse(message) } catch {
            refuse(message, error, since: .now)
            return nil
        }
    }

    /// Replies to a request with what the handler makes of its command; a refusal of either is the reply.
    public func answer(_ message: BusMessage, _ handle: (Command) throws(Refusal) -> CommandResult) {
        let begun = ContinuousClock.now
        do throws(Refusal) {
            conclude(message, try handle(try Self.command(message)), since: begun)
        } catch { refuse(message, error, since: begun) }
    }

    /// Replies to a request with what the handler makes of its command; a refusal of either is the reply.
    public func answer(_ message: BusMessage, _ handle: (Command) async throws(Refusal) -> CommandResult) async {
        let begun = ContinuousClock.now
        do throws(Refusal) {
            conclude(message, try await handle(try Self.command(message)), since: begun)
        } catch { refuse(message, error, since: begun) }
    }

    private func conclude(_ message: BusMessage, _ result: CommandResult, since begun: ContinuousClock.Instant) {
        process.requestTimes.add(begun.duration(to: .now), result)
        reply(to: message, result)
    }

    /// Replies to a request. A result that does not fit into a message becomes an error that names its size.
    public func reply(to message: BusMessage, _ result: CommandResult) {
        replied(result)
        var bytes = encoded(result)
        if bytes.count > Wire.maximumBytes {
            let reason = "the answer of \(bytes.count) bytes does not fit into a message; ask for less at once"
            bytes = encoded(CommandResult(status: .error, error: reason))
        }
        do throws(BusError) {
            if message.reply != nil {
                try process.bus.respond(to: message, payload: bytes)
            } else if let alternative {
                try process.bus.publish(alternative, payload: bytes)
            }
        } catch {
            process.logger.warning("An answer could not leave", metadata: ["reason": "\(error)"])
        }
    }

    private func encoded(_ result: CommandResult) -> [UInt8] {
        Envelope(id: .v7(), at: .now(), from: process.source, result).encoded()
    }

    private func refuse(_ message: BusMessage, _ refusal: Refusal, since begun: ContinuousClock.Instant) {
        rejects.reject(refusal, message)
        conclude(message, CommandResult(status: .refused, error: refusal.description), since: begun)
    }

    private static func command(_ message: BusMessage) throws(Refusal) -> Command {
        try Envelope<Command>(decoding: message.payload, on: message.subject).body
    }
}

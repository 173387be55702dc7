/// A failure of the bus, described so that a person can act on it.
public struct BusError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure; stable, for programs and counters.
    public enum Code: String, Sendable, CaseIterable {
        /// No server answered at the address, or the connection is down and the buffer for later is full.
        case notConnected
        /// The server refused the credentials, or the credentials lack a permission.
        case badCredentials
        /// TLS could not be agreed: an unknown authority, a wrong name, a missing or refused certificate.
        case tls
        /// The timeout passed.
        case timeout
        /// There is no responder on the subject of a request.
        case noResponders
        /// The message is larger than the server takes.
        case tooLarge
        /// A bounded buffer (pending bytes, outbox) is full, or the server has no room left: its disk, its memory, a stream.
        case full
        /// The bus or the subscription was closed.
        case closed
        /// The task that waited was cancelled.
        case cancelled
        /// The server has no streams (JetStream is not enabled), or not for this account.
        case noStreams
        /// The stream, consumer, bucket or key does not exist.
        case notFound
        /// It exists already, with another content or configuration; for key-value: another revision than expected.
        case conflict
        /// The server or its version lacks a feature.
        case unsupported
        /// The configuration or an argument makes no sense.
        case invalid
        /// The server refused the operation for another reason, which the message names.
        case refused
    }

    /// The kind of failure.
    public let code: Code
    /// A one-line description: what failed, where, what was expected and the remedy. Holds no secret.
    public let message: String
    /// Message of the underlying library or server; empty when nothing more is known.
    public let cause: String
    /// The server's own number of the error (`err_code` of its API for streams), such as 10071 for a wrong revision; nil when
    /// it gave none.
    public let number: Int?

    /// A failure.
    public init(_ code: Code, _ message: String, cause: String = "", number: Int? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
        self.number = number
    }

    /// Indicates whether trying the same again later can succeed.
    public var canRetry: Bool {
        switch code {
        case .notConnected, .timeout, .noResponders, .full: true
        default: false
        }
    }

    /// The message, and the cause and the server's number where they are known.
    public var description: String {
        let details = [cause, number.map { "err_code \($0)" } ?? ""].filter { !$0.isEmpty }.joined(separator: ", ")
        return details.isEmpty ? message : "\(message) (\(details))"
    }
}

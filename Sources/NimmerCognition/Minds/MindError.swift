/// Reason why a mind's server gave no answer.
public struct MindError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure; stable, for programs and counters.
    public enum Code: String, Sendable, CaseIterable {
        /// No server answers at the address, or the connection was refused or lost before an answer began.
        case unreachable
        /// TLS could not be agreed.
        case tls
        /// The key was refused, or is missing (401, 403).
        case unauthorized
        /// The server refuses for now: too many requests, or a full queue (429, 503).
        case overloaded
        /// The server failed (another 5xx), or reported that it did within its answer.
        case serverError
        /// The server does not take the question (another 4xx): an unknown model, a schema that it cannot compile.
        case rejected
        /// The server sent the question elsewhere (3xx); it is not followed.
        case redirected
        /// The deadline passed.
        case timeout
        /// The task was cancelled.
        case cancelled
        /// The answer is longer than it may be.
        case tooLarge
        /// The answer is not what the protocol states it is: another content type, no JSON around the text, a field missing.
        case malformed
        /// The answer ended before its end.
        case truncated
        /// The settings make no sense: an invalid address, a key file that cannot be read.
        case misconfigured
    }

    /// The kind of failure.
    public let code: Code
    /// Description of the failure and its remedy, in one line; never a key, a prompt or an answer.
    public let message: String
    /// Time for which the server asks to be left alone, in milliseconds; nil when it does not ask.
    public let retryAfterMilliseconds: Int?
    /// The status of HTTP, where there was one.
    public let status: Int?

    /// Creates an error.
    public init(_ code: Code, _ message: String, retryAfterMilliseconds: Int? = nil, status: Int? = nil) {
        self.code = code
        self.message = message
        self.retryAfterMilliseconds = retryAfterMilliseconds
        self.status = status
    }

    /// Indicates whether asking the same server again later can succeed.
    public var canRetry: Bool {
        switch code {
        case .unreachable, .overloaded, .serverError, .timeout, .truncated, .malformed, .tooLarge: true
        case .tls, .unauthorized, .rejected, .redirected, .cancelled, .misconfigured: false
        }
    }

    /// Indicates whether it counts as a failure of the server, so that the circuit breaker counts it; a cancelled question does not.
    public var isFaultOfServer: Bool { code != .cancelled }

    /// The kind and the message.
    public var description: String { "\(code.rawValue): \(message)" }
}

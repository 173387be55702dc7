import NimmerPlatform

/// Reason why a child process or a private server could not be started, kept or stopped.
public struct ServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Kind of failure; stable, for programs.
    public enum Code: String, Sendable, CaseIterable {
        /// An executable is not installed, or not where it was reported to be.
        case missingExecutable
        /// The operating system refused to start a process.
        case spawn
        /// A file or folder could not be made, read or written.
        case folder
        /// A file or folder belongs to another user, may be changed by others, or is a link.
        case untrusted
        /// Another process runs this server on this folder.
        case alreadyRunning
        /// The server ended, or did not become ready in time.
        case notReady
        /// No free loopback port was found.
        case port
        /// A user account is unknown, or may not do what is needed.
        case account
        /// A database could not be made.
        case database
        /// Keys or certificates could not be made.
        case openSSL
    }

    /// The kind of trouble.
    public let code: Code
    /// Description of what was found and expected, where, and the remedy where one is known.
    public let message: String
    /// The last lines that the process wrote, oldest first; empty when there are none.
    public let lastLines: [String]

    /// An error in full.
    public init(_ code: Code, _ message: String, lastLines: [String] = []) {
        self.code = code
        self.message = message
        self.lastLines = lastLines
    }

    /// Indicates whether the same call may succeed later without a change by a person.
    public var isRetryable: Bool { code == .notReady || code == .port }

    /// The message, followed by the last lines of the process, each on a line of its own.
    public var description: String {
        lastLines.isEmpty ? message : message + lastLines.map { "\n    " + $0 }.joined()
    }
}

extension ServerError {
    /// The error of a child process, as that of the server that it was to be.
    public init(_ error: ChildError) {
        let code: Code =
            switch error.code {
            case .missingExecutable: .missingExecutable
            case .spawn: .spawn
            case .folder: .folder
            case .account: .account
            }
        self.init(code, error.message)
    }

    /// Starts a child; its error is a server's.
    static func ofChild<Result>(
        _ start: () async throws(ChildError) -> Result
    ) async throws(ServerError) -> Result {
        do throws(ChildError) { return try await start() } catch { throw ServerError(error) }
    }
}

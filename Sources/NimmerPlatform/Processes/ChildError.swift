/// Reason why a child process could not be started.
public struct ChildError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Kind of failure; stable, for programs.
    public enum Code: String, Sendable, CaseIterable {
        /// An executable is not installed, or not where it was reported to be.
        case missingExecutable
        /// The operating system refused to start a process.
        case spawn
        /// The working folder cannot be entered.
        case folder
        /// A user account is unknown, or may not do what is needed.
        case account
    }

    /// The kind of trouble.
    public let code: Code
    /// Description: found, expected, and where.
    public let message: String
    /// Error text of the system, such as `No such file or directory`; the message where it reported nothing.
    public let reason: String

    init(_ code: Code, _ message: String, reason: String? = nil) {
        self.code = code
        self.message = message
        self.reason = reason ?? message
    }

    public var description: String { message }
}

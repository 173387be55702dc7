/// Reason why a private PostgreSQL could not be started or stopped, and the remedy.
public struct PostgresServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Kind of failure.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// No PostgreSQL server is installed where we look.
        case notInstalled
        /// The data was made by another major version than any that is installed.
        case otherVersion
        /// The folder cannot be used: rights, disk, a file in its place.
        case folder
        /// Another living process of ours runs this folder.
        case inUse
        /// The server did not come up or go down.
        case failed
    }

    /// Kind of the failure.
    public let code: Code
    /// Description of the failure and its place.
    public let message: String
    /// Remedy.
    public let remedy: String

    init(_ code: Code, _ message: String, remedy: String) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    /// The message, then the remedy.
    public var description: String { "\(message). \(remedy)" }
}

/// Why a private PostgreSQL could not be started or stopped, and what a person can do about it.
public struct PostgresServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure this is.
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

    /// What kind of failure this is.
    public let code: Code
    /// What happened, where.
    public let message: String
    /// What a person can do about it.
    public let mend: String

    init(_ code: Code, _ message: String, mend: String) {
        self.code = code
        self.message = message
        self.mend = mend
    }

    /// The message, then the mend.
    public var description: String { "\(message). \(mend)" }
}

/// What kept the memory from doing what it was asked, what a person can do about it, and whether trying again can help.
///
/// Descriptions name the server and the mend; they never hold SQL, row contents, addresses with credentials or
/// passwords (CONTRIBUTING.md, Errors).
public struct MemoryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure this is; scripts and supervisors branch on it.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// The address or a setting cannot be used as it stands.
        case settings
        /// Nothing answers at the address, or the connection broke.
        case unreachable
        /// The server answers and refuses: password, user, TLS or `pg_hba.conf`.
        case refused
        /// The server answers and has no such database.
        case missingDatabase
        /// The database has none of our tables.
        case schemaMissing
        /// The database's schema is older than this program.
        case schemaOlder
        /// The database's schema is newer than this program, or was not made by it.
        case schemaUnknown
        /// An applied migration differs from the one in this program.
        case schemaTampered
        /// The user may not do this.
        case permission
        /// The server is short of something: disk, memory, connections.
        case exhausted
        /// Another session was in the way: deadlock, lock timeout, serialization.
        case conflict
        /// The store was closed.
        case closed
        /// The database refused what was sent, for a reason that is the data's own.
        case data
        /// Something that should not happen; the message says what.
        case unexpected
    }

    /// What kind of failure this is.
    public let code: Code
    /// What happened, where: one sentence that names the server.
    public let message: String
    /// What a person can do about it: one sentence, a command where there is one; empty when there is nothing to do.
    public let mend: String
    /// Whether the same call can succeed later without anybody changing the call itself.
    public let canRetry: Bool

    /// A failure with its mend.
    public init(_ code: Code, _ message: String, mend: String = "", canRetry: Bool = false) {
        self.code = code
        self.message = message
        self.mend = mend
        self.canRetry = canRetry
    }

    /// The message, then the mend.
    public var description: String { mend.isEmpty ? message : "\(message). \(mend)" }
}

extension MemoryError {
    /// Whether nothing but a person can mend it: the hippocampus refuses to start (memory.md).
    package var stopsTheStart: Bool {
        switch code {
        case .settings, .refused, .missingDatabase, .schemaMissing, .schemaOlder, .schemaUnknown, .schemaTampered: true
        case .unreachable, .permission, .exhausted, .conflict, .closed, .data, .unexpected: false
        }
    }
}

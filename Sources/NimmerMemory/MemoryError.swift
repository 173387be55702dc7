/// A failure of the memory: its cause, its remedy, and whether trying again can help.
///
/// Descriptions name the server and the remedy; they never hold SQL, row contents, addresses with credentials or
/// passwords (CONTRIBUTING.md, Errors).
public struct MemoryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Kind of failure; scripts and supervisors branch on it.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// The address or a setting cannot be used as it stands.
        case settings
        /// No server answers at the address, or the connection broke.
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
        /// The server takes no changes: a standby, or the former primary after a failover.
        case readOnly
        /// The server is short of something: disk, memory, connections.
        case exhausted
        /// Another session was in the way: deadlock, lock timeout, serialization.
        case conflict
        /// The store was closed.
        case closed
        /// The database refused what was sent, for a reason that is the data's own.
        case data
        /// Something that should not happen; the message states what.
        case unexpected
    }

    /// Kind of the failure.
    public let code: Code
    /// Description of the failure and its place: one sentence that names the server.
    public let message: String
    /// Remedy: one sentence, a command where there is one; empty when there is nothing to do.
    public let remedy: String
    /// Indicates whether the same call can succeed later without a change of the call itself.
    public let canRetry: Bool

    /// A failure with its remedy.
    public init(_ code: Code, _ message: String, remedy: String = "", canRetry: Bool = false) {
        self.code = code
        self.message = message
        self.remedy = remedy
        self.canRetry = canRetry
    }

    /// The message, then the remedy.
    public var description: String { remedy.isEmpty ? message : "\(message). \(remedy)" }
}

extension MemoryError {
    /// Indicates whether only an operator can fix it: the hippocampus refuses to start (memory.md).
    package var stopsTheStart: Bool {
        switch code {
        case .settings, .refused, .missingDatabase, .schemaMissing, .schemaOlder, .schemaUnknown, .schemaTampered: true
        case .unreachable, .permission, .readOnly, .exhausted, .conflict, .closed, .data, .unexpected: false
        }
    }
}

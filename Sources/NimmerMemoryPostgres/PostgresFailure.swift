import CPostgres
import NimmerMemory

/// A statement that failed, by its SQLSTATE (PostgreSQL, appendix A), and what it means to the memory.
struct PostgresFailure: Error, Sendable, CustomStringConvertible {
    /// Five characters; empty when the connection broke.
    let state: String
    /// The server's primary message; never its context or statement.
    let primary: String
    /// The server's detail, which may quote the data: only for the reason of a rejected row.
    let detail: String
    /// The server and database.
    let name: String

    /// The server's message and its SQLSTATE.
    var description: String { "\(name): \(primary)\(state.isEmpty ? "" : " (SQLSTATE \(state))")" }

    init(state: String, primary: String, detail: String = "", name: String) {
        self.state = state
        self.primary = primary
        self.detail = detail
        self.name = name
    }

    init(result: OpaquePointer, name: String) {
        func field(_ letter: Character) -> String {
            PQresultErrorField(result, Int32(letter.asciiValue ?? 0)).map { String(cString: $0) } ?? ""
        }
        let primary = field("M")
        let whole = PQresultErrorMessage(result).map { String(cString: $0) } ?? ""
        // The letters are PG_DIAG_SQLSTATE, _MESSAGE_PRIMARY and _MESSAGE_DETAIL of libpq-fe.h.
        self.init(
            state: field("C"), primary: primary.isEmpty ? PostgresFailure.oneLine(whole) : primary, detail: field("D"),
            name: name)
    }

    /// An answer that is not what its statement always gives.
    static func unexpected(name: String, _ reason: String) -> PostgresFailure {
        PostgresFailure(state: noData, primary: reason, name: name)
    }

    /// SQLSTATE of the class "no data".
    private static let noData = "02000"

    /// A session whose transactions may change nothing.
    static func readOnlySession(_ name: String) -> PostgresFailure {
        PostgresFailure(state: "25006", primary: "transactions are read-only", name: name)
    }

    /// Memories that are held in the process and are not in the database any more.
    static func staleMeanings(_ name: String) -> PostgresFailure {
        PostgresFailure(state: "02001", primary: "memories were removed while they were searched", name: name)
    }

    /// Indicates whether what was known of memory by meaning is no more so: the extension or its column was dropped, or held rows were.
    var isStale: Bool { ["02001", "42703", "42704", "42883"].contains(state) }

    static func lost(name: String, reason: String) -> PostgresFailure {
        PostgresFailure(state: "", primary: oneLine(reason), name: name)
    }

    /// Indicates whether the data itself was refused, so that trying the same row again does not help.
    ///
    /// 22: data exception; 23: constraint; 54: a limit such as nesting too deep; 42P10 and 21000: conflict within a row.
    var isData: Bool {
        state.hasPrefix("22") || state.hasPrefix("23") || state.hasPrefix("54") || state == "21000"
    }

    /// Indicates whether a row was there already.
    var isDuplicate: Bool { state == "23505" }

    /// Indicates whether the connection is gone.
    var isLost: Bool { state.isEmpty || state.hasPrefix("08") || state.hasPrefix("57P") }

    /// Indicates whether the server takes no changes: a standby, or the former primary after a failover.
    var isReadOnly: Bool { state == "25006" }

    /// Indicates whether the next attempt needs a new connection, which may lead to another host.
    var needsNewConnection: Bool { isLost || isReadOnly }

    /// Reason why a row was refused, for `rejected_messages`.
    var reason: String { detail.isEmpty ? primary : "\(primary): \(detail)" }

    /// Meaning for a caller of the store.
    var memoryError: MemoryError {
        switch state {
        case _ where isLost:
            MemoryError(
                .unreachable, "the connection to \(name) broke: \(primary)", remedy: "It is tried again by itself",
                canRetry: true)
        case "42501":
            MemoryError(
                .permission, "\(name) does not permit it: \(primary)",
                remedy:
                    "Connect as a role of this database, or grant one: its _hippocampus (the hippocampus), its _reader "
                    + "(people) or its _migrator (nimmer db)", canRetry: true)
        case "42P01", "3F000", "42703", "42883":
            MemoryError(
                .schemaMissing, "\(name) lacks a part of the schema: \(primary)", remedy: "Run nimmer db migrate",
                canRetry: true)
        case "40001", "40P01", "55P03", "57014":
            MemoryError(.conflict, "\(name) was busy: \(primary)", canRetry: true)
        case _ where isReadOnly: Self.readOnly(name)
        case _ where state.hasPrefix("53"):
            MemoryError(
                .exhausted, "\(name) is out of a resource: \(primary)", remedy: Self.remedy(exhausted: state),
                canRetry: true)
        case "02001": MemoryError(.conflict, "\(name) was busy: \(primary)", canRetry: true)
        case Self.noData:
            MemoryError(.unexpected, "\(name) returned a result that this program does not understand: \(primary)")
        case _ where isData:
            MemoryError(.data, "\(name) refused the data: \(primary)")
        default:
            MemoryError(.unexpected, "\(name) answered \(state): \(primary)", canRetry: true)
        }
    }

    /// A server that takes no changes.
    static func readOnly(_ name: String, reason: String = "") -> MemoryError {
        MemoryError(
            .readOnly, "\(name) is read-only" + (reason.isEmpty ? "" : ": \(reason)"),
            remedy: "It is tried again by itself; connect to the primary server, or list all hosts in postgres.url "
                + "(postgresql://user@host1:5432,host2:5432/database)", canRetry: true)
    }

    /// Remedy for an error of class 53, insufficient resources.
    private static func remedy(exhausted state: String) -> String {
        switch state {
        case "53100": "Free space on the server's disk; it is tried again by itself"
        case "53200": "Give the server memory; it is tried again by itself"
        case "53300": "End idle sessions, or raise the server's max_connections; it is tried again by itself"
        default: "Free disk space, memory or connections of the server; it is tried again by itself"
        }
    }

    /// A connection that could not be made, by libpq's message; there is no SQLSTATE at this point.
    ///
    /// - Parameters:
    ///   - name: the server and database.
    ///   - reason: one attempt a host, each on a line of its own with guesses below it.
    ///   - hasPasswordInAddress: whether the password stands in the address, where a special character changes it.
    static func connecting(to name: String, reason: String, hasPasswordInAddress: Bool = false) -> MemoryError {
        let line = attempts(reason)
        func contains(_ text: String) -> Bool { reason.contains(text) }
        // Where several hosts are listed, one of them may become the primary.
        if contains("session is read-only") || contains("server is in hot standby mode") {
            return readOnly(name, reason: line)
        }
        if contains("does not exist"), contains("database") {
            return MemoryError(
                .missingDatabase, "\(name) does not exist", remedy: "Run nimmer db migrate", canRetry: true)
        }
        if contains("starting up") || contains("shutting down") || contains("recovery")
            || contains("accepting connections")
        {
            return MemoryError(.unreachable, "\(name) is not ready: \(line)", canRetry: true)
        }
        if contains("authentication") || contains("no password supplied") || contains("pg_hba.conf")
            || contains("does not exist")
        {
            return MemoryError(
                .refused, "\(name) refuses the user: \(line)",
                remedy: hasPasswordInAddress
                    ? "Check user and password in the address. " + DatabaseSettings.advice
                    : "Check user and password file under postgres in the system file, or PGUSER and PGPASSFILE",
                canRetry: true)
        }
        if contains("too many") || contains("remaining connection slots") {
            return MemoryError(
                .exhausted, "\(name) has no free connection: \(line)", remedy: remedy(exhausted: "53300"),
                canRetry: true)
        }
        return MemoryError(
            .unreachable, "\(name) does not answer: \(line)",
            remedy: "Start it (nimmer up starts a private one), or correct its address", canRetry: true)
    }

    /// The first line of each attempt to connect, one for each host; without them, the first line.
    private static func attempts(_ text: String) -> String {
        let lines = text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("connection to server ") }
        return lines.count < 2 ? oneLine(text) : lines.joined(separator: "; ")
    }

    /// The first line: what follows are guesses about causes and locations.
    private static func oneLine(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        return String(line.drop { $0.isWhitespace })
    }
}

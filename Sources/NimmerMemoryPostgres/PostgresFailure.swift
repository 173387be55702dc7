import CPostgres
import NimmerMemory

/// A statement that failed, by its SQLSTATE (PostgreSQL, appendix A), and what it means to the memory.
struct PostgresFailure: Error, Sendable {
    /// Five characters; empty when the connection broke.
    let state: String
    /// The server's primary message; never its context or statement.
    let primary: String
    /// The server's detail, which may quote the data: only for the reason of a rejected row.
    let detail: String
    /// The server and database.
    let name: String

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
        case "25006":
            MemoryError(.permission, "\(name) is read-only", remedy: "Connect to the primary server", canRetry: true)
        case _ where state.hasPrefix("53"):
            MemoryError(
                .exhausted, "\(name) is out of a resource: \(primary)",
                remedy: "Free disk space, memory or connections", canRetry: true)
        case Self.noData:
            MemoryError(.unexpected, "\(name) returned a result that this program does not understand: \(primary)")
        case _ where isData:
            MemoryError(.data, "\(name) refused the data: \(primary)")
        default:
            MemoryError(.unexpected, "\(name) answered \(state): \(primary)", canRetry: true)
        }
    }

    /// A connection that could not be made, by libpq's message; there is no SQLSTATE at this point.
    static func connecting(to name: String, reason: String) -> MemoryError {
        let line = oneLine(reason)
        func contains(_ text: String) -> Bool { reason.contains(text) }
        if contains("does not exist"), contains("database") {
            return MemoryError(
                .missingDatabase, "\(name) does not exist", remedy: "Run nimmer db migrate", canRetry: true)
        }
        if contains("starting up") || contains("shutting down") || contains("recovery") {
            return MemoryError(.unreachable, "\(name) is not ready: \(line)", canRetry: true)
        }
        if contains("authentication") || contains("no password supplied") || contains("pg_hba.conf")
            || contains("does not exist")
        {
            return MemoryError(
                .refused, "\(name) refuses the user: \(line)",
                remedy: "Check user and password file under postgres in the system file, or PGUSER and PGPASSFILE",
                canRetry: true)
        }
        if contains("too many") || contains("remaining connection slots") {
            return MemoryError(.exhausted, "\(name) has no free connection: \(line)", canRetry: true)
        }
        return MemoryError(
            .unreachable, "\(name) does not answer: \(line)",
            remedy: "Start it (nimmer up starts a private one), or correct its address", canRetry: true)
    }

    /// The first line: what follows are guesses about causes and locations.
    private static func oneLine(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        return String(line.drop { $0.isWhitespace })
    }
}

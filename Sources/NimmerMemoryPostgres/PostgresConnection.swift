import CPostgres
import Glibc
import NimmerMemory

/// One connection to PostgreSQL; owns its `PGconn` and closes it when it goes.
///
/// libpq, 34.20 "Behavior in Threaded Programs": "no two threads attempt to manipulate the same PGconn object at the
/// same time". A connection therefore never leaves the actor that made it, and that actor runs on a thread of its own.
/// All waiting is `poll` with a deadline: a server that stopped answering costs `statementSeconds`, not forever.
final class PostgresConnection {
    /// The server and database, for messages.
    let name: String
    /// The server's version as libpq counts, such as 150020.
    let serverVersion: Int
    private let handle: OpaquePointer
    private let statementSeconds: Int
    /// Indicates whether the connection can no longer be used.
    private(set) var isLost = false

    init(_ settings: DatabaseSettings) throws(MemoryError) {
        let keywords = try settings.keywords()
        let pairs = keywords.sorted { $0.key < $1.key }
        let everyHost = settings.description
        statementSeconds = settings.statementSeconds
        let handle = PostgresConnection.withStrings(pairs.map(\.key)) { keywords in
            PostgresConnection.withStrings(pairs.map(\.value)) { values in PQconnectdbParams(keywords, values, 0) }
        }
        guard let handle else {
            throw MemoryError(.exhausted, "no memory for a connection to \(everyHost)", canRetry: true)
        }
        self.handle = handle
        serverVersion = Int(PQserverVersion(handle))
        guard PQstatus(handle) == CONNECTION_OK else {
            let reason = String(cString: PQerrorMessage(handle))
            name = everyHost
            throw PostgresFailure.connecting(
                to: everyHost, reason: reason, hasPasswordInAddress: settings.holdsPassword)
        }
        name = PostgresConnection.name(of: handle, keywords) ?? everyHost
        PQsetnonblocking(handle, 1)
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
    }

    /// Name of the server that was chosen of several; nil where there is one.
    private static func name(of handle: OpaquePointer, _ keywords: [String: String]) -> String? {
        guard keywords["host"]?.contains(",") == true, let host = PQhost(handle), let port = PQport(handle) else {
            return nil
        }
        return DatabaseSettings.name(
            host: String(cString: host), port: String(cString: port), database: keywords["dbname"])
    }

    deinit {
        PQfinish(handle)
    }

    /// Indicates whether a transaction is open, healthy or failed.
    var isInTransaction: Bool { PQtransactionStatus(handle) != PQTRANS_IDLE }

    /// Returns a parameter that the server reports about itself, such as `server_encoding`.
    func parameter(_ name: String) -> String? {
        PQparameterStatus(handle, name).map { String(cString: $0) }
    }

    /// Runs one statement with binds.
    @discardableResult
    func run(_ sql: SQL) throws(PostgresFailure) -> Rows {
        let sent = PostgresConnection.withStrings(sql.binds) { values in
            PQsendQueryParams(handle, sql.text, Int32(sql.binds.count), nil, values, nil, nil, 0)
        }
        guard sent == 1 else { throw lost() }
        return try finish()
    }

    /// Runs constant statements separated by semicolons; the last one's rows are returned.
    @discardableResult
    func script(_ text: String) throws(PostgresFailure) -> Rows {
        guard PQsendQuery(handle, text) == 1 else { throw lost() }
        return try finish()
    }

    /// Sends a `COPY` and waits until its data may be sent or read.
    private func beginCopy(_ statement: String, as direction: ExecStatusType) throws(PostgresFailure) {
        guard PQsendQuery(handle, statement) == 1 else { throw lost() }
        try flush()
        try awaitResult()
        guard let begun = PQgetResult(handle) else { throw lost() }
        defer { PQclear(begun) }
        guard PQresultStatus(begun) != direction else { return }
        let failure = PostgresFailure(result: begun, name: name)
        while let rest = PQgetResult(handle) { PQclear(rest) }
        throw failure
    }

    /// Runs one `COPY … FROM STDIN`; returns the number of rows.
    ///
    /// - Parameter nextPiece: the next of the data; nil behind the last. What it throws leaves the connection in the middle of the
    ///   statement, of no more use.
    func copy(
        _ statement: String, _ nextPiece: () throws(PostgresFailure) -> [UInt8]?
    ) throws(PostgresFailure) -> Int {
        try beginCopy(statement, as: PGRES_COPY_IN)
        while let piece = try nextPiece() { try put(piece) }
        while true {
            let ended = PQputCopyEnd(handle, nil)
            if ended == 1 { break }
            if ended < 0 { throw lost() }
            try wait(for: Int16(POLLOUT))
        }
        return try finish().affected
    }

    /// Runs one `COPY … TO STDOUT` in the text format.
    ///
    /// - Parameter take: takes each row with its line feed, in order; false: it takes no more, and the connection is given up.
    func copy(_ statement: String, to take: (UnsafeRawBufferPointer) -> Bool) throws(PostgresFailure) {
        try beginCopy(statement, as: PGRES_COPY_OUT)
        while true {
            var row: UnsafeMutablePointer<CChar>?
            let count = PQgetCopyData(handle, &row, 1)
            defer { PQfreemem(row) }
            switch count {
            case 1...:
                guard take(UnsafeRawBufferPointer(start: row, count: Int(count))) else {
                    throw lost("the rows are not read any more")
                }
            case 0: try wait(for: 0)
            case -1:
                _ = try finish()
                return
            default: throw lost()
            }
        }
    }

    /// Rolls back what is open; a failure to do so means that the connection is lost.
    func rollback() {
        guard !isLost, isInTransaction else { return }
        _ = try? script("rollback")
    }

    private func put(_ data: [UInt8]) throws(PostgresFailure) {
        while true {
            let status = data.withUnsafeBytes { bytes in
                PQputCopyData(handle, bytes.assumingMemoryBound(to: CChar.self).baseAddress, Int32(bytes.count))
            }
            switch status {
            case 1: return
            case 0: try wait(for: Int16(POLLOUT))
            default: throw lost()
            }
        }
    }

    private func finish() throws(PostgresFailure) -> Rows {
        try flush()
        var rows = Rows()
        var failure: PostgresFailure?
        while true {
            try awaitResult()
            guard let result = PQgetResult(handle) else { break }
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: rows = Rows(result)
            default: failure = failure ?? PostgresFailure(result: result, name: name)
            }
            PQclear(result)
            if PQstatus(handle) != CONNECTION_OK { break }
        }
        if PQstatus(handle) != CONNECTION_OK { isLost = true }
        if let failure { throw failure }
        if isLost { throw lost() }
        return rows
    }

    private func flush() throws(PostgresFailure) {
        while true {
            switch PQflush(handle) {
            case 0: return
            case 1: try wait(for: Int16(POLLOUT))
            default: throw lost()
            }
        }
    }

    private func awaitResult() throws(PostgresFailure) {
        while PQisBusy(handle) == 1 {
            try wait(for: 0)
        }
    }

    /// Waits until the server can be read from, or written to when asked for, and takes in what it sent.
    private func wait(for extra: Int16) throws(PostgresFailure) {
        var descriptor = pollfd(fd: PQsocket(handle), events: Int16(POLLIN) | extra, revents: 0)
        let ready = poll(&descriptor, 1, Int32(statementSeconds * 1000))
        if ready < 0, errno == EINTR { return }
        guard ready > 0 else { throw lost("it did not answer within \(statementSeconds) s") }
        if descriptor.revents & ~Int16(POLLOUT) != 0, PQconsumeInput(handle) != 1 { throw lost() }
    }

    private func lost(_ reason: String? = nil) -> PostgresFailure {
        isLost = true
        return .lost(name: name, reason: reason ?? String(cString: PQerrorMessage(handle)))
    }

    private static func withStrings<Result>(
        _ strings: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        let copies = strings.map { $0.flatMap { strdup($0) } }
        defer { copies.forEach { free($0) } }
        let pointers = copies.map { $0.map { UnsafePointer($0) } } + [nil]
        return pointers.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("an array of one element has an address") }
            return body(base)
        }
    }
}

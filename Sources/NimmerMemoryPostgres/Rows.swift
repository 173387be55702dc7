import CPostgres

/// Rows that a statement returned, as text, copied out of libpq's result.
struct Rows: Sendable {
    private(set) var values: [[String?]] = []
    /// Number of rows that a statement has written.
    private(set) var affected = 0

    init() {}

    init(_ result: OpaquePointer) {
        let rows = PQntuples(result)
        let columns = PQnfields(result)
        values.reserveCapacity(Int(rows))
        for row in 0..<rows {
            values.append(
                (0..<columns).map { column in
                    guard PQgetisnull(result, row, column) == 0 else { return nil }
                    let count = Int(PQgetlength(result, row, column))
                    let bytes = UnsafeRawBufferPointer(start: PQgetvalue(result, row, column), count: count)
                    return String(decoding: bytes, as: UTF8.self)
                })
        }
        affected = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
    }

    /// Indicates whether there is no row.
    var isEmpty: Bool { values.isEmpty }

    /// The first column of the first row.
    var first: String? { values.first?.first ?? nil }

    /// The first column of every row, nulls left out.
    var column: [String] { values.compactMap { $0.first ?? nil } }
}

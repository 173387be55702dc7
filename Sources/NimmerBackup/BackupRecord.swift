import NimmerWave

/// One record of a backup (docs/reference/backup.md): a line with its kind, the number of bytes that follow and their CRC-32; then these
/// bytes and a line feed.
package struct BackupRecord: Equatable, Sendable {
    /// Kind of record.
    package enum Kind: String, Sendable, CaseIterable {
        /// Head of the file: the first record.
        case backup
        /// The schema of the tables that follow.
        case database
        /// A table; its rows follow.
        case table
        /// Rows, each as PostgreSQL's `COPY` writes it.
        case rows
        /// A stream, with the positions of its readers; its messages follow.
        case stream
        /// A message of a stream.
        case message
        /// Counts of each: the last record.
        case end
    }

    /// More bytes than any record has.
    package static let maximumBytes = 128 << 20
    /// More bytes than any record's first line has.
    package static let maximumLine = 64

    package let kind: Kind
    package let body: [UInt8]

    package init(kind: Kind, body: [UInt8]) {
        self.kind = kind
        self.body = body
    }

    /// The first line, without its end.
    package var line: String { Self.line(kind, body) }

    private static func line(_ kind: Kind, _ body: [UInt8]) -> String {
        let digits = String(CRC32.of(body[...]), radix: 16)
        return "\(kind.rawValue) \(body.count) \(String(repeating: "0", count: 8 - digits.count))\(digits)"
    }

    /// Parses a first line; nil when it is not one.
    package static func parse(line: String) -> (kind: Kind, bytes: Int, checksum: UInt32)? {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, let kind = Kind(rawValue: String(words[0])), let bytes = Int(words[1]), bytes >= 0,
            bytes <= maximumBytes, words[2].utf8.count == 8, let checksum = UInt32(words[2], radix: 16)
        else { return nil }
        return (kind, bytes, checksum)
    }
}

/// A message as a backup keeps it: a line of JSON, then its bytes.
package struct BackupMessage: Equatable, Sendable {
    package var subject: String
    package var sequence: UInt64
    /// Time at which the stream stored it.
    package var at: Timestamp
    /// Names and values in order.
    package var headers: [[String]]
    package var payload: [UInt8]

    package var body: [UInt8] {
        let head: JSON = [
            "subject": .string(subject), "sequence": .number(Double(sequence)), "at": .string(at.rfc3339),
            "headers": .array(headers.map { .array($0.map { .string($0) }) }),
        ]
        return head.bytes + [0x0a] + payload
    }

    package init(subject: String, sequence: UInt64, at: Timestamp, headers: [[String]], payload: [UInt8]) {
        self.subject = subject
        self.sequence = sequence
        self.at = at
        self.headers = headers
        self.payload = payload
    }

    /// The message that a record holds; nil when it holds none.
    package init?(body: [UInt8]) {
        guard let end = body.firstIndex(of: 0x0a), let head = try? JSON(parsing: Array(body[..<end])),
            let subject = head["subject"]?.string, let sequence = head["sequence"]?.int, sequence > 0,
            let at = head["at"]?.string.flatMap({ try? Timestamp(rfc3339: $0) }), let headers = head["headers"]?.array
        else { return nil }
        self.init(
            subject: subject, sequence: UInt64(sequence), at: at,
            headers: headers.map { ($0.array ?? []).compactMap(\.string) }, payload: Array(body[(end + 1)...]))
        guard self.headers.allSatisfy({ $0.count == 2 }) else { return nil }
    }
}

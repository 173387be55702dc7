import NimmerWave

/// Rows in the binary format of PostgreSQL's `COPY` (reference of COPY, "Binary Format"): each field its length and its
/// bytes in network order. Cheaper than text for both sides, and nothing needs escaping.
struct CopyRows {
    /// The rows that were not taken yet, behind the header that every stream begins with.
    private(set) var bytes: [UInt8] = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0]

    /// The rows since the last time.
    mutating func take() -> [UInt8] {
        let taken = bytes
        bytes = []
        bytes.reserveCapacity(taken.count)
        return taken
    }

    /// The trailer that ends a stream.
    mutating func end() { integer(Int16(-1)) }

    mutating func beginRow(fields: Int) { integer(Int16(truncatingIfNeeded: fields)) }

    mutating func null() { integer(Int32(-1)) }

    /// A `text` or `json`.
    mutating func text(_ value: String) {
        integer(Int32(truncatingIfNeeded: value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    /// A `text`, `json` or `bytea`.
    mutating func octets(_ value: some Collection<UInt8>) {
        integer(Int32(truncatingIfNeeded: value.count))
        bytes.append(contentsOf: value)
    }

    /// A `double precision`.
    mutating func number(_ value: Double) {
        integer(Int32(8))
        integer(value.bitPattern)
    }

    /// A `smallint`.
    mutating func small(_ value: Int) {
        integer(Int32(2))
        integer(Int16(clamping: value))
    }

    /// A `bigint`.
    mutating func big(_ value: Int) {
        integer(Int32(8))
        integer(Int64(value))
    }

    /// A `uuid`.
    mutating func id(_ value: MessageID) {
        integer(Int32(16))
        integer(value.high)
        integer(value.low)
    }

    /// A `timestamptz`: microseconds since 2000; what is finer is cut off.
    mutating func time(_ value: Timestamp) {
        let before: Int64 = 946_684_800_000_000
        let (second, rest) = value.secondAndRest
        integer(Int32(8))
        // Of microseconds, 64 bits hold 292,000 years.
        integer(second * 1_000_000 + rest / 1_000 - before)
    }

    /// Records as `jsonb`, as they stand in the message.
    mutating func list<Record: MessageRecord>(_ records: [Record]) {
        let place = bytes.count
        integer(Int32(0))
        // The version of jsonb's binary form.
        bytes.append(1)
        Record.write(records, into: &bytes)
        let length = UInt32(truncatingIfNeeded: bytes.count - place - 4)
        for offset in 0..<4 { bytes[place + offset] = UInt8(truncatingIfNeeded: length >> UInt32(24 - offset * 8)) }
    }

    private mutating func integer(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}

import NimmerIris
import NimmerMemory
import NimmerWave

/// Rows of `memory_meanings` as they are read back: as text for matches, in binary for what is searched in the process.
enum MeaningRows {
    /// The columns of a match, of `m` (`memory_meanings`) and `o` (`meaning_outcomes`).
    static let columns: StaticString =
        "m.message_id, m.kind, m.env, m.region, m.opening, m.at, m.text, m.model, m.dimensions, array_send(m.embedding), m.duplicates, o.result"
    private static let names = [
        "message_id", "kind", "env", "region", "opening", "at", "text", "model", "dimensions", "embedding",
        "duplicates", "outcome",
    ]

    /// A match out of the columns of ``columns``.
    ///
    /// - Parameter query: the question that it answers; nil: none, and its cosine is 1.
    /// - Throws: an error that names the row and the column that does not fit.
    static func match(_ row: [String?], _ query: VectorQuery?) throws(MemoryError) -> VectorMatch {
        do throws(Refusal) {
            let columns = try NamedColumns(names, row)
            let item = RememberedItem(
                id: try columns.read("message_id", "be an id") { try? MessageID($0) },
                kind: try columns.read("kind", "be a kind of memory") { RememberedItem.Kind(rawValue: $0) },
                environment: try columns.read("env", "be an environment") { Environment(rawValue: $0) },
                region: try columns.read("region", "be a region") { try? Region($0) },
                opening: columns.optional("opening").flatMap { try? MessageID($0) }, at: try columns.time("at"),
                text: try columns.text("text"),
                embedding: try columns.read("embedding", "be an embedding") { embedding(hexadecimal: $0) },
                model: EmbeddingModel(
                    name: try columns.text("model"), dimensions: try columns.whole("dimensions")))
            guard item.embedding.dimensions == query?.embedding.dimensions ?? item.model.dimensions else {
                throw Refusal(.value, field: "embedding", "embedding must have the components of its model")
            }
            return VectorMatch(
                item: item, cosine: query.map { item.embedding.cosine($0.embedding) } ?? 1,
                duplicates: try columns.whole("duplicates"), outcome: columns.optional("outcome"))
        } catch {
            let id = row.first ?? nil
            throw MemoryError(
                .unexpected, "the memory \(id ?? "without an id") cannot be read back: \(error.message)")
        }
    }

    /// An embedding out of the `bytea` of a `real[]`: `\x` and two digits a byte.
    private static func embedding(hexadecimal text: String) -> Embedding? {
        let digits = text.utf8.dropFirst(2)
        guard text.hasPrefix("\\x"), digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        var half: UInt8?
        for digit in digits {
            guard let value = Character(UnicodeScalar(digit)).hexDigitValue.flatMap({ UInt8(exactly: $0) }) else {
                return nil
            }
            if let high = half {
                bytes.append(high << 4 | value)
                half = nil
            } else {
                half = value
            }
        }
        var reader = BinaryReader(bytes[...])
        return reader.embedding()
    }
}

/// One row of what is searched in the process.
struct IndexedMeaning {
    static let columns = "seq, message_id, kind, env, region, at, embedding"
    let place: Int64
    let id: MessageID
    let kind: RememberedItem.Kind
    let environment: Environment
    let region: Region
    let at: Timestamp
    let embedding: Embedding

    /// A row in the binary format of `COPY`, with the stream's header in front of it or not; nil for the header or the trailer alone.
    ///
    /// - Throws: an error that names what was expected.
    init?(copied bytes: UnsafeRawBufferPointer) throws(MemoryError) {
        var reader = BinaryReader(Array(bytes)[...])
        reader.skipHeader()
        guard let fields = reader.integer(Int16.self), fields >= 0 else { return nil }
        guard fields == 7, let place = reader.field(Int64.self), let id = reader.id(),
            let kind = reader.text().flatMap({ RememberedItem.Kind(rawValue: $0) }),
            let environment = reader.text().flatMap({ Environment(rawValue: $0) }),
            let region = reader.text().flatMap({ try? Region($0) }), let microseconds = reader.field(Int64.self),
            reader.integer(Int32.self) != nil, let embedding = reader.embedding()
        else {
            throw MemoryError(.unexpected, "a memory cannot be read back: found other columns than \(Self.columns)")
        }
        self.place = place
        self.id = id
        self.kind = kind
        self.environment = environment
        self.region = region
        self.embedding = embedding
        let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        at = Timestamp(seconds: 946_684_800 + seconds, nanoseconds: rest * 1_000)
    }
}

/// Reads values in network order; nil where the bytes end or have another length.
private struct BinaryReader {
    private var bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    private static let signature: [UInt8] = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0]

    /// The signature, the flags and the extension, where a stream begins.
    mutating func skipHeader() {
        if bytes.starts(with: Self.signature) { bytes = bytes.dropFirst(Self.signature.count + 8) }
    }

    mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) -> Value? {
        let size = MemoryLayout<Value>.size
        guard bytes.count >= size else { return nil }
        var value: Value = 0
        for byte in bytes.prefix(size) { value = value << 8 | Value(truncatingIfNeeded: byte) }
        bytes = bytes.dropFirst(size)
        return value
    }

    /// A whole number behind its length.
    mutating func field<Value: FixedWidthInteger>(_ type: Value.Type) -> Value? {
        guard integer(Int32.self) == Int32(MemoryLayout<Value>.size) else { return nil }
        return integer(type)
    }

    mutating func id() -> MessageID? {
        guard integer(Int32.self) == 16, let high = integer(UInt64.self), let low = integer(UInt64.self) else {
            return nil
        }
        return MessageID(high: high, low: low)
    }

    mutating func text() -> String? {
        guard let length = integer(Int32.self), length >= 0, bytes.count >= Int(length) else { return nil }
        defer { bytes = bytes.dropFirst(Int(length)) }
        return String(decoding: bytes.prefix(Int(length)), as: UTF8.self)
    }

    /// A `real[]` of one dimension (PostgreSQL, `array_send`): dimensions, nulls, type, length, first index, then the elements.
    mutating func embedding() -> Embedding? {
        guard integer(Int32.self) == 1, integer(Int32.self) == 0, integer(Int32.self) == 700,
            let count = integer(Int32.self), (1...4096).contains(count), integer(Int32.self) != nil,
            bytes.count >= Int(count) * 8
        else { return nil }
        var values: [Float] = []
        values.reserveCapacity(Int(count))
        for _ in 0..<count {
            guard let bits = field(UInt32.self) else { return nil }
            values.append(Float(bitPattern: bits))
        }
        return try? Embedding(stored: values)
    }
}

import NimmerMemory
import NimmerWave

extension Table {
    /// A message out of a row that was read with the columns of ``reading``.
    func message<Body: MessageBody>(_ row: [String?], of body: Body.Type = Body.self) throws(MemoryError)
        -> Remembered<Body>
    {
        do throws(Refusal) {
            guard row.count == self.body.count + Table.header.count + 2 else {
                throw Refusal(.missing, "a row of \(name) has \(row.count) columns")
            }
            let header = row.dropFirst(2).prefix(Table.header.count).map { $0 ?? "" }
            let source = Source(
                entityID: header[2], entityType: EntityType(rawValue: header[3]) ?? .service,
                garden: Garden(rawValue: header[4]) ?? .real, tier: Int(header[5]) ?? 1)
            var members = JSONObject()
            for (column, value) in zip(self.body, row.dropFirst(2 + Table.header.count)) {
                if let value { members[column.name] = try column.kind.json(value) }
            }
            var envelope = Envelope(
                id: try MessageID(row[1] ?? ""), at: try Timestamp(postgres: header[1]), from: source,
                Body(FieldReader(members)))
            envelope.header.version = header[0]
            return Remembered(environment: try Environment(validating: row[0] ?? ""), message: envelope)
        } catch {
            throw MemoryError(.unexpected, "a row of \(name) cannot be read back: \(error)")
        }
    }
}

extension Table.Kind {
    /// The value of a message's body that a column holds.
    fileprivate func json(_ value: String) throws(Refusal) -> JSON {
        switch self {
        case .text, .id: .string(value)
        case .number, .small: .number(Double(value) ?? 0)
        case .time: .string(try Timestamp(postgres: value).rfc3339)
        case .state: .string((Int8(value).flatMap(GateState.init(rawValue:)) ?? .stable).word)
        case .json: try JSON(parsing: Array(value.utf8), keepingRaw: ["semantic_content", "payload"])
        case .opaque: .raw(Array(value.utf8))
        }
    }
}

extension Timestamp {
    /// A `timestamptz` as a session in UTC with ISO dates prints it: `2026-11-21 05:51:32.535203+00`.
    init(postgres text: String) throws(Refusal) {
        var bytes = Array(text.utf8)
        if bytes.count > 10, bytes[10] == UInt8(ascii: " ") { bytes[10] = UInt8(ascii: "T") }
        if bytes.suffix(3) == Array("+00".utf8)[...] {
            bytes.removeLast(3)
            bytes.append(UInt8(ascii: "Z"))
        }
        try self.init(rfc3339: String(decoding: bytes, as: UTF8.self))
    }
}

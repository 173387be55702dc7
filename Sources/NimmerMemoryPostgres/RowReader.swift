import NimmerMemory
import NimmerWave

extension MemoryTable {
    /// A message out of a row that was read with the columns of ``reading``, as strictly as one that came over the wire.
    ///
    /// - Throws: an error that names the row and the field that does not fit; not its value.
    func message<Body: MessageBody>(_ row: [String?], of body: Body.Type = Body.self) throws(MemoryError)
        -> Remembered<Body>
    {
        let own = Dictionary(uniqueKeysWithValues: zip(["env", "message_id"] + MemoryTable.header, row))
        func text(_ column: String) -> JSON? { own[column]?.map { .string($0) } }
        do throws(Refusal) {
            guard row.count == self.body.count + MemoryTable.header.count + 2 else {
                throw Refusal(.missing, "it has \(row.count) columns")
            }
            var source: JSONObject = [:]
            source["entity_id"] = text("source")
            source["entity_type"] = text("source_type")
            source["garden"] = text("garden")
            source["tier"] = try own["tier"]?.map { (value) throws(Refusal) in try Kind.small.json(value) }
            var header: JSONObject = ["message_type": .string(Body.type.rawValue), "source": .object(source)]
            header["message_id"] = text("message_id")
            header["version"] = text("version")
            header["timestamp"] = try own["published_at"]?.map { (value) throws(Refusal) in try Kind.time.json(value) }
            var members = JSONObject()
            for (column, value) in zip(self.body, row.dropFirst(2 + MemoryTable.header.count)) {
                guard let value else { continue }
                do throws(Refusal) { members[column.name] = try column.kind.json(value) } catch {
                    throw Refusal(error.code, "body.\(column.name): \(error.message)")
                }
            }
            return Remembered(
                environment: try Environment(validating: row[0] ?? ""),
                message: try Envelope(header: header, body: members))
        } catch {
            throw MemoryError(
                .unexpected,
                "the row \((own["message_id"] ?? nil) ?? "without an id") of \(name) cannot be read back: \(error.message)"
            )
        }
    }
}

extension MemoryTable.Kind {
    /// Value of a message's field whose column has this text; the message's reader validates it.
    fileprivate func json(_ value: String) throws(Refusal) -> JSON {
        switch self {
        case .text, .id: return .string(value)
        case .number, .small:
            guard let number = Double(value) else { throw Refusal(.value, "must be a number") }
            return .number(number)
        case .time: return .string(try Timestamp(postgres: value).rfc3339)
        case .state: return .string(Int8(value).flatMap(GateState.init(rawValue:))?.word ?? value)
        case .json: return try JSON(parsing: Array(value.utf8), keepingRaw: ["semantic_content", "payload", "result"])
        case .opaque:
            let bytes = Array(value.utf8)
            _ = try JSON(parsing: bytes)
            return .raw(bytes)
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

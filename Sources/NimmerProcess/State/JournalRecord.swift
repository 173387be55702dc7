import NimmerBus
import NimmerWave

/// The records of a ``JournalFile``: `NJ`, one byte for the kind, the length and the CRC-32 of the body (4 bytes each, little-endian),
/// the body.
enum JournalRecord {
    /// One record.
    enum Content: Equatable {
        /// A message is kept.
        case put(OutboxMessage)
        /// It need not be kept any more.
        case release(MessageID)
    }

    static let headBytes = 11
    private static let magic: [UInt8] = [0x4e, 0x4a]
    /// A message has at most 64 KiB; names and an id stand before it.
    private static let maximumBody = Wire.maximumBytes * 17
    /// Stands where a message follows from none.
    private static let none = MessageID(high: 0, low: 0)
    /// The bytes of a record at most.
    static let maximumBytes = headBytes + maximumBody

    /// The record of a message; its payload stands at the end.
    static func put(_ message: OutboxMessage) -> [UInt8] {
        var body = message.id.bytes + (message.follows ?? Self.none).bytes
        for text in [message.subject.text, message.fence ?? ""] {
            let bytes = Array(text.utf8.prefix(0xffff))
            body += [UInt8(truncatingIfNeeded: bytes.count), UInt8(truncatingIfNeeded: bytes.count >> 8)]
            body += bytes
        }
        return record(0x50, body + message.payload)
    }

    /// The record that releases a message.
    static func release(_ id: MessageID) -> [UInt8] { record(0x52, id.bytes) }

    private static func record(_ kind: UInt8, _ body: [UInt8]) -> [UInt8] {
        magic + [kind] + little(UInt32(truncatingIfNeeded: body.count)) + little(CRC32.of(body[...])) + body
    }

    private static func little(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(8 * $0)) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The record that begins at a place, and where it ends; nil when none that is whole does.
    static func read(_ bytes: [UInt8], at start: Int) -> (content: Content, end: Int)? {
        let head = start + headBytes
        guard head <= bytes.count, bytes[start] == magic[0], bytes[start + 1] == magic[1] else { return nil }
        let count = Int(number(bytes[start + 3..<start + 7]))
        guard count <= maximumBody, head + count <= bytes.count else { return nil }
        let body = bytes[head..<head + count]
        guard CRC32.of(body) == number(bytes[start + 7..<head]), let content = content(bytes[start + 2], body) else {
            return nil
        }
        return (content, head + count)
    }

    /// The next place behind one where a record may begin; the end without one.
    static func next(_ bytes: [UInt8], after place: Int) -> Int {
        var at = place + 1
        while at < bytes.count {
            if bytes[at] == magic[0], read(bytes, at: at) != nil { return at }
            at += 1
        }
        return bytes.count
    }

    private static func content(_ kind: UInt8, _ body: ArraySlice<UInt8>) -> Content? {
        guard body.count >= 16 else { return nil }
        func half(_ from: Int) -> UInt64 {
            body[(body.startIndex + from)..<(body.startIndex + from + 8)].reduce(0) { $0 << 8 | UInt64($1) }
        }
        let id = MessageID(high: half(0), low: half(8))
        if kind == 0x52 { return body.count == 16 ? .release(id) : nil }
        guard kind == 0x50, body.count >= 32 else { return nil }
        let follows = MessageID(high: half(16), low: half(24))
        var rest = body.dropFirst(32)
        var texts: [String] = []
        for _ in 0..<2 {
            guard rest.count >= 2 else { return nil }
            let count = Int(rest[rest.startIndex]) | Int(rest[rest.startIndex + 1]) << 8
            rest = rest.dropFirst(2)
            guard rest.count >= count else { return nil }
            texts.append(String(decoding: rest.prefix(count), as: UTF8.self))
            rest = rest.dropFirst(count)
        }
        guard let subject = try? Subject(foreign: texts[0]) else { return nil }
        return .put(
            OutboxMessage(
                subject: subject, id: id, payload: Array(rest), fence: texts[1].isEmpty ? nil : texts[1],
                follows: follows == none ? nil : follows))
    }
}

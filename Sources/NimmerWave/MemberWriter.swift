/// Writes an object straight as bytes, member by member, where building a ``JSON`` value first would cost more than the
/// message is worth: what an opening publishes leaves in the same turn of the loop as the wave that caused it.
public struct MemberWriter: ~Copyable {
    private var bytes: [UInt8]

    /// Begins with bytes that stand already.
    init(into bytes: consuming [UInt8]) { self.bytes = bytes }

    /// Bytes that were written.
    consuming func take() -> [UInt8] { bytes }

    /// One object; its members are written by the closure.
    mutating func object(_ members: (inout MemberWriter) -> Void) {
        bytes.append(0x7b)
        members(&self)
        bytes.append(0x7d)
    }

    mutating func member(_ key: StaticString, _ text: String) {
        begin(key)
        writeString(text, into: &bytes)
    }

    mutating func member(_ key: StaticString, _ number: Double) {
        begin(key)
        writeNumber(number, into: &bytes)
    }

    mutating func member(_ key: StaticString, _ moment: Timestamp) {
        begin(key)
        bytes.append(0x22)
        moment.write(into: &bytes)
        bytes.append(0x22)
    }

    mutating func member(_ key: StaticString, _ id: MessageID) {
        begin(key)
        write(id)
    }

    /// Writes an id as an element.
    mutating func write(_ id: MessageID) {
        bytes.append(0x22)
        id.write(into: &bytes)
        bytes.append(0x22)
    }

    mutating func member(_ key: StaticString, _ truth: Bool) {
        begin(key)
        write(truth)
    }

    mutating func member(_ key: StaticString, _ value: JSON) {
        begin(key)
        value.write(into: &bytes)
    }

    /// A value that is written by the closure.
    mutating func member(_ key: StaticString, _ writing: (inout MemberWriter) -> Void) {
        begin(key)
        writing(&self)
    }

    /// A list whose elements are written by the closure.
    mutating func member<Item>(_ key: StaticString, list items: [Item], _ write: (Item, inout MemberWriter) -> Void) {
        begin(key)
        list(items, write)
    }

    /// The undeclared members of an object.
    mutating func members(_ object: JSONObject) {
        for member in object {
            separate()
            writeString(member.key, into: &bytes)
            bytes.append(0x3a)
            member.value.write(into: &bytes)
        }
    }

    mutating func list<Item>(_ items: [Item], _ write: (Item, inout MemberWriter) -> Void) {
        bytes.append(0x5b)
        for item in items {
            separate()
            write(item, &self)
        }
        bytes.append(0x5d)
    }

    mutating func write(_ text: String) { writeString(text, into: &bytes) }
    mutating func write(_ number: Double) { writeNumber(number, into: &bytes) }
    mutating func write(_ truth: Bool) { bytes.append(contentsOf: (truth ? "true" : "false").utf8) }
    mutating func write(_ value: JSON) { value.write(into: &bytes) }

    /// Begins a member. Its key needs no escapes: it stands in the code.
    private mutating func begin(_ key: StaticString) {
        separate()
        bytes.append(0x22)
        key.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(0x22)
        bytes.append(0x3a)
    }

    /// A comma, unless this is the first of its object or list.
    private mutating func separate() {
        if let last = bytes.last, last != 0x7b, last != 0x5b { bytes.append(0x2c) }
    }
}

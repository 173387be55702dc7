/// Writes an object straight as bytes, member by member, where building a ``JSON`` value first would cost more than the
/// message is worth: what an opening says leaves in the same turn of the loop as the wave that caused it.
public struct MemberWriter: ~Copyable {
    private var bytes: [UInt8]

    /// Begins with bytes that stand already.
    init(into bytes: consuming [UInt8]) { self.bytes = bytes }

    /// What was written.
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
        bytes.append(0x22)
        id.write(into: &bytes)
        bytes.append(0x22)
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

    mutating func write(_ value: JSON) { value.write(into: &bytes) }

    mutating func member<Item>(_ key: StaticString, list: [Item], _ write: (Item, inout MemberWriter) -> Void) {
        begin(key)
        bytes.append(0x5b)
        for item in list {
            separate()
            write(item, &self)
        }
        bytes.append(0x5d)
    }

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

/// A body, or a part of one, that is written straight as bytes; its ``json`` follows from them.
public protocol DirectlyWritten {
    /// Writes the part as it stands on the wire.
    func write(_ out: inout MemberWriter)
}

extension DirectlyWritten {
    /// The part as it stands on the wire.
    public var json: JSON {
        var out = MemberWriter(into: [])
        write(&out)
        // What was just written is JSON.
        return (try? JSON(parsing: out.take(), keepingRaw: WireText.opaqueKeys)) ?? .null
    }
}

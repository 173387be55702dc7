extension JSON {
    /// Appends the value as compact UTF-8 text. A number that JSON cannot represent (NaN, infinity) becomes `null`.
    public func write(into out: inout [UInt8]) {
        switch self {
        case .null: out.append(contentsOf: "null".utf8)
        case .bool(let value): out.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let value): writeNumber(value, into: &out)
        case .string(let value): writeString(value, into: &out)
        case .raw(let bytes): out.append(contentsOf: bytes)
        case .array(let items):
            out.append(0x5b)
            for (index, item) in items.enumerated() {
                if index > 0 { out.append(0x2c) }
                item.write(into: &out)
            }
            out.append(0x5d)
        case .object(let object):
            out.append(0x7b)
            for (index, member) in object.members.enumerated() {
                if index > 0 { out.append(0x2c) }
                writeString(member.key, into: &out)
                out.append(0x3a)
                member.value.write(into: &out)
            }
            out.append(0x7d)
        }
    }

    func write(into out: inout [UInt8], indent: Int) {
        let line = { (level: Int, out: inout [UInt8]) in
            out.append(0x0a)
            out.append(contentsOf: repeatElement(0x20, count: level * 2))
        }
        switch self {
        case .array(let items) where !items.isEmpty:
            out.append(0x5b)
            for (index, item) in items.enumerated() {
                if index > 0 { out.append(0x2c) }
                line(indent + 1, &out)
                item.write(into: &out, indent: indent + 1)
            }
            line(indent, &out)
            out.append(0x5d)
        case .object(let object) where !object.members.isEmpty:
            out.append(0x7b)
            for (index, member) in object.members.enumerated() {
                if index > 0 { out.append(0x2c) }
                line(indent + 1, &out)
                writeString(member.key, into: &out)
                out.append(contentsOf: ": ".utf8)
                member.value.write(into: &out, indent: indent + 1)
            }
            line(indent, &out)
            out.append(0x7d)
        default: write(into: &out)
        }
    }
}

func writeNumber(_ value: Double, into out: inout [UInt8]) {
    if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 {
        writeWhole(whole, into: &out)
    } else if value.isFinite {
        out.append(contentsOf: value.description.utf8)
    } else {
        out.append(contentsOf: "null".utf8)
    }
}

/// Appends a whole number in decimal digits.
func writeWhole(_ value: Int64, into out: inout [UInt8]) {
    if value < 0 { out.append(0x2d) }
    var rest = value.magnitude
    let start = out.count
    repeat {
        out.append(UInt8(truncatingIfNeeded: 0x30 + rest % 10))
        rest /= 10
    } while rest > 0
    out[start...].reverse()
}

func writeString(_ value: String, into out: inout [UInt8]) {
    out.append(0x22)
    var value = value
    let isPlain = value.withUTF8 { bytes in
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5c }) else { return false }
        out.append(contentsOf: bytes)
        return true
    }
    if !isPlain {
        for byte in value.utf8 {
            switch byte {
            case 0x22: out.append(contentsOf: [0x5c, 0x22])
            case 0x5c: out.append(contentsOf: [0x5c, 0x5c])
            case 0x0a: out.append(contentsOf: [0x5c, 0x6e])
            case 0x0d: out.append(contentsOf: [0x5c, 0x72])
            case 0x09: out.append(contentsOf: [0x5c, 0x74])
            case 0..<0x20: out.append(contentsOf: "\\u00\(hexadecimal(byte))".utf8)
            default: out.append(byte)
            }
        }
    }
    out.append(0x22)
}

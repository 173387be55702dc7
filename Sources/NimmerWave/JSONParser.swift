/// The tree parser, on the same scanner as the hot path, so that both refuse the same texts with the same words.
enum JSONParser {
    static func parse(_ span: Bytes, _ rawKeys: Set<String>) throws(Refusal) -> JSON {
        var flags = ScanFlags()
        var i = 0
        span.skipSpace(&i)
        let value = try value(span, &i, 0, rawKeys, &flags)
        span.skipSpace(&i)
        guard i == span.byteCount else { throw Refusal(.syntax, "text after the end of the message") }
        if flags.high != 0, !span.isUTF8() { throw Refusal(.syntax, "invalid UTF-8") }
        return value
    }

    private static func value(
        _ span: Bytes, _ i: inout Int, _ depth: Int, _ rawKeys: Set<String>, _ flags: inout ScanFlags
    ) throws(Refusal) -> JSON {
        switch span.peek(i) {
        case 0x7b: return .object(try object(span, &i, depth, rawKeys, &flags))
        case 0x5b: return .array(try array(span, &i, depth, rawKeys, &flags))
        case 0x22: return .string(try string(span, &i, &flags))
        case 0x74:
            try span.literal(0x6575_7274, 4, &i)
            return .bool(true)
        case 0x66:
            i += 1
            try span.literal(0x6573_6c61, 4, &i)
            return .bool(false)
        case 0x6e:
            try span.literal(0x6c6c_756e, 4, &i)
            return .null
        default: return .number(try span.scanNumber(&i))
        }
    }

    private static func object(
        _ span: Bytes, _ i: inout Int, _ depth: Int, _ rawKeys: Set<String>, _ flags: inout ScanFlags
    ) throws(Refusal) -> JSONObject {
        guard depth < Wire.maximumDepth else { throw .tooDeep }
        var members: [JSONObject.Member] = []
        i += 1
        span.skipSpace(&i)
        if span.peek(i) == 0x7d {
            i += 1
            return JSONObject()
        }
        while true {
            let key = try string(span, &i, &flags)
            span.skipSpace(&i)
            try span.expect(0x3a, &i)
            span.skipSpace(&i)
            if span.peek(i) == 0x7b || span.peek(i) == 0x5b, rawKeys.contains(key) {
                let start = i
                try span.skipValue(&i, depth: depth + 1, &flags)
                members.append(JSONObject.Member(key, .raw(span.bytes(ByteRange(start, i - start)))))
            } else {
                members.append(JSONObject.Member(key, try value(span, &i, depth + 1, rawKeys, &flags)))
            }
            span.skipSpace(&i)
            if span.peek(i) == 0x7d {
                i += 1
                return JSONObject(members)
            }
            try span.expect(0x2c, &i)
            span.skipSpace(&i)
        }
    }

    private static func array(
        _ span: Bytes, _ i: inout Int, _ depth: Int, _ rawKeys: Set<String>, _ flags: inout ScanFlags
    ) throws(Refusal) -> [JSON] {
        guard depth < Wire.maximumDepth else { throw .tooDeep }
        var items: [JSON] = []
        i += 1
        span.skipSpace(&i)
        if span.peek(i) == 0x5d {
            i += 1
            return []
        }
        while true {
            items.append(try value(span, &i, depth + 1, rawKeys, &flags))
            span.skipSpace(&i)
            if span.peek(i) == 0x5d {
                i += 1
                return items
            }
            try span.expect(0x2c, &i)
            span.skipSpace(&i)
        }
    }

    private static func string(
        _ span: Bytes, _ i: inout Int, _ flags: inout ScanFlags
    ) throws(Refusal) -> String {
        flags.escaped = false
        let range = try span.skipString(&i, &flags)
        return flags.escaped ? String(decoding: unescape(span, range), as: UTF8.self) : span.string(range)
    }

    /// The bytes that an escaped string stands for; a lone surrogate becomes U+FFFD.
    static func unescape(_ span: Bytes, _ range: ByteRange) -> [UInt8] {
        var out: [UInt8] = []
        var i = range.start
        let end = range.start + range.count
        while i < end {
            let c = span.peek(i)
            guard c == 0x5c else {
                out.append(c)
                i += 1
                continue
            }
            let kind = span.peek(i + 1)
            i += 2
            switch kind {
            case 0x62: out.append(0x08)
            case 0x66: out.append(0x0c)
            case 0x6e: out.append(0x0a)
            case 0x72: out.append(0x0d)
            case 0x74: out.append(0x09)
            case 0x75:
                var code = unit(span, i)
                i += 4
                if code & 0xfc00 == 0xd800, i + 6 <= end, span.peek(i) == 0x5c, span.peek(i + 1) == 0x75,
                    unit(span, i + 2) & 0xfc00 == 0xdc00
                {
                    code = 0x10000 + (code & 0x3ff) << 10 + unit(span, i + 2) & 0x3ff
                    i += 6
                }
                out.append(contentsOf: Array(String(Unicode.Scalar(code) ?? "\u{fffd}").utf8))
            default: out.append(kind)
            }
        }
        return out
    }

    private static func unit(_ span: Bytes, _ i: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 << 4 | (hexValue(span.peek(i + $1)) ?? 0) }
    }
}

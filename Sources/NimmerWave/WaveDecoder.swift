// In one file, though long: with the rare parts in another, `hotpath together` fell from 3.5 to 3.1 million waves a second.

/// Reads a WaveSignal where it lies: one pass over the bytes, nothing copied, nothing allocated (hot-path.md).
public enum WaveDecoder {
    /// Reads a message into a view.
    ///
    /// - Parameters:
    ///   - payload: the whole message.
    ///   - view: overwritten; its ranges refer to `payload`.
    /// - Throws: a ``Refusal`` that names the field and what was expected.
    public static func decode(_ payload: RawSpan, into view: inout WaveView) throws(Refusal) {
        try payload.scan { (bytes) throws(Refusal) in try decode(bytes, &view) }
    }

    private static func decode(_ payload: Bytes, _ view: inout WaveView) throws(Refusal) {
        guard payload.byteCount <= Wire.maximumBytes else {
            throw Refusal(.limit, "message is larger than \(Wire.maximumBytes) bytes")
        }
        guard payload.byteCount > 0 else { throw Refusal(.syntax, "empty message") }
        view.polarity = 1
        view.lifeforceCost = 0
        view.intervalMilliseconds = 0
        view.vectorCount = 0
        view.region = .none
        view.origin = .none
        view.vector = .none
        view.correlationID = .none
        view.artifacts = .none
        view.hasEscapedNames = false
        var flags = ScanFlags()
        var seen: UInt32 = 0
        var i = 0
        payload.skipSpace(&i)
        guard payload.peek(i) == 0x7b else {
            var end = i
            try payload.skipValue(&end, depth: 0, &flags)
            throw Refusal(.value, "an object was expected")
        }
        i &+= 1
        payload.skipSpace(&i)
        var more = payload.peek(i) != 0x7d
        while more {
            switch try key(payload, &i, &flags) {
            case .header:
                try once(&seen, .header)
                try header(payload, &i, &flags, &view, &seen)
            case .body:
                try once(&seen, .body)
                try body(payload, &i, &flags, &view, &seen)
            default: try payload.skipValue(&i, depth: 1, &flags)
            }
            more = try another(payload, &i)
        }
        try payload.expect(0x7d, &i)
        payload.skipSpace(&i)
        guard i == payload.byteCount else { throw Refusal(.syntax, "text after the end of the message") }
        if seen & WaveKey.required != WaveKey.required { throw WaveKey.firstMissing(seen) }
        if flags.high != 0, !payload.isUTF8() { throw Refusal(.syntax, "invalid UTF-8") }
    }

    /// The numbers of a wave's vector, appended to a reused list.
    public static func vector(_ payload: RawSpan, _ view: WaveView, into numbers: inout [Double]) {
        payload.scan { bytes in
            var i = view.vector.start &+ 1
            for _ in 0..<view.vectorCount {
                bytes.skipSpace(&i)
                numbers.append((try? bytes.scanNumber(&i)) ?? 0)
                bytes.skipSpace(&i)
                i &+= 1
            }
        }
    }

    @inline(always)
    private static func another(_ s: Bytes, _ i: inout Int) throws(Refusal) -> Bool {
        s.skipSpace(&i)
        guard s.peek(i) == 0x2c else {
            guard s.peek(i) == 0x7d else { throw s.fault(i) }
            return false
        }
        i &+= 1
        s.skipSpace(&i)
        return true
    }

    @inline(always)
    private static func key(_ s: Bytes, _ i: inout Int, _ flags: inout ScanFlags) throws(Refusal) -> WaveKey {
        guard s.peek(i) == 0x22 else { throw s.fault(i) }
        var count = 0
        let key = WaveKey.plain(s, i &+ 1, &count)
        guard key != .unknown else { return try otherKey(s, &i, &flags) }
        i = i &+ count &+ 2
        if s.peek(i) == 0x3a {
            i &+= 1
        } else {
            s.skipSpace(&i)
            try s.expect(0x3a, &i)
        }
        s.skipSpace(&i)
        return key
    }

    /// A key that is unknown, or written with escapes.
    @inline(never)
    private static func otherKey(_ s: Bytes, _ i: inout Int, _ flags: inout ScanFlags) throws(Refusal) -> WaveKey {
        flags.escaped = false
        let range = try s.skipString(&i, &flags)
        s.skipSpace(&i)
        try s.expect(0x3a, &i)
        s.skipSpace(&i)
        guard flags.escaped else { return .unknown }
        let text = JSONParser.unescape(s, range) + [0x22]
        return text.scan { plain in
            var count = 0
            let key = WaveKey.plain(plain, 0, &count)
            return count == text.count - 1 ? key : .unknown
        }
    }

    @inline(always)
    private static func once(_ seen: inout UInt32, _ key: WaveKey) throws(Refusal) {
        guard seen & key.bit == 0 else { throw Refusal.twice(key.path) }
        seen |= key.bit
    }

    /// Opens an object that must stand here; false when it is empty.
    @inline(always)
    private static func open(_ s: Bytes, _ i: inout Int, _ key: WaveKey) throws(Refusal) -> Bool {
        guard s.peek(i) == 0x7b else { throw wrong(s, i, key, "must be an object") }
        i &+= 1
        s.skipSpace(&i)
        return s.peek(i) != 0x7d
    }

    /// The refusal of a value: of its grammar where that is broken, else of its meaning.
    @inline(never)
    private static func wrong(_ s: Bytes, _ start: Int, _ key: WaveKey, _ expectation: String) -> Refusal {
        var flags = ScanFlags()
        var i = start
        do throws(Refusal) { try s.skipValue(&i, depth: 2, &flags) } catch { return error }
        return .wrong(key.path, expectation, found: s.string(ByteRange(start, i - start)).excerpt)
    }

    /// A string value's range; escapes are noted in the view, since then the bytes are not the text.
    @inline(always)
    private static func text(
        _ s: Bytes, _ i: inout Int, _ flags: inout ScanFlags, _ view: inout WaveView, _ key: WaveKey,
        _ expectation: @autoclosure () -> String
    ) throws(Refusal) -> ByteRange {
        guard s.peek(i) == 0x22 else { throw wrong(s, i, key, expectation()) }
        flags.escaped = false
        let range = try s.skipString(&i, &flags)
        if flags.escaped { view.hasEscapedNames = true }
        return range
    }

    /// The bytes of the text that was just read, which are fewer where it holds escapes.
    @inline(__always)
    private static func length(_ s: Bytes, _ range: ByteRange, _ flags: ScanFlags) -> Int {
        flags.escaped ? JSONParser.unescape(s, range).count : range.count
    }

    private static func header(
        _ s: Bytes, _ at: inout Int, _ flags: inout ScanFlags, _ view: inout WaveView, _ seen: inout UInt32
    ) throws(Refusal) {
        var i = at
        defer { at = i }
        var more = try open(s, &i, .header)
        while more {
            let key = try key(s, &i, &flags)
            let start = i
            switch key {
            case .messageID:
                try once(&seen, key)
                if s.peek(i) == 0x22, s.peek(i &+ 37) == 0x22, let id = parseUUID(s, i &+ 1, 36) {
                    view.messageID = id
                    i &+= 38
                    break
                }
                let range = try text(s, &i, &flags, &view, key, "must be a UUID")
                guard let id = parseUUID(s, range.start, range.count) else {
                    throw wrong(s, start, key, "must be a UUID")
                }
                view.messageID = id
            case .messageType:
                try once(&seen, key)
                // "WaveSignal"
                if s.peek(i) == 0x22, s.word(i &+ 1) == 0x6e67_6953_6576_6157,
                    s.word(i &+ 9) & 0xff_ffff == 0x22_6c61
                {
                    i &+= 12
                    break
                }
                let range = try text(s, &i, &flags, &view, key, "must be a message type")
                try otherType(s, range)
            case .version:
                try once(&seen, key)
                // "2.1" and "2.0", which differ in one bit.
                if s.word(i) & 0xff_feff_ffff == 0x22_302e_3222 {
                    i &+= 5
                    break
                }
                try version(s, try text(s, &i, &flags, &view, key, "must be MAJOR.MINOR"))
            case .timestamp:
                try once(&seen, key)
                // With milliseconds and Z, as `Timestamp` writes it.
                if s.peek(i) == 0x22, s.peek(i &+ 25) == 0x22, let moment = parseTimestamp(s, i &+ 1, 24) {
                    view.timestamp = moment
                    i &+= 26
                    break
                }
                let range = try text(s, &i, &flags, &view, key, "must be an RFC 3339 time")
                guard let moment = parseTimestamp(s, range.start, range.count) else {
                    throw wrong(s, start, key, "must be an RFC 3339 time")
                }
                view.timestamp = moment
            case .source:
                try once(&seen, key)
                try source(s, &i, &flags, &view, &seen)
            default: try s.skipValue(&i, depth: 2, &flags)
            }
            more = try another(s, &i)
        }
        i &+= 1
    }

    @inline(never)
    private static func otherType(_ s: Bytes, _ range: ByteRange) throws(Refusal) {
        let name = plain(s, range)
        if name == MessageType.waveSignal.rawValue { return }
        guard MessageType(rawValue: name) == nil else {
            throw .wrong("header.message_type", "must be WaveSignal", found: name)
        }
        throw Refusal(.type, field: "header.message_type", "message_type \(name.excerpt) is unknown")
    }

    @inline(never)
    private static func version(_ s: Bytes, _ range: ByteRange) throws(Refusal) {
        try Header.checkVersion(plain(s, range))
    }

    /// The text of a string value, its escapes resolved.
    private static func plain(_ s: Bytes, _ range: ByteRange) -> String {
        String(decoding: JSONParser.unescape(s, range), as: UTF8.self)
    }

    private static func source(
        _ s: Bytes, _ at: inout Int, _ flags: inout ScanFlags, _ view: inout WaveView, _ seen: inout UInt32
    ) throws(Refusal) {
        var i = at
        defer { at = i }
        view.garden = .real
        view.tier = 1
        var more = try open(s, &i, .source)
        while more {
            let key = try key(s, &i, &flags)
            let start = i
            switch key {
            case .entityID:
                try once(&seen, key)
                let range = try text(s, &i, &flags, &view, key, "must be a text of 1 to 128 bytes")
                guard range.count > 0, length(s, range, flags) <= Wire.maximumRegion else {
                    throw wrong(s, start, key, "must be a text of 1 to 128 bytes")
                }
                view.entityID = range
            case .entityType:
                try once(&seen, key)
                let bytes = s.word(i)
                if bytes & 0xffff_ffff_ffff == 0x226c_6c65_6322 {  // "cell"
                    view.entityType = .cell
                    i &+= 6
                    break
                }
                if bytes & 0xff_ffff_ffff_ffff == 0x22_6576_7265_6e22 {  // "nerve"
                    view.entityType = .nerve
                    i &+= 7
                    break
                }
                let range = try text(s, &i, &flags, &view, key, "is unknown")
                view.entityType = try entityType(s, range, start)
            case .garden:
                try once(&seen, key)
                let bytes = s.word(i)
                if bytes == 0x6c61_7574_7269_7622, s.peek(i &+ 8) == 0x22 {  // "virtual"
                    view.garden = .virtual
                    i &+= 9
                } else if bytes & 0xffff_ffff_ffff == 0x226c_6165_7222 {  // "real"
                    view.garden = .real
                    i &+= 6
                } else {
                    view.garden = try garden(s, &i, &flags, &view)
                }
            case .tier:
                try once(&seen, key)
                let digit = s.peek(i) &- 0x30
                let behind = s.peek(i &+ 1)
                if digit <= 5, behind == 0x2c || behind == 0x7d {
                    view.tier = digit
                    i &+= 1
                    break
                }
                guard isNumberStart(s.peek(i)) else { throw wrong(s, i, key, "must be 0 to 5") }
                let value = try s.scanNumber(&i)
                guard value >= 0, value <= 5, value == value.rounded() else {
                    throw wrong(s, start, key, "must be 0 to 5")
                }
                view.tier = UInt8(saturating: value)
            default: try s.skipValue(&i, depth: 3, &flags)
            }
            more = try another(s, &i)
        }
        i &+= 1
    }

    /// A garden that is written unlike most, or wrong.
    @inline(never)
    private static func garden(
        _ s: Bytes, _ i: inout Int, _ flags: inout ScanFlags, _ view: inout WaveView
    ) throws(Refusal) -> Garden {
        let start = i
        let range = try text(s, &i, &flags, &view, .garden, "must be virtual or real")
        guard let garden = Garden(rawValue: plain(s, range)) else {
            throw wrong(s, start, .garden, "must be virtual or real")
        }
        return garden
    }

    @inline(never)
    private static func entityType(_ s: Bytes, _ range: ByteRange, _ start: Int) throws(Refusal) -> EntityType {
        guard let type = EntityType(rawValue: plain(s, range)) else { throw wrong(s, start, .entityType, "is unknown") }
        return type
    }

    private static func body(
        _ s: Bytes, _ at: inout Int, _ flags: inout ScanFlags, _ view: inout WaveView, _ seen: inout UInt32
    ) throws(Refusal) {
        var i = at
        defer { at = i }
        var more = try open(s, &i, .body)
        while more {
            let key = try key(s, &i, &flags)
            let start = i
            switch key {
            case .domain:
                try once(&seen, key)
                view.domain = try token(s, &i, &flags, &view, key)
            case .origin:
                try once(&seen, key)
                view.origin = try token(s, &i, &flags, &view, key)
            case .confidence:
                try once(&seen, key)
                guard isNumberStart(s.peek(i)) else { throw wrong(s, i, key, "must be a number") }
                let value = try s.scanNumber(&i)
                guard value >= 0, value <= 1 else { throw wrong(s, start, key, "must be between 0 and 1") }
                view.confidence = value
            case .content:
                try once(&seen, key)
                guard s.peek(i) == 0x7b else { throw wrong(s, i, key, "must be an object") }
                try s.skipValue(&i, depth: 2, &flags)
                view.content = ByteRange(start, i &- start)
            case .cost:
                try once(&seen, key)
                guard isNumberStart(s.peek(i)) else { throw wrong(s, i, key, "must be a number") }
                let value = try s.scanNumber(&i)
                guard value >= 0 else { throw wrong(s, start, key, "must not be negative") }
                guard value.isFinite else { throw wrong(s, start, key, "must be finite") }
                view.lifeforceCost = value
            case .polarity:
                try once(&seen, key)
                guard isNumberStart(s.peek(i)) else { throw wrong(s, i, key, "must be 1 or -1") }
                let value = try s.scanNumber(&i)
                guard value == 1 || value == -1 else { throw wrong(s, start, key, "must be 1 or -1") }
                view.polarity = value > 0 ? 1 : -1
            case .region:
                try once(&seen, key)
                view.region = try region(s, &i, &flags, &view)
            case .vector:
                try once(&seen, key)
                try vector(s, &i, &flags, &view)
            case .correlationID:
                try once(&seen, key)
                let range = try text(s, &i, &flags, &view, key, "must be a text of at most 64 bytes")
                guard length(s, range, flags) <= 64 else {
                    throw wrong(s, start, key, "must be a text of at most 64 bytes")
                }
                view.correlationID = range
            case .interval:
                try once(&seen, key)
                view.intervalMilliseconds = try interval(s, &i)
            case .artifacts:
                try once(&seen, key)
                try s.skipArtifacts(&i, &flags)
                view.artifacts = ByteRange(start, i &- start)
            default: try s.skipValue(&i, depth: 2, &flags)
            }
            more = try another(s, &i)
        }
        i &+= 1
    }

    @inline(always)
    private static func token(
        _ s: Bytes, _ i: inout Int, _ flags: inout ScanFlags, _ view: inout WaveView, _ key: WaveKey
    ) throws(Refusal) -> ByteRange {
        let start = i
        // The quote behind a token ends it: what is a token needs no second look for escapes.
        if s.peek(i) == 0x22, isTokenStart(s.peek(i &+ 1)) {
            var end = i &+ 2
            while isTokenByte(s.peek(end)) { end &+= 1 }
            if s.peek(end) == 0x22, end &- i <= Wire.maximumToken &+ 1 {
                i = end &+ 1
                return ByteRange(start &+ 1, end &- start &- 1)
            }
        }
        let range = try text(s, &i, &flags, &view, key, "must be a token")
        if flags.escaped {
            let plain = JSONParser.unescape(s, range)
            guard plain.scan({ $0.isToken(ByteRange(0, plain.count)) }) else {
                throw wrong(s, start, key, "must be a token")
            }
            return range
        }
        guard s.isToken(range) else { throw wrong(s, start, key, "must be a token") }
        return range
    }

    @inline(never)
    private static func region(
        _ s: Bytes, _ i: inout Int, _ flags: inout ScanFlags, _ view: inout WaveView
    ) throws(Refusal) -> ByteRange {
        let start = i
        let range = try text(s, &i, &flags, &view, .region, "must be dot-separated tokens")
        let plain = flags.escaped ? JSONParser.unescape(s, range) : s.bytes(range)
        guard plain.count <= Wire.maximumRegion else {
            throw wrong(s, start, .region, "must be at most \(Wire.maximumRegion) bytes")
        }
        guard plain.scan({ $0.isRegion(ByteRange(0, plain.count)) }) else {
            throw wrong(s, start, .region, "must be dot-separated tokens")
        }
        return range
    }

    @inline(never)
    private static func interval(_ s: Bytes, _ i: inout Int) throws(Refusal) -> Double {
        let start = i
        guard isNumberStart(s.peek(i)) else { throw wrong(s, i, .interval, "must be a number") }
        let value = try s.scanNumber(&i)
        guard value > 0, value <= Wire.maximumInterval else {
            throw wrong(s, start, .interval, "must be \(FieldKind.positive(Wire.maximumInterval).expectation)")
        }
        return value
    }

    @inline(never)
    private static func vector(
        _ s: Bytes, _ i: inout Int, _ flags: inout ScanFlags, _ view: inout WaveView
    ) throws(Refusal) {
        let start = i
        var count = 0
        guard s.peek(i) == 0x5b else { throw wrong(s, i, .vector, "must be numbers") }
        i += 1
        s.skipSpace(&i)
        while s.peek(i) != 0x5d || count > 0 {
            guard isNumberStart(s.peek(i)) else { throw wrong(s, start, .vector, "must be numbers") }
            guard try s.scanNumber(&i).isFinite else { throw wrong(s, start, .vector, "must be finite numbers") }
            count += 1
            s.skipSpace(&i)
            if s.peek(i) == 0x5d { break }
            try s.expect(0x2c, &i)
            s.skipSpace(&i)
        }
        i += 1
        guard count <= Wire.maximumVector else {
            throw wrong(s, start, .vector, "must have at most \(Wire.maximumVector) numbers")
        }
        view.vector = ByteRange(start, i - start)
        view.vectorCount = count
    }

    /// A value that starts like a number; `NaN` and other unknown words are refused by the grammar instead.
    @inline(always)
    private static func isNumberStart(_ c: UInt8) -> Bool { c &- 0x30 <= 9 || c == 0x2d }
}

// Whole values on top of the scanner: skipping any JSON value, UUIDs and RFC 3339 times.

extension Bytes {
    /// Moves over one JSON value of any kind, checking its grammar; `depth` is how many containers stand around it.
    func skipValue(_ i: inout Int, depth: Int, _ flags: inout ScanFlags) throws(Refusal) {
        var level = depth
        var objects: UInt64 = 0
        let escaped = flags.escaped
        defer { flags.escaped = escaped }
        while true {
            switch peek(i) {
            case 0x22: _ = try skipString(&i, &flags)
            case 0x7b:
                i &+= 1
                guard level < Wire.maximumDepth else { throw .tooDeep }
                skipSpace(&i)
                objects = objects << 1 | 1
                level &+= 1
                if peek(i) != 0x7d {
                    try skipKey(&i, &flags)
                    continue
                }
                i &+= 1
                objects >>= 1
                level &-= 1
            case 0x5b:
                i &+= 1
                guard level < Wire.maximumDepth else { throw .tooDeep }
                skipSpace(&i)
                objects <<= 1
                level &+= 1
                if peek(i) != 0x5d { continue }
                i &+= 1
                objects >>= 1
                level &-= 1
            case 0x74: try literal(0x6575_7274, 4, &i)
            case 0x6e: try literal(0x6c6c_756e, 4, &i)
            case 0x66:
                i &+= 1
                try literal(0x6573_6c61, 4, &i)
            default: try skipNumber(&i)
            }
            while true {
                if level == depth { return }
                skipSpace(&i)
                let c = peek(i)
                if c == 0x2c {
                    i &+= 1
                    skipSpace(&i)
                    if objects & 1 == 1 { try skipKey(&i, &flags) }
                    break
                }
                guard c == (objects & 1 == 1 ? 0x7d : 0x5d) else { throw fault(i) }
                i &+= 1
                objects >>= 1
                level &-= 1
            }
        }
    }

    /// Moves over a number; the fast path is for a few digits.
    @inline(always)
    private func skipNumber(_ i: inout Int) throws(Refusal) {
        let first = peek(i)
        if first &- 0x31 <= 8 {
            var end = i &+ 1
            while peek(end) &- 0x30 <= 9 { end &+= 1 }
            let after = peek(end)
            if after != 0x2e, after | 0x20 != 0x65 {
                i = end
                return
            }
        }
        _ = try scanNumber(&i)
    }

    @inline(always)
    private func skipKey(_ i: inout Int, _ flags: inout ScanFlags) throws(Refusal) {
        _ = try skipString(&i, &flags)
        skipSpace(&i)
        try expect(0x3a, &i)
        skipSpace(&i)
    }

    @inline(always)
    func literal(_ text: UInt32, _ count: Int, _ i: inout Int) throws(Refusal) {
        guard UInt32(truncatingIfNeeded: word(i)) == text else { throw literalFault(i, count) }
        i &+= count
    }

    @inline(never)
    private func literalFault(_ i: Int, _ count: Int) -> Refusal {
        for offset in 0..<count where peek(i + offset) == 0 && i + offset >= byteCount { return .unexpectedEnd }
        return .notJSON
    }

    /// Returns whether all of the bytes are well-formed UTF-8 (Unicode 15, table 3-7).
    @inline(never)
    func isUTF8() -> Bool {
        var i = 0
        while i < byteCount {
            let x = word(i)
            if x & 0x8080_8080_8080_8080 == 0 {
                i += 8
                continue
            }
            let c = peek(i)
            switch c {
            case 0..<0x80: i += 1
            case 0xc2...0xdf where isByte(i + 1, 0x80, 0xbf): i += 2
            case 0xe0 where isByte(i + 1, 0xa0, 0xbf) && isByte(i + 2, 0x80, 0xbf): i += 3
            case 0xed where isByte(i + 1, 0x80, 0x9f) && isByte(i + 2, 0x80, 0xbf): i += 3
            case 0xe1...0xef where c != 0xed && isByte(i + 1, 0x80, 0xbf) && isByte(i + 2, 0x80, 0xbf): i += 3
            case 0xf0 where isByte(i + 1, 0x90, 0xbf) && isByte(i + 2, 0x80, 0xbf) && isByte(i + 3, 0x80, 0xbf): i += 4
            case 0xf1...0xf3 where isByte(i + 1, 0x80, 0xbf) && isByte(i + 2, 0x80, 0xbf) && isByte(i + 3, 0x80, 0xbf):
                i += 4
            case 0xf4 where isByte(i + 1, 0x80, 0x8f) && isByte(i + 2, 0x80, 0xbf) && isByte(i + 3, 0x80, 0xbf): i += 4
            default: return false
            }
        }
        return true
    }

    private func isByte(_ i: Int, _ low: UInt8, _ high: UInt8) -> Bool { peek(i) >= low && peek(i) <= high }

    @inline(always)
    fileprivate func low32(_ i: Int) -> UInt64 { word(i) & 0xffff_ffff }

    /// Two decimal digits; clears `valid` when there are none.
    @inline(always)
    fileprivate func twoDigits(_ i: Int, _ valid: inout Bool) -> Int {
        let tens = peek(i) &- 0x30
        let units = peek(i &+ 1) &- 0x30
        if tens > 9 || units > 9 { valid = false }
        return Int(tens) &* 10 &+ Int(units)
    }

    /// Returns whether a range is a token.
    @inline(always)
    func isToken(_ range: ByteRange) -> Bool {
        guard range.count > 0, range.count <= Wire.maximumToken, isTokenStart(peek(range.start)) else { return false }
        var offset = 1
        while offset < range.count {
            guard isTokenByte(peek(range.start &+ offset)) else { return false }
            offset &+= 1
        }
        return true
    }

    /// Returns whether a range is dot-separated tokens (its length in all is not checked).
    func isRegion(_ range: ByteRange) -> Bool {
        var start = range.start
        var i = start
        let end = range.start + range.count
        while i <= end {
            if i == end || peek(i) == 0x2e {
                guard isToken(ByteRange(start, i - start)) else { return false }
                start = i + 1
            }
            i += 1
        }
        return true
    }
}

/// The UUID in a range, or nil: 8-4-4-4-12 hexadecimal digits of either case, eight digits a step.
@inline(always)
func parseUUID(_ span: Bytes, _ start: Int, _ count: Int) -> MessageID? {
    guard count == 36, span.peek(start &+ 8) == 0x2d, span.peek(start &+ 13) == 0x2d, span.peek(start &+ 18) == 0x2d,
        span.peek(start &+ 23) == 0x2d
    else { return nil }
    var valid: UInt64 = 0x8080_8080_8080_8080
    let a = packHex(span.word(start), &valid)
    let b = packHex(span.low32(start &+ 9) | span.low32(start &+ 14) << 32, &valid)
    let c = packHex(span.low32(start &+ 19) | span.low32(start &+ 24) << 32, &valid)
    let d = packHex(span.word(start &+ 28), &valid)
    guard valid == 0x8080_8080_8080_8080 else { return nil }
    return MessageID(high: a << 32 | b, low: c << 32 | d)
}

@inline(always)
private func packHex(_ x: UInt64, _ valid: inout UInt64) -> UInt64 {
    let tops: UInt64 = 0x8080_8080_8080_8080
    let ones: UInt64 = 0x0101_0101_0101_0101
    let lower = x | (ones &* 0x20)
    let atLeast = { (v: UInt64, k: UInt64) in (v | tops) &- ones &* k }
    let digit = atLeast(x, 0x30) & ~atLeast(x, 0x3a)
    let letter = atLeast(lower, 0x61) & ~atLeast(lower, 0x67)
    valid &= (digit | letter) & ~x
    let nibbles = (x & (ones &* 0x0f)) &+ ((x >> 6) & ones) &* 9
    let pairs = ((nibbles & 0x000f_000f_000f_000f) << 4) | ((nibbles >> 8) & 0x000f_000f_000f_000f)
    return (pairs & 0xff) << 24 | (pairs >> 16 & 0xff) << 16 | (pairs >> 32 & 0xff) << 8 | (pairs >> 48 & 0xff)
}

/// The moment that an RFC 3339 time in a range names, or nil: UTC or a numeric offset, 0 to 9 digits of a second's
/// fraction, in the years 1678 to 2261 of UTC.
@inline(always)
func parseTimestamp(_ span: Bytes, _ start: Int, _ count: Int) -> Timestamp? {
    guard count >= 20, count <= 35 else { return nil }
    var valid = true
    let year = span.twoDigits(start &+ 0, &valid) &* 100 &+ span.twoDigits(start &+ 2, &valid)
    let month = span.twoDigits(start &+ 5, &valid)
    let day = span.twoDigits(start &+ 8, &valid)
    let hour = span.twoDigits(start &+ 11, &valid)
    let minute = span.twoDigits(start &+ 14, &valid)
    let second = span.twoDigits(start &+ 17, &valid)
    let marks =
        span.peek(start &+ 4) == 0x2d && span.peek(start &+ 7) == 0x2d && span.peek(start &+ 10) | 0x20 == 0x74
        && span.peek(start &+ 13) == 0x3a && span.peek(start &+ 16) == 0x3a
    guard valid, marks, year >= 1678, year <= 2261, month >= 1, month <= 12, day >= 1, hour <= 23, minute <= 59,
        second <= 60, day <= daysIn(month: month, year: year)
    else { return nil }
    var i = 19
    var fraction: Int64 = 0
    if span.peek(start &+ i) == 0x2e {
        i = 20
        var scale: Int64 = 100_000_000
        while scale > 0 || i == 20 {
            let d = span.peek(start &+ i) &- 0x30
            guard d <= 9 else { break }
            fraction &+= Int64(d) &* scale
            scale /= 10
            i &+= 1
        }
        guard i > 20 else { return nil }
    }
    var offset = 0
    let zone = span.peek(start &+ i)
    if zone | 0x20 == 0x7a {
        i &+= 1
    } else {
        guard zone == 0x2b || zone == 0x2d, count == i &+ 6, span.peek(start &+ i &+ 3) == 0x3a else { return nil }
        let hours = span.twoDigits(start &+ i &+ 1, &valid)
        let minutes = span.twoDigits(start &+ i &+ 4, &valid)
        guard valid, hours <= 23, minutes <= 59 else { return nil }
        offset = (zone == 0x2d ? -60 : 60) &* (hours &* 60 &+ minutes)
        i &+= 6
    }
    guard i == count else { return nil }
    let seconds = daysFromEpoch(year: year, month: month, day: day) &* 86_400 &+ hour &* 3600 &+ minute &* 60 &+ second
    let nanoseconds = Int64(seconds &- offset) &* 1_000_000_000 &+ fraction
    // A zone or a leap second may carry it beyond; what is read must be sayable.
    let place = UInt64(bitPattern: nanoseconds &- Timestamp.earliest.nanoseconds)
    let last = UInt64(bitPattern: Timestamp.latest.nanoseconds &- Timestamp.earliest.nanoseconds)
    return place <= last ? Timestamp(nanoseconds: nanoseconds) : nil
}

@inline(always)
private func daysIn(month: Int, year: Int) -> Int {
    if month == 2 { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28 }
    return 30 + ((month + month >> 3) & 1)
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible
/// low-level date algorithms").
@inline(always)
func daysFromEpoch(year: Int, month: Int, day: Int) -> Int {
    let y = month <= 2 ? year &- 1 : year
    let era = y / 400
    let yearOfEra = y &- era &* 400
    let dayOfYear = (153 &* (month > 2 ? month &- 3 : month &+ 9) &+ 2) / 5 &+ day &- 1
    return era &* 146_097 &+ yearOfEra &* 365 &+ yearOfEra / 4 &- yearOfEra / 100 &+ dayOfYear &- 719_468
}

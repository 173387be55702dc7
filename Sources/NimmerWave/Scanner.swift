/// The bytes under the scanner of the hot path (hot-path.md, item 3). Everything rests on two total functions, `peek` and
/// `word`, that answer zero outside the bytes: they alone touch the pointer, each behind one bounds check, so nothing else
/// here can read out of bounds. A value lives only inside ``RawSpan/scan(_:)``.
///
/// Measured here, the same scanner on RawSpan's own loads, which check their bounds a second time, took 1.4 times as long.
struct Bytes {
    private let base: UnsafeRawPointer
    let byteCount: Int
    /// Number of places from which eight bytes can be read.
    private let words: Int

    fileprivate init(_ buffer: UnsafeRawBufferPointer, empty: UnsafeRawPointer) {
        base = buffer.baseAddress ?? empty
        byteCount = buffer.count
        words = max(0, buffer.count &- 7)
    }

    /// The byte at a place; zero past the end.
    @inline(always)
    func peek(_ i: Int) -> UInt8 {
        UInt(bitPattern: i) < UInt(bitPattern: byteCount) ? base.load(fromByteOffset: i, as: UInt8.self) : 0
    }

    /// The eight bytes from a place, first byte lowest; zeros past the end.
    @inline(always)
    func word(_ i: Int) -> UInt64 {
        if UInt(bitPattern: i) < UInt(bitPattern: words) {
            return UInt64(littleEndian: unsafeBitCast(base.load(fromByteOffset: i, as: Eight.self), to: UInt64.self))
        }
        return wordNearEnd(i)
    }

    /// Eight bytes that lie anywhere: `loadUnaligned` became a call of its own, a twelfth of decoding.
    private typealias Eight = (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8)

    @inline(never)
    private func wordNearEnd(_ i: Int) -> UInt64 {
        var result: UInt64 = 0
        for offset in 0..<8 { result |= UInt64(peek(i + offset)) << UInt64(offset * 8) }
        return result
    }

    /// Moves over white space; the fast path is for none and for the one space that other languages' encoders write.
    @inline(always)
    func skipSpace(_ i: inout Int) {
        let c = peek(i)
        if c > 0x20 { return }
        if c == 0x20, peek(i &+ 1) > 0x20 {
            i &+= 1
            return
        }
        skipLongSpace(&i)
    }

    @inline(never)
    private func skipLongSpace(_ i: inout Int) {
        while true {
            let c = peek(i)
            guard c == 0x20 || c == 0x0a || c == 0x0d || c == 0x09 else { return }
            i += 1
        }
    }

    /// Refusal at a place where something else was expected.
    @inline(never)
    func fault(_ i: Int) -> Refusal { i >= byteCount ? .unexpectedEnd : .notJSON }

    @inline(always)
    func expect(_ byte: UInt8, _ i: inout Int) throws(Refusal) {
        guard peek(i) == byte else { throw fault(i) }
        i &+= 1
    }

    /// Moves over a string, from its opening quote past its closing one; notes escapes and bytes outside ASCII.
    @inline(always)
    func skipString(_ i: inout Int, _ flags: inout ScanFlags) throws(Refusal) -> ByteRange {
        guard peek(i) == 0x22 else { throw fault(i) }
        let start = i &+ 1
        let (stop, high) = plainStretch(start)
        flags.high |= high
        i = stop
        if peek(stop) != 0x22 { try skipRest(&i, &flags) }
        i &+= 1
        return ByteRange(start, i &- 1 &- start)
    }

    /// Position of the first quote, backslash or control character, and the high bits of what comes before.
    @inline(always)
    private func plainStretch(_ start: Int) -> (stop: Int, high: UInt64) {
        var i = start
        var high: UInt64 = 0
        while true {
            let x = word(i)
            let quote = x ^ 0x2222_2222_2222_2222
            let slash = x ^ 0x5c5c_5c5c_5c5c_5c5c
            let stop =
                ((quote &- 0x0101_0101_0101_0101) | (slash &- 0x0101_0101_0101_0101) | (x &- 0x2020_2020_2020_2020))
                & ~x & 0x8080_8080_8080_8080
            if stop != 0 {
                let place = UInt64(truncatingIfNeeded: stop.trailingZeroBitCount)
                return (
                    i &+ Int(truncatingIfNeeded: place >> 3), high | (x & 0x8080_8080_8080_8080 & ((1 &<< place) &- 1))
                )
            }
            high |= x & 0x8080_8080_8080_8080
            i &+= 8
        }
    }

    /// Goes on from the first character of a string that is not plain, up to its closing quote.
    @inline(never)
    private func skipRest(_ i: inout Int, _ flags: inout ScanFlags) throws(Refusal) {
        while peek(i) != 0x22 {
            guard peek(i) == 0x5c else { throw fault(i) }
            flags.escaped = true
            try skipEscape(&i)
            let (stop, high) = plainStretch(i)
            flags.high |= high
            i = stop
        }
    }

    @inline(never)
    private func skipEscape(_ i: inout Int) throws(Refusal) {
        switch peek(i + 1) {
        case 0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74: i += 2
        case 0x75:
            for offset in 2..<6 where hexValue(peek(i + offset)) == nil { throw fault(i + offset) }
            i += 6
        default: throw fault(i + 1)
        }
    }

    /// Moves over a number and gives its value; infinity when it is too large for a double.
    @inline(always)
    func scanNumber(_ i: inout Int) throws(Refusal) -> Double {
        let start = i
        let negative = peek(i) == 0x2d
        if negative { i &+= 1 }
        var mantissa: UInt64 = 0
        var digits = 0
        let first = peek(i) &- 0x30
        guard first <= 9 else { throw fault(i) }
        i &+= 1
        mantissa = UInt64(first)
        if first != 0 {
            digits = 1
            while true {
                let d = peek(i) &- 0x30
                guard d <= 9 else { break }
                mantissa = mantissa &* 10 &+ UInt64(d)
                digits &+= 1
                i &+= 1
            }
        }
        var exponent = 0
        if peek(i) == 0x2e {
            i &+= 1
            let fraction = i
            while true {
                let d = peek(i) &- 0x30
                guard d <= 9 else { break }
                mantissa = mantissa &* 10 &+ UInt64(d)
                if mantissa != 0 { digits &+= 1 }
                i &+= 1
            }
            guard i > fraction else { throw fault(i) }
            exponent = fraction &- i
        }
        if peek(i) | 0x20 == 0x65 {
            exponent &+= try scanExponent(&i)
        }
        if digits <= 15, exponent <= 22, exponent >= -22 {
            let value = Double(mantissa)
            let scaled = exponent < 0 ? value / powersOfTen(-exponent) : value * powersOfTen(exponent)
            return negative ? -scaled : scaled
        }
        return slowNumber(start, i)
    }

    @inline(never)
    private func scanExponent(_ i: inout Int) throws(Refusal) -> Int {
        i += 1
        let negative = peek(i) == 0x2d
        if negative || peek(i) == 0x2b { i += 1 }
        guard peek(i) &- 0x30 <= 9 else { throw fault(i) }
        var value = 0
        while peek(i) &- 0x30 <= 9 {
            value = min(value * 10 + Int(peek(i) &- 0x30), 100_000)
            i += 1
        }
        return negative ? -value : value
    }

    @inline(never)
    private func slowNumber(_ start: Int, _ end: Int) -> Double {
        Double(string(ByteRange(start, end - start))) ?? .nan
    }

    /// The text of a range that is known to hold UTF-8 without escapes; repaired where it does not.
    func string(_ range: ByteRange) -> String {
        String(unsafeUninitializedCapacity: range.count) { buffer in
            for offset in 0..<range.count { buffer[offset] = peek(range.start &+ offset) }
            return range.count
        }
    }

    /// A copy of a range.
    func bytes(_ range: ByteRange) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            for offset in 0..<range.count { buffer[offset] = peek(range.start + offset) }
            count = range.count
        }
    }
}

extension RawSpan {
    /// Lets the scanner read these bytes.
    @inline(always)
    func scan<Result, Failure: Error>(_ work: (Bytes) throws(Failure) -> Result) throws(Failure) -> Result {
        try withUnsafeBytes { (buffer) throws(Failure) in
            var nothing: UInt8 = 0
            return try withUnsafePointer(to: &nothing) { (empty) throws(Failure) in
                try work(Bytes(buffer, empty: UnsafeRawPointer(empty)))
            }
        }
    }
}

extension [UInt8] {
    /// Lets the scanner read these bytes.
    func scan<Result, Failure: Error>(_ work: (Bytes) throws(Failure) -> Result) throws(Failure) -> Result {
        try span.bytes.scan(work)
    }
}

/// Flags that the scanner sets on its way through strings.
struct ScanFlags {
    /// The high bits of all bytes seen in strings; not zero when there is anything outside ASCII.
    var high: UInt64 = 0
    /// Indicates whether the last string that was read holds an escape; the reader resets it.
    var escaped = false
}

/// A stretch of a message's bytes.
public struct ByteRange: Hashable, Sendable {
    /// Start, in bytes from the start of the message.
    public var start: Int
    /// Number of bytes; zero when the field is absent.
    public var count: Int

    /// A stretch by its start and its length, both in bytes.
    @inlinable
    public init(_ start: Int, _ count: Int) {
        self.start = start
        self.count = count
    }

    /// No bytes at all.
    @inlinable
    public static var none: ByteRange { ByteRange(0, 0) }

    /// Indicates whether the field is absent.
    @inlinable
    public var isEmpty: Bool { count == 0 }
}

func hexValue(_ c: UInt8) -> UInt32? {
    switch c {
    case 0x30...0x39: UInt32(c - 0x30)
    case 0x41...0x46: UInt32(c - 0x37)
    case 0x61...0x66: UInt32(c - 0x57)
    default: nil
    }
}

@inline(always)
private func powersOfTen(_ n: Int) -> Double {
    switch n {
    case 0: 1
    case 1: 1e1
    case 2: 1e2
    case 3: 1e3
    case 4: 1e4
    case 5: 1e5
    case 6: 1e6
    default: largePowersOfTen(n)
    }
}

@inline(never)
private func largePowersOfTen(_ n: Int) -> Double {
    var result = 1.0
    for _ in 0..<n { result *= 10 }
    return result
}

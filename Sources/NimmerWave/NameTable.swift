/// Small whole numbers for names that arrive as bytes, so that the hot path never makes a String (hot-path.md,
/// "interning needs a cap").
///
/// Open addressing over one arena of bytes; looking a known name up allocates nothing. The seed is the process's own, so
/// that a sender cannot choose names that collide; numbers are given in order of first sight, whatever the seed.
public struct NameTable: Sendable {
    private var places: [Int32]
    private var hashes: [UInt64] = []
    private var ranges: [ByteRange] = []
    /// The names one after the other, and a word of zeros behind the last, so that each can be read by words.
    private var arena = [UInt8](repeating: 0, count: 8)
    private let seed: UInt64

    /// Maximum number of names; a full table gives no new numbers.
    public let capacity: Int

    /// An empty table for at most `capacity` names.
    public init(capacity: Int) {
        self.capacity = capacity
        places = [Int32](repeating: -1, count: 64)
        seed = UInt64.random(in: .min ... .max)
    }

    /// Number of names.
    public var count: Int { hashes.count }

    /// The number of a name, giving it one when it is new; -1 when it is new and the table is full.
    ///
    /// - Parameter isTaken: false for a guess: a new name gets no number then, and the range may lie anywhere.
    public mutating func number(of span: RawSpan, _ range: ByteRange, isTaken: Bool = true) -> Int32 {
        span.scan { find($0, range, isTaken) }
    }

    @inline(always)
    private mutating func find(_ span: Bytes, _ range: ByteRange, _ isTaken: Bool) -> Int32 {
        let hash = Self.hash(span, range, seed)
        let mask = places.count &- 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while true {
            let number = places[place]
            if number < 0 { return isTaken ? add(span, range, hash, place) : -1 }
            if hashes[Int(number)] == hash, matches(span, range, ranges[Int(number)]) { return number }
            place = (place &+ 1) & mask
        }
    }

    /// The number of a name, giving it one when it is new; -1 when it is new and the table is full.
    public mutating func number(of name: String) -> Int32 {
        let bytes = Array(name.utf8)
        return number(of: bytes.span.bytes, ByteRange(0, bytes.count))
    }

    /// The name of a number.
    public func name(_ number: Int32) -> String {
        let range = ranges[Int(number)]
        return String(decoding: arena[range.start..<range.start + range.count], as: UTF8.self)
    }

    /// Forgets every name.
    public mutating func removeAll() {
        places = [Int32](repeating: -1, count: 64)
        hashes.removeAll(keepingCapacity: true)
        ranges.removeAll(keepingCapacity: true)
        arena.removeAll(keepingCapacity: true)
        for _ in 0..<8 { arena.append(0) }
    }

    @inline(always)
    private func matches(_ span: Bytes, _ range: ByteRange, _ kept: ByteRange) -> Bool {
        guard range.count == kept.count else { return false }
        return arena.scan { known in
            var offset = 0
            while offset &+ 8 <= range.count {
                guard span.word(range.start &+ offset) == known.word(kept.start &+ offset) else { return false }
                offset &+= 8
            }
            let rest = UInt64(range.count &- offset) &* 8
            let mask: UInt64 = (1 << rest) &- 1
            return (span.word(range.start &+ offset) ^ known.word(kept.start &+ offset)) & mask == 0
        }
    }

    @inline(never)
    private mutating func add(_ span: Bytes, _ range: ByteRange, _ hash: UInt64, _ place: Int) -> Int32 {
        guard hashes.count < capacity else { return -1 }
        let number = Int32(hashes.count)
        hashes.append(hash)
        arena.removeLast(8)
        ranges.append(ByteRange(arena.count, range.count))
        arena.append(contentsOf: span.bytes(range))
        for _ in 0..<8 { arena.append(0) }
        places[place] = number
        if hashes.count * 2 > places.count { grow() }
        return number
    }

    private mutating func grow() {
        places = [Int32](repeating: -1, count: places.count * 2)
        let mask = places.count - 1
        for (number, hash) in hashes.enumerated() {
            var place = Int(truncatingIfNeeded: hash) & mask
            while places[place] >= 0 { place = (place + 1) & mask }
            places[place] = Int32(number)
        }
    }

    @inline(always)
    private static func hash(_ span: Bytes, _ range: ByteRange, _ seed: UInt64) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: range.count)
        var offset = 0
        while offset &+ 8 <= range.count {
            state = mix(state ^ span.word(range.start &+ offset))
            offset &+= 8
        }
        let rest = UInt64(range.count &- offset) &* 8
        return mix(state ^ (span.word(range.start &+ offset) & ((1 << rest) &- 1)))
    }

    /// Multiply and fold, as in wyhash.
    @inline(always)
    private static func mix(_ x: UInt64) -> UInt64 {
        let product = (x ^ 0xa076_1d64_78bd_642f).multipliedFullWidth(by: 0xe703_7ed1_a0b4_28db)
        return product.high ^ product.low
    }
}

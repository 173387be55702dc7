/// The pairs of sender and origin that were found to be granted, by their numbers: what a wave is held against, with one look.
///
/// A pair that another has displaced is asked for again, so that its size bounds memory and never what is granted.
struct GrantedPairs: Sendable {
    /// As a power of two: 8,192 pairs, 64 KiB, which stay in the processor's second cache.
    private static let bits: UInt64 = 13

    private var pairs = [UInt64](repeating: 0, count: 1 << Int(bits))

    /// Returns whether a pair is known to be granted.
    @inline(__always)
    func contains(_ source: Int32, _ origin: Int32) -> Bool {
        let pair = Self.pair(source, origin)
        return pairs[Self.place(of: pair)] == pair
    }

    mutating func insert(_ source: Int32, _ origin: Int32) {
        let pair = Self.pair(source, origin)
        pairs[Self.place(of: pair)] = pair
    }

    /// Forgets all, when senders and origins get other numbers.
    mutating func removeAll() {
        for place in pairs.indices { pairs[place] = 0 }
    }

    /// Never 0, which is no pair.
    @inline(__always)
    private static func pair(_ source: Int32, _ origin: Int32) -> UInt64 {
        (UInt64(UInt32(bitPattern: source)) &<< 32 | UInt64(UInt32(bitPattern: origin))) &+ 1
    }

    @inline(__always)
    private static func place(of pair: UInt64) -> Int {
        Int(truncatingIfNeeded: (pair &* 0x9e37_79b9_7f4a_7c15) &>> (64 &- bits))
    }
}

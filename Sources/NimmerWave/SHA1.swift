/// SHA-1 (FIPS 180-4), for name-based UUIDs only (RFC 9562, section 5.5), never for secrets.
///
/// It is written here because this target imports nothing but the standard library and every cell links it.
enum SHA1 {
    /// The five words of the hash of some bytes. Nothing is allocated.
    static func hash(_ message: [UInt8]) -> (UInt32, UInt32, UInt32, UInt32, UInt32) {
        var h: State = (0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0)
        var block = InlineArray<16, UInt32>(repeating: 0)
        var count: UInt64 = 0
        for byte in message { add(byte, &block, &count, &h) }
        let bits = count &* 8
        add(0x80, &block, &count, &h)
        while count % 64 != 56 { add(0, &block, &count, &h) }
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            add(UInt8(truncatingIfNeeded: bits >> shift), &block, &count, &h)
        }
        return h
    }

    private typealias State = (UInt32, UInt32, UInt32, UInt32, UInt32)

    private static func add(
        _ byte: UInt8, _ block: inout InlineArray<16, UInt32>, _ count: inout UInt64, _ h: inout State
    ) {
        let word = Int(truncatingIfNeeded: count >> 2) & 15
        block[word] = block[word] << 8 | UInt32(byte)
        count &+= 1
        if count % 64 == 0 { mix(&block, &h) }
    }

    /// One block of 64 bytes; the schedule of 80 words rolls through its 16.
    private static func mix(_ w: inout InlineArray<16, UInt32>, _ h: inout State) {
        var (a, b, c, d, e) = h
        for i in 0..<80 {
            if i >= 16 {
                w[i & 15] = rotate(w[(i &+ 13) & 15] ^ w[(i &+ 8) & 15] ^ w[(i &+ 2) & 15] ^ w[i & 15], 1)
            }
            let (f, k): (UInt32, UInt32) =
                switch i {
                case ..<20: ((b & c) | (~b & d), 0x5a82_7999)
                case ..<40: (b ^ c ^ d, 0x6ed9_eba1)
                case ..<60: ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc)
                default: (b ^ c ^ d, 0xca62_c1d6)
                }
            (a, b, c, d, e) = (rotate(a, 5) &+ f &+ e &+ k &+ w[i & 15], a, rotate(b, 30), c, d)
        }
        h = (h.0 &+ a, h.1 &+ b, h.2 &+ c, h.3 &+ d, h.4 &+ e)
    }

    private static func rotate(_ x: UInt32, _ n: UInt32) -> UInt32 { x << n | x >> (32 - n) }
}

/// Two lower-case hexadecimal digits.
func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return byte < 16 ? "0\(digits)" : digits
}

/// SHA-256 (FIPS 180-4) over bytes that come in pieces, for the names of artifacts (spec/artifacts.md, Names).
///
/// It is written here because this target imports nothing but the standard library and every cell links it.
package struct SHA256: Sendable {
    private var state = InlineArray<8, UInt32>(repeating: 0)
    private var block: [UInt8] = []
    private var count: UInt64 = 0

    /// The hash of nothing yet.
    package init() {
        for (place, word) in Self.start.enumerated() { state[place] = word }
        block.reserveCapacity(64)
    }

    /// The hash of some bytes.
    package static func hash(_ bytes: [UInt8]) -> ArtifactDigest {
        var hash = SHA256()
        hash.add(bytes)
        return hash.digest
    }

    /// Adds the next bytes.
    package mutating func add(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { add($0) }
    }

    private mutating func add(_ bytes: UnsafeRawBufferPointer) {
        count &+= UInt64(bytes.count)
        var start = 0
        if !block.isEmpty {
            start = min(64 - block.count, bytes.count)
            block.append(contentsOf: bytes[..<start])
            guard block.count == 64 else { return }
            block.withUnsafeBytes { Self.mix($0, &state) }
            block.removeAll(keepingCapacity: true)
        }
        while bytes.count - start >= 64 {
            Self.mix(UnsafeRawBufferPointer(rebasing: bytes[start..<start + 64]), &state)
            start += 64
        }
        block.append(contentsOf: bytes[start...])
    }

    /// The digest of what was added so far; more may follow.
    package var digest: ArtifactDigest {
        var rest = self
        var padding: [UInt8] = [0x80]
        while (rest.block.count + padding.count) % 64 != 56 { padding.append(0) }
        let bits = count &* 8
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            padding.append(UInt8(truncatingIfNeeded: bits >> shift))
        }
        rest.add(padding)
        var words = InlineArray<4, UInt64>(repeating: 0)
        for place in 0..<4 {
            words[place] = UInt64(rest.state[2 * place]) << 32 | UInt64(rest.state[2 * place + 1])
        }
        return ArtifactDigest(words[0], words[1], words[2], words[3])
    }

    /// One block of 64 bytes; the schedule of 64 words rolls through its 16.
    private static func mix(_ block: UnsafeRawBufferPointer, _ state: inout InlineArray<8, UInt32>) {
        var w = InlineArray<16, UInt32>(repeating: 0)
        for i in 0..<16 {
            w[i] = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 4 &* i, as: UInt32.self))
        }
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        constants.withUnsafeBufferPointer { k in
            for i in 0..<64 {
                if i >= 16 {
                    let (early, late) = (w[(i &+ 1) & 15], w[(i &+ 14) & 15])
                    let s0 = rotate(early, 7) ^ rotate(early, 18) ^ early >> 3
                    let s1 = rotate(late, 17) ^ rotate(late, 19) ^ late >> 10
                    w[i & 15] = w[i & 15] &+ s0 &+ w[(i &+ 9) & 15] &+ s1
                }
                let s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
                let t1 = h &+ s1 &+ ((e & f) ^ (~e & g)) &+ k[i] &+ w[i & 15]
                let s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
                let t2 = s0 &+ ((a & b) ^ (a & c) ^ (b & c))
                (h, g, f, e, d, c, b, a) = (g, f, e, d &+ t1, c, b, a, t1 &+ t2)
            }
        }
        let mixed: InlineArray<8, UInt32> = [a, b, c, d, e, f, g, h]
        for i in 0..<8 { state[i] = state[i] &+ mixed[i] }
    }

    private static func rotate(_ x: UInt32, _ n: UInt32) -> UInt32 { x >> n | x << (32 - n) }

    private static let start: [UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]

    private static let constants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]
}

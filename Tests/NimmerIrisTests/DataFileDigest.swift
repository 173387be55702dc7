/// The digest of a data file, written from its specification (spec/iris.md, Embeddings), so that tests can make files of wrong contents.
enum DataFileDigest {
    /// Writes the digest of all after the header into it.
    static func write(_ bytes: inout [UInt8]) {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325
        for place in stride(from: 128, to: bytes.count, by: 8) {
            var word: UInt64 = 0
            for offset in 0..<8 { word |= UInt64(bytes[place + offset]) << UInt64(offset * 8) }
            value = (value ^ word) &* 0x100_0000_01b3
            value ^= value >> 29
        }
        for offset in 0..<8 { bytes[24 + offset] = UInt8(truncatingIfNeeded: value >> UInt64(offset * 8)) }
    }
}

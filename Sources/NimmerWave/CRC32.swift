/// The checksum of Ethernet, gzip and PNG (ISO 3309): finds every burst of damage of up to 32 bits; no forgery.
package enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? 0xedb8_8320 ^ value >> 1 : value >> 1 }
    }

    /// The checksum of some bytes.
    ///
    /// - Parameter before: the checksum of what stands before them; the result is that of the whole.
    package static func of(_ bytes: ArraySlice<UInt8>, after before: UInt32 = 0) -> UInt32 {
        ~bytes.reduce(~before) { table[Int(($0 ^ UInt32($1)) & 0xff)] ^ $0 >> 8 }
    }
}

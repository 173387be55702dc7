/// The text of NATS's keys: Ed25519 keys in base 32, with what they are for in front and a checksum behind.
public enum NKey {
    /// The seed of a user as a person keeps it secret: `SU…`, 58 characters.
    ///
    /// - Parameter seed: the 32 bytes of the private key.
    public static func userSeed(_ seed: [UInt8]) -> String {
        precondition(seed.count == 32, "an Ed25519 seed has 32 bytes")
        // Five bits spell "seed", the next five "user"; three are left over.
        return text([seedPrefix | userPrefix >> 5, (userPrefix & 31) << 3] + seed)
    }

    /// The public key of a user, by which the server knows it: `U…`, 56 characters.
    ///
    /// - Parameter key: the 32 bytes of the public key.
    public static func userPublicKey(_ key: [UInt8]) -> String {
        precondition(key.count == 32, "an Ed25519 public key has 32 bytes")
        return text([userPrefix] + key)
    }

    /// Returns whether a text is a user's public key, its checksum included.
    public static func isUserPublicKey(_ text: String) -> Bool { isValid(text, bytes: 1 + 32) && text.hasPrefix("U") }

    /// Returns whether a text is a user's seed, its checksum included.
    public static func isUserSeed(_ text: String) -> Bool { isValid(text, bytes: 2 + 32) && text.hasPrefix("SU") }

    private static let seedPrefix: UInt8 = 18 << 3
    private static let userPrefix: UInt8 = 20 << 3
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    private static func text(_ bytes: [UInt8]) -> String {
        let sum = checksum(bytes)
        return base32(bytes + [UInt8(truncatingIfNeeded: sum), UInt8(truncatingIfNeeded: sum >> 8)])
    }

    private static func isValid(_ text: String, bytes count: Int) -> Bool {
        guard let bytes = decoded(text), bytes.count == count + 2 else { return false }
        let sum = checksum(Array(bytes.dropLast(2)))
        return bytes[count] == UInt8(truncatingIfNeeded: sum) && bytes[count + 1] == UInt8(truncatingIfNeeded: sum >> 8)
    }

    /// CRC-16 (XMODEM): polynomial 0x1021, from zero.
    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        bytes.reduce(into: UInt16(0)) { sum, byte in
            sum ^= UInt16(byte) << 8
            for _ in 0..<8 { sum = sum & 0x8000 == 0 ? sum << 1 : sum << 1 ^ 0x1021 }
        }
    }

    private static func base32(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 5 {
                count -= 5
                text.append(alphabet[Int(bits >> UInt32(count) & 31)])
            }
        }
        if count > 0 { text.append(alphabet[Int(bits << UInt32(5 - count) & 31)]) }
        return String(decoding: text, as: UTF8.self)
    }

    private static func decoded(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for letter in text.utf8 {
            guard let value = alphabet.firstIndex(of: letter) else { return nil }
            bits = bits << 5 | UInt32(value)
            count += 5
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }
}

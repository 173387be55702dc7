import COpenSSL
import NimmerWave

/// Random secrets, and comparisons that take as long for a wrong guess as for a right one; by OpenSSL.
package enum Secret {
    /// A secret of 256 bits in letters, digits, `-` and `_`.
    ///
    /// - Throws: ``PageError`` where the machine has no random numbers.
    package static func random() throws(PageError) -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        guard RAND_bytes(&bytes, Int32(bytes.count)) == 1 else {
            throw PageError("OpenSSL gives no random numbers", status: 500)
        }
        // The alphabet for addresses (RFC 4648, section 5).
        let others: [Character: Character] = ["+": "-", "/": "_"]
        return String(Base64.text(bytes).filter { $0 != "=" }.map { others[$0] ?? $0 })
    }

    /// Returns whether two secrets are the same.
    package static func isEqual(_ one: String, _ other: String) -> Bool {
        // Of the same length whatever was sent, so that nothing is learned from the time.
        let (a, b) = (digest(Array(one.utf8)), digest(Array(other.utf8)))
        return CRYPTO_memcmp(a, b, a.count) == 0
    }

    /// SHA-256 of bytes.
    package static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        EVP_Digest(bytes, bytes.count, &out, &length, EVP_sha256(), nil)
        return out
    }

    /// The first characters of SHA-256 in hexadecimal digits.
    package static func fingerprint(_ bytes: [UInt8]) -> String { digits(digest(bytes).prefix(4)) }

    /// SHA-256 of a secret in hexadecimal digits: what stands for it where it must not be.
    static func key(of secret: String) -> String { digits(digest(Array(secret.utf8))[...]) }

    /// Characters of a ``key(of:)``.
    static let keyLength = 64

    private static func digits(_ bytes: ArraySlice<UInt8>) -> String {
        bytes.map { byte in
            let text = String(byte, radix: 16)
            return text.count < 2 ? "0" + text : text
        }.joined()
    }
}

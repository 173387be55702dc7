/// A file that holds one secret: a password, a token, a key. Every secret of a file is read here.
///
/// Editors and shells leave more than the secret in a file: a byte order mark before it, a line end of either kind behind it, further
/// lines. None of these is part of the secret; spaces are.
package enum SecretFile {
    /// The longest secret, in bytes.
    package static let longest = 16_384

    /// The secret of a file: its first line.
    ///
    /// - Throws: a ``SecretFileError`` when the file cannot be read, when its first line is empty, longer than ``longest``, or no UTF-8.
    package static func read(_ path: String) throws(SecretFileError) -> String {
        let bytes = try content(of: path)
        let line = bytes.prefix { $0 != 0x0a && $0 != 0x0d }
        guard !line.isEmpty else { throw SecretFileError(path, "its first line is empty; expected the secret there") }
        guard line.count <= longest else {
            throw SecretFileError(path, "its first line is longer than \(longest) bytes; expected the secret alone")
        }
        return try text(line, of: path)
    }

    /// All lines of a file of credentials, without a byte order mark.
    ///
    /// - Throws: a ``SecretFileError`` as ``read(_:)`` does.
    package static func lines(_ path: String) throws(SecretFileError) -> String {
        try text(content(of: path)[...], of: path)
    }

    private static func content(of path: String) throws(SecretFileError) -> ArraySlice<UInt8> {
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try SmallFile.bytes(path, limit: 65_536)
        } catch {
            throw SecretFileError(path, error.reason)
        }
        return bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes.dropFirst(3) : bytes[...]
    }

    private static func text(_ bytes: ArraySlice<UInt8>, of path: String) throws(SecretFileError) -> String {
        let isWide = bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff])
        guard !isWide, !bytes.contains(0) else {
            throw SecretFileError(path, "it is UTF-16 or binary; save it as UTF-8")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SecretFileError(path, "it is not UTF-8; save it as UTF-8")
        }
        return text
    }
}

/// Reason why a file gives no secret; never holds a part of it.
package struct SecretFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file.
    package let path: String
    /// Description of what was found, and what was expected.
    package let reason: String

    init(_ path: String, _ reason: String) {
        self.path = path
        self.reason = reason
    }

    package var description: String { "\(path): \(reason)" }
}

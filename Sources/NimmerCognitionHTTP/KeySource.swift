import Glibc
import NimmerCognition

/// Where a server's key comes from: a file's first line, or an environment variable. The key itself is never kept.
struct KeySource: Sendable {
    let file: String?
    let variable: String?
    let variables: [String: String]

    /// The header that carries the key; none without a key.
    var headers: [(String, String)] {
        get throws(MindError) { try read().map { [("authorization", "Bearer \($0)")] } ?? [] }
    }

    /// The key.
    ///
    /// - Throws: ``MindError/Code/misconfigured``, which names where the key should be and never holds it.
    func read() throws(MindError) -> String? {
        if let file {
            guard let text = Self.firstLine(of: file) else {
                throw MindError(
                    .misconfigured, "the key file \(file) cannot be read: \(String(cString: strerror(errno)))")
            }
            return try checked(text, from: "the key file \(file)")
        }
        guard let variable else { return nil }
        guard let text = variables[variable] else {
            throw MindError(
                .misconfigured, "the environment variable \(variable), which shall hold the key, is not set")
        }
        return try checked(text, from: "the environment variable \(variable)")
    }

    /// A key that holds a line break or a control character could smuggle a header.
    private func checked(_ text: String, from place: String) throws(MindError) -> String {
        guard !text.isEmpty, text.utf8.count <= 8_192, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw MindError(
                .misconfigured, "\(place) holds no key: expected 1 to 8192 printable characters without spaces")
        }
        return text
    }

    private static func firstLine(of path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count >= 0 else { return nil }
        let line = bytes[..<count].prefix { $0 != 0x0a && $0 != 0x0d }
        return String(decoding: line, as: UTF8.self)
    }
}

import NimmerCognition
import NimmerPlatform

/// Source of a server's key: a file's first line, or an environment variable. The key itself is never kept.
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
            let text: String
            do throws(SecretFileError) {
                text = try SecretFile.read(file)
            } catch {
                throw MindError(.misconfigured, "the key file \(file) cannot be read: \(error.reason)")
            }
            return try checked(text, from: "the key file \(file)")
        }
        guard let variable else { return nil }
        guard let text = variables[variable] else {
            throw MindError(
                .misconfigured, "the environment variable \(variable), expected to hold the key, is not set")
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
}

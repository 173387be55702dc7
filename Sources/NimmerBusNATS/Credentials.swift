import CNATS
import Glibc
import NimmerBus
import NimmerWave
import Synchronization

/// What a credentials file holds.
enum CredentialsFile {
    /// A JWT with its seed, as `nsc` writes it.
    case jwt
    /// An nkey: the public key and the seed, one a line, as `nk -gen user -pubout` and `nimmer auth generate` write them.
    case nkey(publicKey: String, seed: String)

    init(_ path: String) throws(BusError) {
        guard let text = readText(path) else {
            throw BusError(
                .badCredentials, "the credentials file '\(path)' cannot be read",
                cause: String(cString: strerror(errno)))
        }
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        if text.includes("-----BEGIN") {
            guard words.contains(where: { $0.hasPrefix("eyJ") }), words.contains(where: { $0.hasPrefix("SU") }) else {
                throw BusError(.badCredentials, "'\(path)' holds no JWT, or no seed of its user: get it anew from nsc")
            }
            self = .jwt
            return
        }
        guard let seed = words.first(where: { $0.hasPrefix("SU") }) else {
            throw BusError(.badCredentials, "'\(path)' holds neither credentials of nsc nor the seed of a user's nkey")
        }
        guard let publicKey = words.first(where: { $0.hasPrefix("U") }) else {
            throw BusError(
                .badCredentials,
                "'\(path)' holds a seed but not its public key: add the line that 'nk -inkey \(path) -pubout' prints")
        }
        self = .nkey(publicKey: publicKey, seed: seed)
    }
}

extension CredentialsFile {
    /// The prefix of inboxes that the file names: a word that begins with `_INBOX`, as `nimmer auth generate` writes it.
    static func inboxPrefix(_ path: String) -> String? {
        readText(path)?.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("_INBOX") }.map(String.init)
    }
}

/// The seeds that nats.c may sign with; one box for each, kept for the process (there is one or two).
enum SeedStore {
    final class Box: Sendable {
        let seed: String
        init(_ seed: String) { self.seed = seed }
    }

    private static let boxes = Mutex<[String: Box]>([:])

    static func box(for seed: String) -> UnsafeMutableRawPointer {
        let box = boxes.withLock { boxes in
            let box = boxes[seed] ?? Box(seed)
            boxes[seed] = box
            return box
        }
        return Unmanaged.passUnretained(box).toOpaque()
    }
}

/// Signs the server's nonce; nats.c frees the signature.
func onSignature(
    errorText: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?,
    signature: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?, length: UnsafeMutablePointer<Int32>?,
    nonce: UnsafePointer<CChar>?, closure: UnsafeMutableRawPointer?
) -> natsStatus {
    guard let closure else { return NATS_INVALID_ARG }
    let box = Unmanaged<SeedStore.Box>.fromOpaque(closure).takeUnretainedValue()
    return nats_Sign(box.seed, nonce, signature, length)
}

private func readText(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = read(file, &bytes, bytes.count)
    return count < 0 ? nil : String(decoding: bytes[0..<count], as: UTF8.self)
}

import CNATS
import Glibc
import NimmerBus
import NimmerPlatform
import NimmerWave
import Synchronization

/// Contents of a credentials file.
enum CredentialsFile {
    /// A JWT with its seed, as `nsc` writes it.
    case jwt(String, seed: String)
    /// An nkey: the public key and the seed, one a line, as `nk -gen user -pubout` and `nimmer auth generate` write them.
    case nkey(publicKey: String, seed: String)

    init(_ path: String) throws(BusError) {
        let text: String
        do throws(SecretFileError) { text = try SecretFile.lines(path) } catch {
            throw BusError(.badCredentials, "the credentials file '\(path)' cannot be read", cause: error.reason)
        }
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        if text.includes("-----BEGIN") {
            guard let token = words.first(where: { $0.hasPrefix("eyJ") }),
                let seed = words.first(where: { $0.hasPrefix("SU") })
            else {
                throw BusError(.badCredentials, "'\(path)' holds no JWT, or no seed of its user: get it again from nsc")
            }
            self = .jwt(token, seed: seed)
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
        (try? SecretFile.lines(path))?.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("_INBOX") }.map(
            String.init)
    }

    /// The identity that credentials are those of: the token behind `_INBOX.` in their file. Nil for any other credentials,
    /// and for a file that names none: its permissions were not made by this project, and know no senders.
    static func identity(_ credentials: BusSettings.Credentials) -> Token? {
        guard case .file(let path) = credentials, let prefix = inboxPrefix(path), prefix.hasPrefix("_INBOX.") else {
            return nil
        }
        return try? Token(String(prefix.dropFirst("_INBOX.".utf8.count)))
    }
}

/// Signs the nonce of one attempt to connect.
///
/// nats.c 3.4 takes a signature for a C string: of one that begins with a zero byte it sends nothing, and the server refuses a
/// good key. One in 256 does so, and nothing but another nonce changes it, so such an attempt ends here and is made again.
final class Signer: Sendable {
    private let token: String
    private let seed: String
    private let mustRepeat = Atomic(false)

    /// - Parameter token: the JWT; empty with an nkey.
    init(token: String = "", seed: String) {
        self.token = token
        self.seed = seed
    }

    /// Indicates whether the attempt failed only because its signature cannot be sent.
    var needsAnotherNonce: Bool { mustRepeat.load(ordering: .relaxed) }

    /// Context that nats.c passes to the callbacks. It calls them while it connects, and never after, for it does not reconnect.
    var pointer: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    private static func at(_ pointer: UnsafeMutableRawPointer?) -> Signer? {
        pointer.map { Unmanaged<Signer>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Gives the JWT; nats.c frees it.
    static let onToken: natsUserJWTHandler = { token, _, closure in
        guard let signer = Signer.at(closure), let copy = strdup(signer.token) else { return NATS_NO_MEMORY }
        token?.pointee = copy
        return NATS_OK
    }

    /// Signs the server's nonce; nats.c frees the signature.
    static let onSignature: natsSignatureHandler = { _, signature, length, nonce, closure in
        guard let signer = Signer.at(closure), let signature else { return NATS_INVALID_ARG }
        let status = nats_Sign(signer.seed, nonce, signature, length)
        guard status == NATS_OK, let bytes = signature.pointee, bytes.pointee == 0 else { return status }
        free(bytes)
        signature.pointee = nil
        signer.mustRepeat.store(true, ordering: .relaxed)
        return NATS_ILLEGAL_STATE
    }
}

import Glibc
import NimmerServers
import NimmerSystem
import NimmerWave

/// The files of an environment's identities: a key a part, and the server's configuration of who may do what.
public struct IdentityFolder: Sendable {
    /// What was written.
    public struct Report: Sendable {
        /// Everybody who may connect.
        public var grants: [Grant]
        /// Whose key was made now.
        public var made: [String]
        /// Keys of parts that the system file no longer has; the server does not know them any more.
        public var orphans: [String]
    }

    /// The folder.
    public let path: String
    /// `identities.conf`: included by a nats-server's configuration; no secret.
    public var configuration: String { path + "/identities.conf" }
    private var keys: String { path + "/keys" }

    /// A folder that may not be there yet.
    public init(path: String) { self.path = path }

    /// The credentials file of a part: its seed, its public key and its inbox prefix, a line each.
    public func credentials(_ name: String) -> String { "\(keys)/\(name).nk" }

    /// Writes the configuration, and the keys that are missing; what is there stays, so that adding a cell changes nobody
    /// else's key.
    ///
    /// - Parameter renewed: whose key is made anew though it is there.
    /// - Throws: a `SystemError` (a system file that grants too much) or a `ServerError` (a file, or openssl).
    public func generate(
        _ system: SystemFile, _ environment: Environment, renewing renewed: Set<String> = []
    ) async throws -> Report {
        let grants = try Grant.all(of: system, in: environment)
        let names = grants.map(\.name) + ["system"]
        if let stranger = renewed.subtracting(names).sorted().first {
            throw ServerError(
                .folder, "nobody here is called '\(stranger)'; there are \(names.sorted().joined(separator: ", "))")
        }
        try SmallFile.makeFolder(path)
        try SmallFile.makeFolder(keys, mode: 0o700)
        var publicKeys: [String: String] = [:]
        var made: [String] = []
        for name in names {
            let file = credentials(name)
            if !renewed.contains(name), let known = publicKey(in: file) {
                publicKeys[name] = known
                continue
            }
            let pair = try await OpenSSL.makeKeyPair()
            let key = NKey.userPublicKey(pair.publicKey)
            try SmallFile.write("\(NKey.userSeed(pair.seed))\n\(key)\n_INBOX_\(name)\n", to: file, mode: 0o600)
            publicKeys[name] = key
            made.append(name)
        }
        let text = ServerConfiguration.text(grants, keys: publicKeys, system: system.name, environment: environment)
        try SmallFile.write(text, to: configuration)
        let orphans = SmallFile.names(in: keys).filter { $0.hasSuffix(".nk") }.map { String($0.dropLast(3)) }
            .filter { !names.contains($0) }.sorted()
        return Report(grants: grants, made: made, orphans: orphans)
    }

    /// The public key in a credentials file; nil when there is no good one.
    private func publicKey(in file: String) -> String? {
        let words = (SmallFile.read(file) ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.contains(where: NKey.isUserSeed) else { return nil }
        return words.first(where: NKey.isUserPublicKey)
    }
}

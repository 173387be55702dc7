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
        // A key that somebody else put there would be theirs as well.
        let (above, name) = try SmallFile.halves(path)
        let folder = try OwnFolder.open(above, below: [name], making: 0o755)
        let keys = try OwnFolder.open(above, below: [name, "keys"], making: 0o700)
        var publicKeys: [String: String] = [:]
        var made: [String] = []
        for name in names {
            if !renewed.contains(name), let text = try keys.read("\(name).nk", .own()), let known = Self.lines(of: text)
            {
                publicKeys[name] = known.publicKey
                // Written by an earlier version, which had another form of inboxes.
                if known.inboxPrefix != "_INBOX.\(name)" {
                    try Self.write(known.seed, known.publicKey, of: name, to: keys)
                }
                continue
            }
            let pair = try await OpenSSL.makeKeyPair()
            let key = NKey.userPublicKey(pair.publicKey)
            try Self.write(NKey.userSeed(pair.seed), key, of: name, to: keys)
            publicKeys[name] = key
            made.append(name)
        }
        let text = ServerConfiguration.text(grants, keys: publicKeys, system: system.name, environment: environment)
        try folder.write(text, to: "identities.conf", mode: 0o644)
        let orphans = keys.names.filter { $0.hasSuffix(".nk") }.map { String($0.dropLast(3)) }
            .filter { !names.contains($0) }.sorted()
        return Report(grants: grants, made: made, orphans: orphans)
    }

    private static func write(
        _ seed: String, _ publicKey: String, of name: String, to keys: HeldFolder
    ) throws(ServerError) {
        try keys.write("\(seed)\n\(publicKey)\n_INBOX.\(name)\n", to: "\(name).nk", mode: 0o600)
    }

    /// The lines of a credentials file; nil when there is no good one.
    private static func lines(of text: String) -> (seed: String, publicKey: String, inboxPrefix: String?)? {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard let seed = words.first(where: NKey.isUserSeed), let key = words.first(where: NKey.isUserPublicKey) else {
            return nil
        }
        return (seed, key, words.first { $0.hasPrefix("_INBOX") })
    }
}

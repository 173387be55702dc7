import Glibc
import NimmerPlatform
import NimmerServers
import NimmerSystem
import NimmerWave

/// The files of an environment's identities: a key a part, and the server's configuration of who may do what.
public struct IdentityFolder: Sendable {
    /// Files that were written.
    public struct Report: Sendable {
        /// All identities that may connect.
        public var grants: [Grant]
        /// Owners of the keys that were made now.
        public var made: [String]
        /// Owners of the passwords at the private server that were made again.
        public var passwords: [String] = []
        /// Keys of parts that the system file no longer has; the server does not know them any more.
        public var orphans: [String]
        /// Keys that are accepted beside the ones that replaced them.
        public var former: [FormerKey] = []
        /// Former keys that are in the configuration no more.
        public var ended: [FormerKey] = []
    }

    /// The server that the configuration is for.
    public enum Audience: Sendable {
        /// One that is run by others: public keys only.
        case deployment
        /// The private one of `nimmer up`, which knows its owner too, and devices by a password.
        case local
    }

    /// The folder.
    public let path: String
    /// `identities.conf`: included by a nats-server's configuration; no secret, unless the system file has `mqtt`.
    public var configuration: String { path + "/identities.conf" }
    /// `private.conf`: the same for the server of `nimmer up`; its owner alone may read it.
    public var privateConfiguration: String { path + "/private.conf" }
    /// The password of the user `owner` at the server of `nimmer up`.
    public var ownerPassword: String { path + "/owner.password" }
    /// The password of the user `device`, there and, where the system file has `mqtt`, at any server, if the system has subjects of devices.
    public var devicePassword: String { path + "/device.password" }
    private var keys: String { path + "/keys" }
    var overlap: String { path + "/overlap" }

    /// A folder that may not be there yet.
    public init(path: String) { self.path = path }

    /// The credentials file of a part: its seed, its public key and its inbox prefix, a line each.
    public func credentials(_ name: String) -> String { "\(keys)/\(name).nk" }

    /// The credentials file of the folder's owner, for the server of `nimmer up`.
    public var ownerCredentials: String { credentials(LocalUsers.owner) }

    /// Writes the configuration, and the keys that are missing; what is there stays, so that adding a cell changes no other
    /// key. Former keys whose time is over are accepted no more.
    ///
    /// - Parameters:
    ///   - renewed: those whose key is replaced though it is there; the old one is not accepted any more.
    ///   - audience: the server that it is for.
    ///   - now: the present time, which ends former keys.
    /// - Throws: a `SystemError` (a system file that grants too much) or a `ServerError` (a file, or openssl).
    public func generate(
        _ system: SystemFile, _ environment: Environment, renewing renewed: Set<String> = [],
        for audience: Audience = .deployment, at now: Timestamp = .now()
    ) async throws -> Report {
        let grants = try Grant.all(of: system, in: environment)
        let names = self.names(of: grants, audience)
        try check(renewed, in: names)
        try prepare(audience)
        var former = try formerKeys()
        let ended = former.end(renewed, at: now)
        var publicKeys: [String: String] = [:]
        var made: [String] = []
        for name in names {
            if !renewed.contains(name), let known = key(of: name) {
                publicKeys[name] = known.publicKey
                // Written by an earlier version, which had another form of inboxes.
                if known.inboxPrefix != "_INBOX.\(name)" { try write(known, of: name, to: credentials(name)) }
                continue
            }
            let key = try await CredentialsLines.make()
            try write(key, of: name, to: credentials(name))
            publicKeys[name] = key.publicKey
            made.append(name)
        }
        // A rotation that was interrupted leaves a key that was to be replaced and was not.
        let known = former.keys.count
        former.keys.removeAll { publicKeys[$0.name] == $0.publicKey }
        try writeConfiguration(grants, publicKeys, former, system, environment, audience)
        if !ended.isEmpty || former.keys.count != known { try write(former) }
        let orphans = SmallFile.names(in: keys).filter { $0.hasSuffix(".nk") }.map { String($0.dropLast(3)) }
            .filter { !names.contains($0) && $0 != LocalUsers.owner }.sorted()
        return Report(grants: grants, made: made, orphans: orphans, former: former.keys, ended: ended)
    }

    /// All identities with a key, for which a configuration is written.
    func names(of grants: [Grant], _ audience: Audience) -> [String] {
        grants.map(\.name) + ["system"] + (audience == .local ? [LocalUsers.owner] : [])
    }

    func check(_ wanted: Set<String>, in names: [String]) throws(ServerError) {
        guard let unknown = wanted.subtracting(names).sorted().first else { return }
        throw ServerError(
            .folder, "no identity is called '\(unknown)'; there are \(names.sorted().joined(separator: ", "))")
    }

    /// Makes the folders, after checking that no other user can change them or a file there: a key that another user put there would be theirs as
    /// well. That of a local system is its owner's alone, also where an earlier version made it.
    func prepare(_ audience: Audience) throws(ServerError) {
        let (above, name) = try SmallFile.halves(path)
        let folder = try OwnFolder.open(above, below: [name], making: audience == .local ? 0o700 : 0o755)
        let keys = try OwnFolder.open(above, below: [name, "keys"], making: 0o700)
        for file in keys.names { _ = try keys.read(file, .own()) }
        for file in folder.names where folder.isFile(file) { _ = try folder.read(file, .own()) }
        if audience == .local { try folder.protect(0o700) }
        try keys.protect(0o700)
    }

    /// Writes the configuration that a server includes.
    func writeConfiguration(
        _ grants: [Grant], _ publicKeys: [String: String], _ former: FormerKeys, _ system: SystemFile,
        _ environment: Environment, _ audience: Audience, passwords: [String: String] = [:]
    ) throws(ServerError) {
        let devices = DeviceSubjects(of: system)
        switch audience {
        case .deployment where system.mqtt != nil && !devices.isEmpty:
            let users = LocalUsers(
                devicePassword: try password(in: devicePassword, or: passwords[LocalUsers.device]), devices: devices)
            let text = ServerConfiguration.text(
                grants, keys: publicKeys, former: former.keys, system: system.name, environment: environment,
                local: users, origin: ServerConfiguration.generated,
                secrets: "It holds the devices' password: a secret.")
            try SmallFile.write(text, to: configuration, mode: 0o600)
        case .deployment:
            let text = ServerConfiguration.text(
                grants, keys: publicKeys, former: former.keys, system: system.name, environment: environment)
            try SmallFile.write(text, to: configuration)
        case .local:
            let local = LocalUsers(
                ownerPassword: try password(in: ownerPassword, or: passwords[LocalUsers.owner]),
                devicePassword: devices.isEmpty
                    ? nil : try password(in: devicePassword, or: passwords[LocalUsers.device]), devices: devices)
            let text = ServerConfiguration.text(
                grants, keys: publicKeys, former: former.keys, system: system.name, environment: environment,
                local: local)
            try SmallFile.write(text, to: privateConfiguration, mode: 0o600)
        }
    }

    /// The keys that are accepted beside the ones that replaced them, in the order in which they were replaced.
    ///
    /// - Throws: a `ServerError` when the file that lists them cannot be understood.
    public func former() throws(ServerError) -> [FormerKey] { try formerKeys().keys }

    func formerKeys() throws(ServerError) -> FormerKeys {
        guard SmallFile.exists(overlap) else { return FormerKeys() }
        guard let text = SmallFile.read(overlap) else {
            throw ServerError(.folder, "cannot read \(overlap): \(String(cString: strerror(errno)))")
        }
        return try FormerKeys(parsing: text, of: overlap)
    }

    func write(_ former: FormerKeys) throws(ServerError) {
        try SmallFile.write(former.text, to: overlap, mode: 0o600)
    }

    func write(_ key: CredentialsLines, of name: String, to file: String) throws(ServerError) {
        try SmallFile.write("\(key.seed)\n\(key.publicKey)\n_INBOX.\(name)\n", to: file, mode: 0o600)
    }

    /// The lines of a part's credentials file; nil when there is no good one.
    func key(of name: String) -> CredentialsLines? { CredentialsLines(credentials(name)) }

    /// The users of a private server who have a password there, each with its file.
    func passwordFiles(_ system: SystemFile, _ audience: Audience) -> [String: String] {
        var files: [String: String] = [:]
        if audience == .local { files[LocalUsers.owner] = ownerPassword }
        if audience == .local || system.mqtt != nil, !DeviceSubjects(of: system).isEmpty {
            files[LocalUsers.device] = devicePassword
        }
        return files
    }

    /// A password of 128 random bits.
    static func newPassword() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<16).map { _ in
            let byte = UInt8.random(in: .min ... .max, using: &generator)
            return (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// A password that is there, or a new one.
    ///
    /// - Parameter next: the new key in the file.
    private func password(in file: String, or next: String?) throws(ServerError) -> String {
        if let next { return next }
        if let known = try? SecretFile.read(file), known.utf8.count >= 16 { return known }
        let made = Self.newPassword()
        try SmallFile.write(made + "\n", to: file, mode: 0o600)
        return made
    }
}

/// Lines of a credentials file.
struct CredentialsLines: Sendable {
    var seed: String
    var publicKey: String
    var inboxPrefix: String?

    /// Reads a file; nil when there is no good one.
    init?(_ file: String) {
        let words = ((try? SecretFile.lines(file)) ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
        guard let seed = words.first(where: NKey.isUserSeed), let key = words.first(where: NKey.isUserPublicKey) else {
            return nil
        }
        self.init(seed: seed, publicKey: key, inboxPrefix: words.first { $0.hasPrefix("_INBOX") })
    }

    private init(seed: String, publicKey: String, inboxPrefix: String?) {
        self.seed = seed
        self.publicKey = publicKey
        self.inboxPrefix = inboxPrefix
    }

    /// A new key.
    static func make() async throws(ServerError) -> CredentialsLines {
        let pair = try await OpenSSL.makeKeyPair()
        return CredentialsLines(
            seed: NKey.userSeed(pair.seed), publicKey: NKey.userPublicKey(pair.publicKey), inboxPrefix: nil)
    }
}

import NimmerBus
import NimmerIdentity
import NimmerPlatform
import NimmerServers
import NimmerSystem
import NimmerSystemFile
import NimmerWave

/// A nats-server that asks everybody for an identity, as a deployment's does: each part of the system has its own, made of the system
/// file. The tests' own clients have a password, and no limits.
public struct IdentifiedServer: Sendable {
    /// The server.
    public let server: NATSServer
    /// Everybody's keys.
    public let identities: IdentityFolder
    /// Who may do what.
    public let grants: [Grant]
    /// The environment of the account.
    public let environment: Environment

    /// The name and the password of the tests' own clients.
    public static let ownUser = "tap"

    /// - Parameters:
    ///   - system: the text of the system file.
    ///   - folder: where the server and the keys are kept.
    ///   - isOpen: whether the tests' own clients are let in.
    ///   - syncsAlways: whether the server writes each message to disk before it acknowledges it.
    ///   - change: what becomes of the permissions before the server reads them.
    public static func start(
        _ system: String, in folder: String, _ binary: NATSBinary, environment: Environment = .dev, isOpen: Bool = true,
        syncsAlways: Bool = true, change: (String) -> String = { $0 }
    ) async throws -> IdentifiedServer {
        let identities = IdentityFolder(path: folder + "/auth")
        let report = try await identities.generate(
            try SystemFile(parsing: Array(system.utf8), file: "system.yaml"), environment)
        let account = "  \(environment.streamPrefix) {\n    jetstream: enabled\n    users: [\n"
        guard let halves = SmallFile.read(identities.configuration)?.halves(around: account) else {
            throw ServerError(.folder, "no account \(environment.streamPrefix) in \(identities.configuration)")
        }
        let user = isOpen ? "      { user: \"\(ownUser)\", password: \"\(ownUser)\" }\n" : ""
        var options = NATSServerOptions(folder: folder + "/nats", binary: binary.path, syncsAlways: syncsAlways)
        options.extraConfiguration = change(halves.before + account + user + halves.after)
        return IdentifiedServer(
            server: try await NATSServer.start(options), identities: identities, grants: report.grants,
            environment: environment)
    }

    /// What a part finds in its environment.
    public func variables(for name: String) -> [String: String] {
        var variables = ChildCommand.inheritedEnvironment.filter { !$0.key.hasPrefix("NIMMER") }
        variables["NIMMERVERSE_ENV"] = environment.rawValue
        variables["NIMMERVERSE_NATS_URL"] = server.url
        variables["NIMMERVERSE_NATS_CREDENTIALS"] = identities.credentials(name)
        return variables
    }

    /// A client of the tests' own.
    public func client(_ name: String) -> BusSettings {
        BusSettings(
            url: server.url, name: name, credentials: .password(user: Self.ownUser, password: Self.ownUser),
            waitsForServer: false, inboxPrefix: "_INBOX.operator")
    }

    /// The server's address with the password of the tests' own clients.
    public var clientURL: String { Self.clientURL(of: server) }

    /// The address of a server with the password of the tests' own clients.
    public static func clientURL(of server: NATSServer) -> String {
        "nats://\(ownUser):\(ownUser)@\(server.url.dropFirst("nats://".utf8.count))"
    }
}

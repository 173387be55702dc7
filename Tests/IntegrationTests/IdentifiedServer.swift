import NimmerBus
import NimmerIdentity
import NimmerSystem
import NimmerWave
import Testing

@testable import NimmerServers

/// A nats-server that asks everybody for an identity, as a deployment's does: each part of the house has its own, made of the system
/// file. The tests' own clients have a password, and no limits.
struct IdentifiedServer: Sendable {
    let server: NATSServer
    let identities: IdentityFolder
    let environment: Environment

    /// - Parameters:
    ///   - system: the text of the system file.
    ///   - folder: where the server and the keys are kept.
    static func start(
        _ system: String, in folder: String, _ binary: NATSBinary, environment: Environment = .dev
    ) async throws -> IdentifiedServer {
        let identities = IdentityFolder(path: folder + "/auth")
        _ = try await identities.generate(try SystemFile(parsing: Array(system.utf8), file: "system.yaml"), environment)
        let account = "  \(environment.streamPrefix) {\n    jetstream: enabled\n    users: [\n"
        let halves = try #require(SmallFile.read(identities.configuration)?.halves(around: account))
        var options = NATSServerOptions(folder: folder + "/nats", binary: binary.path)
        options.extraConfiguration = halves.before + account + WireTap.user + halves.after
        return IdentifiedServer(
            server: try await NATSServer.start(options), identities: identities, environment: environment)
    }

    /// What a part finds in its environment.
    func variables(for name: String) -> [String: String] {
        var variables = ChildCommand.inheritedEnvironment.filter { !$0.key.hasPrefix("NIMMER") }
        variables["NIMMERVERSE_ENV"] = environment.rawValue
        variables["NIMMERVERSE_NATS_URL"] = server.url
        variables["NIMMERVERSE_NATS_CREDENTIALS"] = identities.credentials(name)
        return variables
    }

    /// A client of the tests' own.
    func client(_ name: String) -> BusSettings {
        BusSettings(
            url: server.url, name: name, credentials: .password(user: WireTap.name, password: WireTap.name),
            waitsForServer: false, inboxPrefix: "_INBOX.operator")
    }

    /// The server's address with the password of the tests' own clients.
    var clientURL: String { Self.clientURL(of: server) }

    static func clientURL(of server: NATSServer) -> String {
        "nats://\(WireTap.name):\(WireTap.name)@\(server.url.dropFirst("nats://".utf8.count))"
    }
}

import Glibc
import IdentifiedServers
import NimmerBus
import NimmerPlatform
import NimmerServers
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Synchronization
import Testing

@testable import NimmerBusNATS
@testable import NimmerIdentity

/// A nats-server that knows the identities of one system file, and no others.
struct Ground: Sendable {
    static let text = """
        nimmerverse: 1
        name: ground
        cells:
          - {name: math, kind: math/v1}
          - {name: flow, kind: sensor/v1, settings: {subject: plant.flow.metres}}
          - name: motor
            kind: motor/v1
            settings: {publish: {forward: plant.wheels, stop: plant.wheels}}
          - name: cellar
            command: [./cellar]
            subjects: {publish: [house.pump], subscribe: [house.level]}
        nerves:
          - name: reflex
            kind: collision_avoidance/v1
            settings: {front: flow, motor: motor}
        organs:
          - {name: vision, kind: ollama, model: eye, url: "http://127.0.0.1:1", card: gpu}
          - {name: speech, kind: ollama, model: mouth, url: "http://127.0.0.1:1", card: gpu}
          - {name: poem, kind: ollama, model: pen, url: "http://127.0.0.1:1"}
        bridge:
          commands: act
          allow: [motor.stop]
        iris: {}
        web: {}
        """
    /// The same, with a page for operators.
    static let acting = text.replacing("web: {}", with: "web: {role: operator}")

    let server: NATSServer
    let folder: String
    let identities: IdentityFolder
    let grants: [Grant]
    let identified: IdentifiedServer

    static func system(_ text: String = text) throws -> SystemFile {
        try SystemFile(parsing: Array(text.utf8), file: "ground.yaml")
    }

    static func temporaryFolder() throws -> String {
        var template = Array("/tmp/nimmer-identity-XXXXXX".utf8CString)
        return String(cString: try #require(mkdtemp(&template)))
    }

    /// The permissions as 2.0 generated them: no name stands behind a shared subject, and a nerve may not ask `$SRV`.
    static func ofOldVersion(_ configuration: String) -> String {
        var isPublish = false
        let lines = configuration.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.filter { line in
            let text = String(line.drop { $0 == " " })
            if text.hasPrefix("publish:") { isPublish = true }
            if text.hasPrefix("subscribe:") { isPublish = false }
            if isPublish, text.hasPrefix("\"$SRV.STATS."), !text.contains(">") { return false }
            guard text.hasPrefix("\"dev.") else { return true }
            let subject = String(text.dropFirst().dropLast()).replacing("*", with: "x")
            return (try? Subject(foreign: subject)).flatMap { SharedSubject($0) }?.sender == nil
        }.joined(separator: "\n")
    }

    /// Generates, starts a server, runs the body, and stops the server whatever the body did.
    ///
    /// - Parameters:
    ///   - text: the system file.
    ///   - isOpen: whether a client of the tests' own is let in, which may do everything.
    static func with(
        _ binary: NATSBinary, _ text: String = text, oldPermissions: Bool = false, isOpen: Bool = false,
        _ body: (Ground) async throws -> Void
    ) async throws {
        let folder = try temporaryFolder()
        defer { SmallFile.remove(folder) }
        let made = try await IdentifiedServer.start(text, in: folder, binary, isOpen: isOpen, syncsAlways: false) {
            oldPermissions ? ofOldVersion($0) : $0
        }
        let ground = Ground(
            server: made.server, folder: folder, identities: made.identities, grants: made.grants, identified: made)
        do {
            try await body(ground)
        } catch {
            await ground.server.stop()
            throw error
        }
        await ground.server.stop()
    }

    func settings(_ name: String) -> BusSettings {
        BusSettings(
            url: server.url, name: name, credentials: .file(identities.credentials(name)), waitsForServer: false)
    }

    func open(_ name: String) async throws -> NATSBus { try await NATSBus.open(settings(name)) }

    /// The subjects on which the server refuses a client to publish or to subscribe: each by itself, with a round trip behind
    /// it, after which the connection's last error names the subject or does not.
    ///
    /// - Parameter launders: whether the client first asks itself, with the subject for the reply.
    func refused(
        _ name: String, _ verb: Permission.Verb, _ subjects: [String], launders: Bool = false
    ) async throws -> Set<String> {
        let bus = try await open(name)
        let door = try Subject(foreign: "\(bus.inboxPrefix).door")
        if launders { _ = try await bus.subscribe(SubjectPattern(door)) { _, _, _ in } }
        var subscriptions: [any Subscription] = []
        var refused: Set<String> = []
        for subject in subjects {
            switch verb {
            case .publish:
                let target = try Subject(foreign: subject)
                if launders {
                    try bus.publish(door, payload: [], headers: [:], reply: target)
                    try await bus.flush(timeout: .seconds(60))
                }
                try bus.publish(target, payload: [])
            case .subscribe:
                subscriptions.append(
                    try bus.attach(try SubjectPattern(subject), queue: nil, pending: 10) { _, _, _ in })
            }
            try await bus.flush(timeout: .seconds(60))
            let words = bus.state.withLock { $0.connection?.lastError } ?? ""
            if Permission(words: words) == Permission(verb: verb, subject: subject) { refused.insert(subject) }
        }
        // The server itself refuses replies to `$JS.ACK`.
        let reserved = launders ? subjects.count { $0.hasPrefix("$JS.ACK.") } : 0
        let all = UInt64(refused.count + reserved)
        for _ in 0..<200 where bus.status.counters.notPermitted < all { try await bus.flush(timeout: .seconds(60)) }
        #expect(bus.status.counters.notPermitted == all, "each refusal of \(name) is counted")
        await bus.close()
        return refused
    }
}

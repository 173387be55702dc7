import Glibc
import NimmerBus
import NimmerPlatform
import NimmerSystem
import NimmerWave
import Testing

@testable import NimmerBusNATS
@testable import NimmerIdentity
@testable import NimmerServers

@Suite("Identities as files")
struct IdentityFolderTests {
    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test func keysAreTheirOwnersAloneAndStay() async throws {
        let folder = try Ground.temporaryFolder()
        defer { SmallFile.remove(folder) }
        let identities = IdentityFolder(path: folder + "/auth")
        let first = try await identities.generate(try Ground.system(), .prod)
        #expect(Set(first.made) == Set(first.grants.map(\.name) + ["system"]))
        #expect(mode(folder + "/auth/keys") == 0o700)
        for name in first.made { #expect(mode(identities.credentials(name)) == 0o600, "\(name)") }
        let math = try #require(SmallFile.read(identities.credentials("math")))
        let text = try #require(SmallFile.read(identities.configuration))
        #expect(text.contains("PROD {") && !text.contains("authorization"))
        for name in first.made {
            let seed = try #require(SmallFile.read(identities.credentials(name))?.split(separator: "\n").first)
            #expect(!text.contains(seed), "the seed of \(name) in the server's configuration")
        }

        let again = try await identities.generate(try Ground.system(), .prod)
        #expect(again.made.isEmpty)
        #expect(SmallFile.read(identities.configuration) == text)
        let renewed = try await identities.generate(try Ground.system(), .prod, renewing: ["math"])
        #expect(renewed.made == ["math"])
        #expect(SmallFile.read(identities.credentials("math")) != math)
        #expect(SmallFile.read(identities.configuration) != text)
        let smaller = try Ground.system("nimmerverse: 1\nname: small\ncells: [{name: math, kind: math/v1}]")
        #expect(try await identities.generate(smaller, .prod).orphans.contains("flow"))
        await #expect(throws: ServerError.self) {
            try await identities.generate(smaller, .prod, renewing: ["nobody"])
        }
    }

    @Test func theKeysOfTheDocumentationAreKeys() {
        #expect(NKey.isUserPublicKey("UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"))
        #expect(NKey.isUserSeed("SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"))
        #expect(!NKey.isUserPublicKey("UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF5"))
        #expect(!NKey.isUserSeed("SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCUAVY"))
        #expect(!NKey.isUserSeed(""))
    }

    @Test(arguments: [
        ("subject: dev.cognitive.bridge.response", 1), ("subject: prod.>", 1), ("subject: \">\"", 1),
        ("subject: \"*.wave\"", 1), ("subject: \"$JS.API.>\"", 1), ("subject: _INBOX.math.x", 1),
        ("subject: 'x\",\"dev.cognitive.bridge.response'", 1), ("subject: 'x\\y'", 1), ("subject: \"x\\u0007y\"", 1),
        ("subject: _R_.x", 1), ("subjects: [plant.flow, prod.>]", 1), ("subjects: [plant.flow, _INBOX.math.x]", 1),
        ("publish: {stop: dev.nervous.cells.math.wave}", 1), ("publish: {stop: \"$SYS.REQ\"}", 1),
    ])
    func aSettingGrantsNothingOfTheHouse(setting: String, count: Int) throws {
        let text =
            "nimmerverse: 1\nname: bad\ncells:\n  - name: motor\n    kind: motor/v1\n    settings: {\(setting)}\n"
        let error = #expect(throws: SystemError.self) { try Grant.all(of: try Ground.system(text), in: .dev) }
        #expect(error?.mark.line == 6)
        #expect(error.map { "\($0)".contains("a device's subject") } == true)
    }

    @Test func aCellMayHearEachOfItsSubjectsAndDevicesMayPublishThem() throws {
        let system = try Ground.system(
            """
            nimmerverse: 1
            name: plant
            cells: [{name: across, kind: multivariate/v1, settings: {subjects: [plant.flow, plant.pressure]}}]
            """)
        let own = try #require(try Grant.all(of: system, in: .dev).first { $0.name == "across" })
        #expect(Set(own.subscribe).isSuperset(of: ["plant.flow", "plant.pressure"]))
        #expect(Set(own.publish).isDisjoint(with: ["plant.flow", "plant.pressure"]))
        #expect(DeviceSubjects(of: system).published == ["plant.flow", "plant.pressure"])
    }

    @Test func aCellCannotTakeTheNameOfARole() throws {
        for name in [
            "observer", "operator", "thalamus", "hippocampus", "cognition-bridge", "system", "owner", "bridge",
        ] {
            let text = "nimmerverse: 1\nname: bad\ncells: [{name: \(name), kind: math/v1}]"
            #expect(throws: SystemError.self) { try Grant.all(of: try Ground.system(text), in: .dev) }
        }
    }

    @Test func aTextOfTheServersLanguageEndsWhereItEnds() {
        #expect(ServerConfiguration.quoted("plant.flow") == "\"plant.flow\"")
        #expect(ServerConfiguration.quoted("a\"b\\c\n") == "\"a\\\"b\\\\c\\x0a\"")
        #expect(ServerConfiguration.quoted("größe") == "\"größe\"")
    }

    /// Keys stay when the files get the form of inboxes of this version.
    @Test func filesOfAnEarlierVersionAreBroughtUpToDate() async throws {
        let folder = try Ground.temporaryFolder()
        defer { SmallFile.remove(folder) }
        let identities = IdentityFolder(path: folder + "/auth")
        _ = try await identities.generate(try Ground.system(), .dev)
        let text = try #require(SmallFile.read(identities.credentials("math")))
        #expect(text.hasSuffix("\n_INBOX.math\n"))
        try SmallFile.write(
            text.replacing("_INBOX.math", with: "_INBOX_math"), to: identities.credentials("math"), mode: 0o600)
        #expect(try await identities.generate(try Ground.system(), .dev).made.isEmpty)
        #expect(SmallFile.read(identities.credentials("math")) == text)
        #expect(mode(identities.credentials("math")) == 0o600)
    }

    @Test(arguments: await Servers.installed())
    func theServersConfigurationsAreGood(_ binary: NATSBinary) async throws {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        for environment in Environment.allCases {
            let folder = try Ground.temporaryFolder()
            defer { SmallFile.remove(folder) }
            let identities = IdentityFolder(path: folder)
            _ = try await identities.generate(try Ground.system(), environment)
            let tls = try await DevelopmentCertificates.make(in: folder + "/tls", names: ["nats"])
            #expect(tls.certificate == folder + "/tls/server.pem")
            for name in ["nats-server.conf", "cluster.conf", "durable.conf"] {
                guard let kept = SmallFile.read("\(root)/deploy/nats/\(environment.rawValue)/\(name)") else { continue }
                let text = kept.split(separator: "\"/etc/nats/", omittingEmptySubsequences: false)
                    .joined(separator: "\"\(folder)/")
                // What 2.9 does not know is in a file of its own, which is empty for it.
                let isKnown = binary.isAtLeast(2, 10) || name != "durable.conf"
                try SmallFile.write(isKnown ? text : "", to: "\(folder)/\(name)")
            }
            let kubernetes = try #require(SmallFile.read("\(root)/deploy/kubernetes/base/nats/kubernetes.conf"))
            try SmallFile.write(kubernetes, to: "\(folder)/kubernetes.conf")
            var variables = ChildCommand.inheritedEnvironment
            variables["SERVER_NAME"] = "nats-0"
            for file in ["nats-server.conf", "kubernetes.conf"] {
                let answer = try await ChildProcess.run(
                    ChildCommand(binary.path, ["-t", "-c", "\(folder)/\(file)"], environment: variables))
                #expect(answer.status.isSuccess, "\(environment), \(file) on \(binary): \(answer.lines.map(\.text))")
            }
        }
    }

    /// A server that others run knows devices where the system file has `mqtt`; compose's configuration then has a listener.
    @Test(arguments: await Servers.installed())
    func devicesOfADeployment(_ binary: NATSBinary) async throws {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let folder = try Ground.temporaryFolder()
        defer { SmallFile.remove(folder) }
        let identities = IdentityFolder(path: folder)
        let topics = Ground.text.replacing("subject: plant.flow.metres", with: "subject: plant/flow.1/metres")
        _ = try await identities.generate(try Ground.system(topics), .dev)
        #expect(SmallFile.read(identities.configuration)?.contains("device") == false)
        #expect(!SmallFile.exists(identities.devicePassword))
        #expect(mode(identities.configuration) == 0o644)

        _ = try await identities.generate(try Ground.system(topics + "\nmqtt: {}"), .dev)
        let text = try #require(SmallFile.read(identities.configuration))
        let password = try #require(SmallFile.read(identities.devicePassword)?.split(separator: "\n").first)
        #expect(text.contains("user: \"device\", password: \"\(password)\", allowed_connection_types: [\"MQTT\"]"))
        #expect(text.contains("\"plant.flow//1.metres\"") && !text.contains("plant/flow"))
        #expect(!text.contains("user: \"owner\"") && text.contains("a secret"))
        #expect(mode(identities.configuration) == 0o600 && mode(identities.devicePassword) == 0o600)
        _ = try await identities.generate(try Ground.system(topics + "\nmqtt: {}"), .dev)
        #expect(SmallFile.read(identities.configuration) == text)

        try SmallFile.write(
            try #require(SmallFile.read("\(root)/deploy/nats/dev/nats-server.conf")), to: "\(folder)/nats-server.conf")
        try SmallFile.write(
            try #require(SmallFile.read("\(root)/deploy/compose/nats/mqtt.conf")), to: "\(folder)/mqtt.conf")
        var variables = ChildCommand.inheritedEnvironment
        variables["SERVER_NAME"] = "nats-0"
        let answer = try await ChildProcess.run(
            ChildCommand(binary.path, ["-t", "-c", "\(folder)/mqtt.conf"], environment: variables))
        #expect(answer.status.isSuccess, "\(binary): \(answer.lines.map(\.text))")
    }

    /// What stands in a device can be read out of it: the password is good for MQTT (`devicesSayAndHearTheirSubjectsOnly`) alone.
    @Test(arguments: await Servers.installed())
    func aDevicesPasswordOpensNoOtherDoor(_ binary: NATSBinary) async throws {
        let folder = try Ground.temporaryFolder()
        defer { SmallFile.remove(folder) }
        let identities = IdentityFolder(path: folder + "/auth")
        _ = try await identities.generate(try Ground.system(), .dev, for: .local)
        var options = NATSServerOptions(folder: folder + "/nats", binary: binary.path)
        options.speaksMQTT = true
        options.syncsAlways = false
        options.extraConfiguration = try #require(SmallFile.read(identities.privateConfiguration))
        let server = try await NATSServer.start(options)
        for (user, file) in [("owner", identities.ownerPassword), ("device", identities.devicePassword)] {
            let password = try #require(SmallFile.read(file)?.split(separator: "\n").first.map { String($0) })
            let settings = BusSettings(
                url: server.url, name: user, credentials: .password(user: user, password: password),
                waitsForServer: false)
            do throws(BusError) {
                await (try NATSBus.open(settings)).close()
                #expect(user == "owner", "\(user) connects as a plain client of \(binary)")
            } catch {
                #expect(user == "device" && error.code == .badCredentials, "\(user) on \(binary): \(error)")
            }
        }
        await server.stop()
    }
}

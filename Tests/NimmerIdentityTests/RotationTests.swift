import Glibc
import NimmerBus
import NimmerPlatform
import NimmerSystem
import NimmerWave
import Synchronization
import Testing

@testable import NimmerBusNATS
@testable import NimmerIdentity
@testable import NimmerServers

@Suite("Keys that are replaced", .timeLimit(.minutes(5)))
struct RotationTests {
    private static let now = Timestamp(nanoseconds: 1_800_000_000_000_000_000)
    private static let later = now.advanced(milliseconds: 3_600_000)

    private static func withFolder(_ body: (IdentityFolder) async throws -> Void) async throws {
        let folder = try Ground.temporaryFolder()
        defer { SmallFile.remove(folder) }
        try await body(IdentityFolder(path: folder + "/auth"))
    }

    private static func key(_ identities: IdentityFolder, _ name: String) throws -> String {
        try #require(CredentialsLines(identities.credentials(name))?.publicKey)
    }

    @Test func bothKeysAreValidUntilTheOverlapIsOver() async throws {
        try await Self.withFolder { identities in
            let system = try Ground.system()
            _ = try await identities.generate(system, .dev, at: Self.now)
            let (old, flow) = (try Self.key(identities, "math"), try Self.key(identities, "flow"))
            let report = try await identities.rotate(
                system, .dev, names: ["math"], until: Self.later, for: .deployment, at: Self.now
            ) { draft in
                // The server is told before the file changes, and it is told both.
                let text = try #require(SmallFile.read(identities.configuration))
                let new = try #require(CredentialsLines(draft)?.publicKey)
                #expect(text.contains(new) && text.contains(old) && new != old)
                #expect(try Self.key(identities, "math") == old)
            }
            #expect(report.made == ["math"])
            #expect(try Self.key(identities, "flow") == flow)
            let new = try Self.key(identities, "math")
            var text = try #require(SmallFile.read(identities.configuration))
            #expect(text.contains(new) && text.contains("until \(Self.later.rfc3339)"))
            let users = text.split(separator: "      # math").dropFirst().map { $0.split(separator: "permissions")[1] }
            #expect(users.count == 2 && users[0].prefix(400) == users[1].prefix(400), "the same permissions")

            #expect(try await identities.generate(system, .dev, at: Self.now).former.map(\.publicKey) == [old])
            #expect(
                try await identities.finishRotation(system, .dev, names: [], for: .deployment, at: Self.now).ended
                    .isEmpty)
            let over = try await identities.generate(system, .dev, at: Self.later)
            #expect(over.ended.map(\.publicKey) == [old] && over.former.isEmpty)
            text = try #require(SmallFile.read(identities.configuration))
            #expect(text.contains(new) && !text.contains(old))
        }
    }

    @Test func aRotationThatFailsChangesNoKey() async throws {
        struct NoServer: Error {}
        try await Self.withFolder { identities in
            let system = try Ground.system()
            _ = try await identities.generate(system, .dev, at: Self.now)
            let old = try Self.key(identities, "math")
            await #expect(throws: NoServer.self) {
                try await identities.rotate(
                    system, .dev, names: nil, until: Self.later, for: .deployment, at: Self.now
                ) { _ in throw NoServer() }
            }
            #expect(try Self.key(identities, "math") == old)
            #expect(!SmallFile.names(in: identities.path + "/keys").contains { $0.hasSuffix(".next") })
            // What is in use is no former key: the server would refuse a configuration with the same user twice.
            #expect(try await identities.generate(system, .dev, at: Self.now).former.isEmpty)
            let text = try #require(SmallFile.read(identities.configuration))
            #expect(text.split(separator: old).count == 2)
        }
    }

    @Test func passwordsOfThePrivateServerAreReplacedToo() async throws {
        struct NoServer: Error {}
        try await Self.withFolder { identities in
            let system = try Ground.system()
            _ = try await identities.generate(system, .dev, for: .local, at: Self.now)
            func files() -> [String] {
                [identities.ownerPassword, identities.devicePassword].map { SmallFile.read($0) ?? "" }
            }
            func rotate(_ names: Set<String>?, _ reload: (String) throws -> Void = { _ in }) async throws
                -> IdentityFolder.Report
            {
                try await identities.rotate(
                    system, .dev, names: names, until: Self.later, for: .local, at: Self.now, reload: reload)
            }
            let first = files()
            let owner = try Self.key(identities, "owner")
            await #expect(throws: NoServer.self) { try await rotate(nil) { _ in throw NoServer() } }
            #expect(files() == first)
            #expect(try Self.key(identities, "owner") == owner)
            _ = try await identities.generate(system, .dev, for: .local, at: Self.now)

            let device = try await rotate(["device"]) { draft in
                #expect(SmallFile.exists(draft))
                #expect(files() == first, "the server is told first")
            }
            #expect(device.passwords == ["device"] && device.made.isEmpty)
            let second = files()
            #expect(second[0] == first[0] && second[1] != first[1])
            let all = try await rotate(nil)
            #expect(all.passwords == ["device", "owner"] && all.made.contains("owner"))
            let text = try #require(SmallFile.read(identities.privateConfiguration))
            for (old, new) in zip(second, files()) {
                #expect(old != new && new.utf8.count == 33)
                #expect(text.contains(new.dropLast()) && !text.contains(old.dropLast()))
            }
            #expect(!SmallFile.names(in: identities.path).contains { $0.hasSuffix(".next") })
            // A server that somebody else runs has neither.
            await #expect(throws: ServerError.self) {
                try await identities.rotate(
                    system, .dev, names: ["device"], until: Self.later, for: .deployment, at: Self.now
                ) { _ in }
            }
        }
    }

    @Test func anInvalidLineOfTheFileIsReported() async throws {
        try await Self.withFolder { identities in
            let system = try Ground.system()
            _ = try await identities.generate(system, .dev, at: Self.now)
            try SmallFile.write("# fine\nmath UNKEY tomorrow\n", to: identities.overlap)
            let error = await #expect(throws: ServerError.self) { try await identities.generate(system, .dev) }
            #expect(error?.message.contains("overlap:2: found 'math UNKEY tomorrow'") == true)
        }
    }

    /// A system under load: waves, questions and openings that are stored, while everybody's key is replaced and the old ones end.
    @Test(arguments: await Servers.installed())
    func nothingIsLostWhileKeysAreReplacedAndEnd(_ binary: NATSBinary) async throws {
        let folder = try Ground.temporaryFolder()
        defer { SmallFile.remove(folder) }
        let identities = IdentityFolder(path: folder + "/auth")
        let system = try Ground.system()
        _ = try await identities.generate(system, .dev)
        var options = NATSServerOptions(folder: folder + "/nats", binary: binary.path)
        options.extraConfiguration = "include \"../auth/identities.conf\""
        options.syncsAlways = false
        let server = try await NATSServer.start(options)
        do {
            try await Self.rotate(identities, system, server)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private static func open(_ name: String, _ file: String, _ server: NATSServer) async throws -> NATSBus {
        try await NATSBus.open(
            BusSettings(url: server.url, name: name, credentials: .file(file), waitsForServer: false))
    }

    private static func rotate(_ identities: IdentityFolder, _ system: SystemFile, _ server: NATSServer) async throws {
        let names = ["flow", "motor", "reflex", "thalamus"]
        var old: [String: String] = [:]
        var buses: [String: NATSBus] = [:]
        for name in names {
            old[name] = "\(identities.path)/\(name).old"
            try SmallFile.write(
                try #require(SmallFile.read(identities.credentials(name))), to: old[name]!, mode: 0o600)
            buses[name] = try await open(name, identities.credentials(name), server)
        }
        let load = try await Load(buses)
        func connections() -> [ObjectIdentifier?] {
            names.map { name in buses[name]?.state.withLock { $0.connection.map { ObjectIdentifier($0) } } ?? nil }
        }
        let before = connections()
        let working = Task { try await load.work() }
        try await load.reaches(300)
        _ = try await identities.rotate(
            system, .dev, names: nil, until: .now().advanced(milliseconds: 60_000), for: .deployment
        ) { draft in
            #expect(server.reload())
            while (try? await open("flow", draft, server).close()) == nil {}
        }
        // Everybody reads the file again and moves.
        while zip(before, connections()).contains(where: { $0 == $1 }) { try await Task.sleep(for: .milliseconds(20)) }
        try await load.reaches(load.said + 300)
        let all = Set(try identities.former().map(\.name))
        #expect(all.isSuperset(of: names))
        _ = try await identities.finishRotation(system, .dev, names: all, for: .deployment)
        #expect(server.reload())
        for name in names {
            while (try? await open(name, old[name]!, server).close()) != nil {}
            let error = await #expect(throws: BusError.self) { try await open(name, old[name]!, server) }
            #expect(error?.code == .badCredentials)
        }
        try await load.reaches(load.said + 300)
        load.end()
        try await working.value
        try await load.check()
        for (name, bus) in buses {
            let status = bus.status
            #expect(status.counters.reconnects == 0, "\(name) was cut")
            #expect(status.counters.notPermitted == 0 && status.counters.lost == 0 && status.counters.refused == 0)
            await bus.close()
        }
    }
}

/// Waves of a cell, its answers to a nerve, and what a thalamus stores, each numbered.
private final class Load: Sendable {
    /// Waves in each round.
    private static let wavesEach: UInt64 = 10
    private let buses: [String: NATSBus]
    private let heard = Mutex<(waves: [UInt64: Int], asked: Int, number: UInt64)>(([:], 0, 0))
    private let isOver = Atomic(false)
    private let failure = Mutex<String?>(nil)

    init(_ buses: [String: NATSBus]) async throws {
        self.buses = buses
        let thalamus = try #require(buses["thalamus"])
        let motor = try #require(buses["motor"])
        _ = try await thalamus.ensureStream(
            StreamConfiguration(
                name: SystemStreams.transitions(.dev),
                subjects: [try SubjectPattern("dev.nervous.gates.*.transition")]))
        _ = try await thalamus.subscribe(try SubjectPattern("dev.nervous.*.*.wave")) { [weak self] _, payload, _ in
            let number = payload.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
            self?.heard.withLock { $0.waves[number, default: 0] += 1 }
        }
        _ = try await motor.subscribe(
            try SubjectPattern("dev.nervous.cells.motor.request.*"), queue: try Token("motor")
        ) { [weak self] _, payload, arrival in
            self?.heard.withLock { $0.asked += 1 }
            if let reply = arrival.reply { try? motor.publish(reply, payload: payload.withUnsafeBytes { Array($0) }) }
        }
    }

    var said: UInt64 { heard.withLock { $0.number } }
    func end() { isOver.store(true, ordering: .relaxed) }

    func reaches(_ number: UInt64) async throws {
        while said < number {
            try #require(failure.withLock { $0 } == nil)
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Says waves, asks and stores until the end; every question is answered and every transition acknowledged.
    func work() async throws {
        do { try await load() } catch {
            failure.withLock { $0 = "\(error)" }
            throw error
        }
    }

    private func load() async throws {
        let (flow, reflex, thalamus) = (buses["flow"]!, buses["reflex"]!, buses["thalamus"]!)
        let wave = try Subject(foreign: "dev.nervous.cells.flow.wave")
        let request = try Subject(foreign: "dev.nervous.cells.motor.request.reflex")
        let transition = try Subject(foreign: "dev.nervous.gates.flow.transition")
        while !isOver.load(ordering: .relaxed) {
            let number = heard.withLock { heard in
                heard.number += 1
                return heard.number
            }
            let bytes = withUnsafeBytes(of: number) { Array($0) }
            for part in 0..<Self.wavesEach {
                try flow.publish(wave, payload: withUnsafeBytes(of: number * Self.wavesEach + part) { Array($0) })
            }
            let answer = try await reflex.request(request, payload: bytes, timeout: .seconds(60))
            #expect(answer.payload == bytes)
            _ = try await thalamus.publishDurably(transition, payload: bytes, id: MessageID.v7())
        }
    }

    func check() async throws {
        let thalamus = buses["thalamus"]!
        try await buses["flow"]!.flush(timeout: .seconds(60))
        try await thalamus.flush(timeout: .seconds(60))
        let (waves, asked, number) = heard.withLock { $0 }
        let lost = (Self.wavesEach..<(number + 1) * Self.wavesEach).filter { waves[$0] == nil }
        #expect(lost.isEmpty, "\(lost.count) of \(number * Self.wavesEach) waves were lost: \(lost.prefix(10))")
        let doubled = waves.values.count { $0 > 1 }
        #expect(doubled == 0, "\(doubled) waves came twice")
        #expect(asked == number, "a question to a queue is asked once")
        #expect(try await thalamus.stream(SystemStreams.transitions(.dev)).messages == number)
    }
}

import Glibc
import NimmerBus
import NimmerBusNATS
import NimmerPlatform
import NimmerWave
import Synchronization
import Testing

@testable import NimmerServers

/// A real thalamus with a system file that grants origins (decision 0018).
@Suite("Origins and new regions", .enabled(Prerequisites.note, Prerequisites.areMet), .timeLimit(.minutes(5)))
struct OriginSystemTests {
    private static let system = """
        nimmerverse: 1
        name: granted
        cells:
          - {name: alpha, command: [sleep, "60"]}
          - {name: gateway, command: [sleep, "60"], origins: ["vm-*"]}
          - name: vitals   # this machine
            kind: vitals/v1
            settings: {interval_ms: 100}
        """

    /// What is heard of gates and refusals.
    private struct Heard {
        var opened: Set<String> = []
        var rejects: [Reject] = []
    }

    @Test(
        "one cell with three origins opens nothing and is told the line; a granted one opens; too many regions are refused"
    )
    func granted() async throws {
        for binary in await NATSBinary.installed() {
            var template = Array("/tmp/nimmer-origins-XXXXXX".utf8CString)
            let folder = String(cString: try #require(mkdtemp(&template)))
            defer { SmallFile.remove(folder) }
            let file = "\(folder)/granted.yaml"
            try SmallFile.write(Self.system, to: file)
            let nats = try await NATSServer.start(NATSServerOptions(folder: folder + "/nats", binary: binary.path))
            let bus = try await NATSBus.open(BusSettings(url: nats.url, name: "origin-test", waitsForServer: false))
            var variables = ChildCommand.inheritedEnvironment.filter { !$0.key.hasPrefix("NIMMER") }
            variables["NIMMERVERSE_NATS_URL"] = nats.url
            let isListening = Atomic<Bool>(false)
            let thalamus = try await ChildProcess.spawn(
                ChildCommand(WholeSystem.executable("thalamus"), ["--system", file], environment: variables),
                output: .lines { line in
                    if line.text.includes("Listening") { isListening.store(true, ordering: .relaxed) }
                })
            let heard = Mutex(Heard())
            _ = try await bus.subscribe(.transitions(.dev)) { _, payload, _ in
                let bytes = payload.withUnsafeBytes { Array($0) }
                guard let body = try? Envelope<GateTransition>(decoding: bytes).body, body.toState == .open else {
                    return
                }
                heard.withLock { _ = $0.opened.insert(body.region.text) }
            }
            _ = try await bus.subscribe(.rejects(.dev)) { _, payload, _ in
                let bytes = payload.withUnsafeBytes { Array($0) }
                guard let body = try? Envelope<Reject>(decoding: bytes).body else { return }
                heard.withLock { $0.rejects.append(body) }
            }
            func emit(_ cell: String, _ region: String, as origin: String? = nil) throws {
                let wave = WaveSignal(
                    domain: try Token("plant"), confidence: 0.95, semanticContent: [:], region: try Region(region),
                    origin: try origin.map { try Token($0) })
                let message = Envelope(id: .v7(), at: .now(), from: Source(entityID: cell, entityType: .cell), wave)
                try bus.publish(.wave(.dev, cell: try Token(cell)), payload: message.encoded())
            }
            func statistics() async throws -> JSON? {
                let answer = try await bus.request(
                    try Subject(foreign: "$SRV.STATS.thalamus"), payload: [], timeout: .seconds(20))
                return try JSON(parsing: String(decoding: answer.payload, as: UTF8.self))["data"]
            }
            #expect(await eventually(within: .seconds(120)) { isListening.load(ordering: .relaxed) })
            for origin in ["vm-1", "vm-2"] { try emit("gateway", "plant.granted", as: origin) }
            #expect(await eventually(within: .seconds(120)) { heard.withLock { $0.opened.contains("plant.granted") } })
            for index in 0..<3 { try emit("alpha", "plant.pump", as: "witness-\(index)") }
            #expect(await eventually(within: .seconds(120)) { heard.withLock { $0.rejects.count >= 3 } })
            let reasons = heard.withLock { $0.rejects.map(\.reason) }
            #expect(
                reasons.first
                    == "the origin 'witness-0' is not granted to 'alpha': the entry 'alpha' of \(file):4 needs the line  "
                    + "origins: [\"witness-0\"]")
            // A cell that invents regions, and an honest pair beside it.
            for index in 0..<3000 { try emit("alpha", "invented.r\(index)") }
            try emit("alpha", "plant.honest")
            for cell in ["ann", "ben"] { try emit(cell, "plant.honest") }
            #expect(await eventually(within: .seconds(120)) { heard.withLock { $0.opened.contains("plant.honest") } })
            let data = try #require(try await statistics())
            #expect(data["waves_ungranted"]?.int == 3, "\(data)")
            #expect(data["waves_in_refused_regions"]?.int ?? 0 > 1500, "\(data)")
            #expect(heard.withLock { !$0.opened.contains("plant.pump") })
            #expect(
                heard.withLock { $0.rejects.contains { $0.reason.hasPrefix("limited: ") && $0.field == "body.region" } }
            )
            await bus.close()
            _ = await thalamus.terminate(grace: .seconds(60))
            await nats.stop()
        }
    }

    @Test("nimmer check --write grants a real cell what its manifest names, and then all is in order")
    func written() async throws {
        var template = Array("/tmp/nimmer-origins-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        let file = "\(folder)/granted.yaml"
        try SmallFile.write(Self.system, to: file)
        func check(_ words: [String]) async throws -> (status: ChildExit, lines: [OutputLine]) {
            try await ChildProcess.run(ChildCommand(WholeSystem.executable("nimmer"), ["check", file] + words))
        }
        #expect(try await check([]).status == .exited(1))
        #expect(try await check(["--write"]).status == .exited(0))
        let text = try #require(SmallFile.read(file))
        #expect(text.includes("    kind: vitals/v1\n    origins: [\"*-cpu\", \"*-memory\""), "\(text)")
        #expect(text.includes("- name: vitals   # this machine"))
        #expect(try await check([]).status == .exited(0))
    }
}

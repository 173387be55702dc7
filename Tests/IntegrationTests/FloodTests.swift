import Glibc
import NimmerBus
import NimmerBusNATS
import NimmerPlatform
import NimmerWave
import Synchronization
import Testing

@testable import NimmerServers

/// A real thalamus, and a cell that speaks as fast as it can (decision 0016).
@Suite(
    "A flood", .enabled(Prerequisites.note, Prerequisites.areMet),
    .enabled(if: Executables.find("python3") != nil, "there is no python3"), .serialized, .timeLimit(.minutes(5)))
struct FloodTests {
    /// `Tests/Chaos/flood.py`, which is stopped by a signal.
    private func flood(_ port: UInt16) async throws -> ChildProcess {
        let script = Prerequisites.fixture("../../Chaos/flood.py")
        return try await ChildProcess.spawn(
            ChildCommand(
                "python3",
                [
                    script, "--port", "\(port)", "--regions", "1", "--origins", "0", "--cells", "1",
                    "--cell", "mad", "--domain", "madness", "--block", "200",
                ]), output: .discarded)
    }

    @Test("is held back by the server and reported, while others open gates; it is released when it ends")
    func heldBack() async throws {
        var template = Array("/tmp/nimmer-flood-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        let binary = try await NATSBinary.choose()
        let nats = try await NATSServer.start(NATSServerOptions(folder: folder + "/nats", binary: binary.path))
        let bus = try await NATSBus.open(BusSettings(url: nats.url, name: "flood-test", waitsForServer: false))
        var variables = ChildCommand.inheritedEnvironment.filter { !$0.key.hasPrefix("NIMMERVERSE_") }
        variables["NIMMERVERSE_NATS_URL"] = nats.url
        let lines = Mutex<[String]>([])
        let thalamus = try await ChildProcess.spawn(
            ChildCommand(WholeSystem.executable("thalamus"), [], environment: variables),
            output: .lines { line in lines.withLock { $0.append(line.text) } })
        func says(_ words: String) async -> Bool {
            await eventually(within: .seconds(120)) { lines.withLock { $0.contains { $0.includes(words) } } }
        }
        let opened = Mutex<Set<String>>([])
        _ = try await bus.subscribe(.transitions(.dev)) { _, payload, _ in
            let bytes = payload.withUnsafeBytes { Array($0) }
            guard let body = try? Envelope<GateTransition>(decoding: bytes).body, body.toState == .open else { return }
            opened.withLock { _ = $0.insert(body.region.text) }
        }
        func agree(on region: String) throws {
            for cell in ["one", "two"] {
                let wave = WaveSignal(
                    domain: try Token("quiet"), confidence: 0.9, semanticContent: [:], region: try Region(region))
                let message = Envelope(id: .v7(), at: .now(), from: Source(entityID: cell, entityType: .cell), wave)
                try bus.publish(.wave(.dev, cell: try Token(cell)), payload: message.encoded())
            }
        }
        #expect(await says("Listening"))
        try agree(on: "before")
        #expect(await eventually(within: .seconds(120)) { opened.withLock { $0.contains("before") } })
        let mad = try await flood(nats.port)
        #expect(await says("A sender floods the bus"))
        #expect(await says("Holds a sender back, so that the others get through"))
        let statistics = try await bus.request(
            try Subject(foreign: "$SRV.STATS.thalamus"), payload: [], timeout: .seconds(20))
        #expect(String(decoding: statistics.payload, as: UTF8.self).includes("held back for the others' sake"))
        let regions = (0..<20).map { "while.r\($0)" }
        for region in regions { try agree(on: region) }
        #expect(await eventually(within: .seconds(120)) { opened.withLock { $0.isSuperset(of: regions) } })
        await mad.terminate(signal: SIGKILL)
        #expect(await says("Holds a sender back no more"))
        try agree(on: "after")
        #expect(await eventually(within: .seconds(120)) { opened.withLock { $0.contains("after") } })
        await bus.close()
        let exit = await thalamus.terminate(grace: .seconds(60))
        #expect(exit.isSuccess, "\(lines.withLock { $0.suffix(5) })")
        await nats.stop()
    }
}

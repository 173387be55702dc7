import IdentifiedServers
import Glibc
import NimmerBus
import NimmerBusNATS
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// A sensor cell under its own identity that is stopped and started: what it has learned is still known (sensing.md, What survives a restart).
@Suite(
    "What was learned survives a restart", .enabled(Prerequisites.note, Prerequisites.areMet), .serialized,
    .timeLimit(.minutes(5)))
struct LearnedRestartTests {
    private static let system = """
        nimmerverse: 1
        name: kept
        cells:
          - {name: flow, kind: sensor/v1, settings: {subject: plant.flow, learning_samples: 60}}
        """

    /// A sensor cell that lives, and what it logs.
    private struct Cell {
        let child: ChildProcess
        let lines: LineBox

        static func start(_ words: [String], _ variables: [String: String]) async throws -> Cell {
            let lines = LineBox(limit: 200)
            let child = try await ChildProcess.spawn(
                ChildCommand(WholeSystem.executable("sensor-cell"), words, environment: variables),
                output: .lines { lines.append($0) })
            return Cell(child: child, lines: lines)
        }

        func logs(_ text: String) -> Bool { lines.texts.contains { $0.includes(text) } }
    }

    /// Looks until a condition holds.
    private func until(_ holds: () async -> Bool) async -> Bool {
        let deadline = ContinuousClock.now.advanced(by: .seconds(120))
        while ContinuousClock.now < deadline {
            if await holds() { return true }
            try? await Task.sleep(for: .milliseconds(50))
        }
        return false
    }

    @Test("the cell continues; other settings learn as new; without a thalamus it starts all the same")
    func survives() async throws {
        for binary in await NATSBinary.installed() {
            var template = Array("/tmp/nimmer-kept-XXXXXX".utf8CString)
            let folder = String(cString: try #require(mkdtemp(&template)))
            defer { SmallFile.remove(folder) }
            let file = "\(folder)/kept.yaml"
            try SmallFile.write(Self.system, to: file)
            let server = try await IdentifiedServer.start(Self.system, in: folder, binary)
            let bus = try await NATSBus.open(server.client("kept-test"))
            func variables(_ name: String) -> [String: String] {
                server.variables(for: name).merging(["NIMMERVERSE_SYSTEM": file]) { $1 }
            }
            func stats() async -> JSON? {
                let answer = try? await bus.request(try Subject(foreign: "$SRV.STATS.flow"), payload: [])
                return answer.flatMap { try? JSON(parsing: $0.payload) }?["data"]
            }
            // A cell answers `$SRV` before it hears its source: the first reading is repeated until it is heard.
            func feed(_ readings: Int) async throws {
                #expect(await until { await stats() != nil })
                let before = await stats()?["readings"]?.int ?? 0
                func send() throws {
                    try bus.publish(
                        try Subject(foreign: "plant.flow"), payload: Array("2\(Int.random(in: 0..<10))".utf8))
                }
                if before == 0 {
                    #expect(
                        await until {
                            try? send()
                            try? await Task.sleep(for: .milliseconds(200))
                            return await stats()?["readings"]?.int ?? 0 > 0
                        })
                }
                let heard = await stats()?["readings"]?.int ?? 0
                for _ in heard..<max(heard, before + readings) { try send() }
                #expect(await until { await stats()?["readings"]?.int ?? 0 >= before + readings })
            }
            func questions() async -> Int {
                let answer = try? await bus.request(try Subject(foreign: "$SRV.STATS.thalamus"), payload: [])
                return answer.flatMap { try? JSON(parsing: $0.payload) }?["endpoints"]?[0]?["num_requests"]?.int ?? 0
            }
            // Without a thalamus: it lives at once, and learns.
            var cell = try await Cell.start(["--name", "flow"], variables("flow"))
            try await feed(20)
            let learned = await stats()
            #expect(learned?["progress"]?["done"]?.int == learned?["readings"]?.int)
            #expect(cell.logs("cannot be asked for yet"))
            let thalamus = try await ChildProcess.spawn(
                ChildCommand(WholeSystem.executable("thalamus"), [], environment: variables("thalamus")),
                output: .discarded)
            let stream = "KV_DEV-LEARNED"
            #expect(await until { (try? await bus.stream(stream)) != nil })
            try await feed(70)
            #expect(await stats()?["progress"] == nil)
            // It has asked for what was kept, and may write now.
            #expect(await until { await questions() > 0 })
            #expect(await cell.child.terminate(grace: .seconds(60)) == .exited(0))
            let kept = try await bus.lastMessage(stream: stream, subject: try Subject(foreign: "$KV.DEV-LEARNED.flow"))
            #expect(kept.map { $0.message.payload.count } ?? 0 > 300, "\(cell.lines.texts)")
            // Its next life knows what is normal.
            cell = try await Cell.start(["--name", "flow"], variables("flow"))
            try await feed(1)
            #expect(await stats()?["progress"] == nil && cell.logs("Continues with what was learned before"))
            #expect(await stats()?["state"]?.string == "CALM")
            _ = await cell.child.terminate(grace: .seconds(60))
            // Another source is another sensor.
            cell = try await Cell.start(["--name", "flow", "--learning-samples", "90"], variables("flow"))
            try await feed(1)
            let other = await stats()
            #expect(other?["progress"]?["done"]?.int == other?["readings"]?.int && cell.logs("is set aside"))
            #expect(!cell.logs("does not permit"), "\(cell.lines.texts)")
            _ = await cell.child.terminate(grace: .seconds(60))
            _ = await thalamus.terminate(grace: .seconds(60))
            await bus.close()
            await server.server.stop()
        }
    }
}

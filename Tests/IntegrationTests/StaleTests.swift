import Glibc
import NimmerBus
import NimmerBusNATS
import NimmerPlatform
import NimmerWave
import Synchronization
import Testing

@testable import NimmerServers

/// Real cells on a real server, whose inputs stop (sensing.md, Stale).
@Suite("An input that has stopped", .enabled(Prerequisites.note, Prerequisites.areMet), .timeLimit(.minutes(5)))
struct StaleTests {
    /// The silences of each cell, in order: whether each begins.
    private final class Heard: Sendable {
        private let edges = Mutex<[String: [ChangeEdge]]>([:])

        func add(_ cell: String, _ edge: ChangeEdge) { edges.withLock { $0[cell, default: []].append(edge) } }
        func edges(_ cell: String) -> [ChangeEdge] { edges.withLock { $0[cell] ?? [] } }
    }

    @Test("the cell is STALE by what it learned or by its setting, is named, and comes back by itself")
    func stops() async throws {
        var template = Array("/tmp/nimmer-stale-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        let nats = try await NATSServer.start(NATSServerOptions(folder: folder))
        let bus = try await NATSBus.open(BusSettings(url: nats.url, name: "stale-test", waitsForServer: false))
        var variables = ChildCommand.inheritedEnvironment.filter { !$0.key.hasPrefix("NIMMER") }
        variables["NIMMERVERSE_NATS_URL"] = nats.url
        let heard = Heard()
        _ = try await bus.subscribe(try SubjectPattern("dev.nervous.cells.*.change")) { _, _, arrival in
            let message = arrival.message()
            let cell = message.subject.text.split(separator: ".")[3]
            guard let body = try? Envelope<ChangeEvent>(decoding: message.payload).body,
                body.view == ChangeEvent.silence
            else { return }
            heard.add(String(cell), body.edge)
        }
        let commands = [
            ("sensor-cell", ["--name", "flow", "--subject", "plant.flow"]),
            ("distance-cell", ["--name", "range", "--subject", "plant.range", "--stale-after-ms", "2000"]),
            (
                "multivariate-cell",
                ["--name", "both", "--subjects", "plant.flow,plant.range", "--stale-after-ms", "2000"]
            ),
            ("sensor-cell", ["--name", "other", "--subject", "plant.other", "--stale-after-ms", "0"]),
        ]
        var cells: [ChildProcess] = []
        for (program, words) in commands {
            let command = ChildCommand(WholeSystem.executable(program), words, environment: variables)
            cells.append(try await ChildProcess.spawn(command, output: .lines { _ in }))
        }
        func nimmer(_ words: String...) async throws -> String {
            let command = ChildCommand(WholeSystem.executable("nimmer"), words, environment: variables)
            let answer = try await ChildProcess.run(command, limit: .seconds(120))
            return answer.lines.filter { $0.stream == .output }.map(\.text).joined(separator: "\n")
        }
        func readings(_ cell: String) async -> Int {
            let answer = try? await bus.request(try Subject(foreign: "$SRV.STATS.\(cell)"), payload: [])
            return answer.flatMap { try? JSON(parsing: $0.payload) }?["data"]?["readings"]?.int ?? 0
        }
        /// Publishes numbers until a condition holds.
        func publish(until holds: () async -> Bool) async throws {
            let deadline = ContinuousClock.now.advanced(by: .seconds(120))
            var count = 0
            while ContinuousClock.now < deadline {
                for subject in ["plant.flow", "plant.range"] {
                    try bus.publish(try Subject(foreign: subject), payload: Array("1.\(count % 7)".utf8))
                }
                count += 1
                try await Task.sleep(for: .milliseconds(20))
                if count % 25 == 0, await holds() { return }
            }
            Issue.record("the cells do not take what is published")
        }
        try await publish {
            for cell in ["flow", "range", "both"] where await readings(cell) < 300 { return false }
            return true
        }
        for cell in ["flow", "range", "both"] {
            #expect(await eventually(within: .seconds(120)) { heard.edges(cell).last == .begin }, "\(cell) is STALE")
        }
        let list = try await nimmer("cell", "list")
        for cell in ["flow", "range", "both"] {
            let line = list.split(separator: "\n").first { $0.hasPrefix(cell) } ?? ""
            #expect(line.contains("STALE"), "\(list)")
        }
        let status = try await nimmer("status")
        #expect(status.contains("flow: STALE: no reading for "), "\(status)")
        let before = ["flow", "range", "both"].map { heard.edges($0).count }
        try await publish { ["flow", "range", "both"].allSatisfy { heard.edges($0).last == .end } }
        #expect(before == ["flow", "range", "both"].map { heard.edges($0).count - 1 }, "one line each")
        #expect(heard.edges("other") == [])
        #expect(try await nimmer("cell", "list").contains("LEARNING"))
        for cell in cells { _ = await cell.terminate(grace: .seconds(60)) }
        await bus.close()
        await nats.stop()
    }
}

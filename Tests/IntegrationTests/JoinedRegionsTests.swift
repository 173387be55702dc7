import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

/// The promise: cells that name one thing in two ways are witnesses of it, and nobody wrote an alias.
@Suite(
    "Joined regions", .enabled(Prerequisites.note, Prerequisites.areMet), .serialized, .timeLimit(.minutes(8)))
struct JoinedRegionsTests {
    private static let file = """
        nimmerverse: 1
        name: joined
        gates:
          defaults: {window_ms: 300000, half_life_ms: 300000}
        iris: {}
        """

    /// A line of bash that emits a wave, and `nimmer` for what people ask.
    private func nimmer(_ words: String, on system: WholeSystem) async throws -> [String] {
        let tool = WholeSystem.executable("nimmer")
        let answer = try await ChildProcess.run(
            ChildCommand("bash", ["-c", "'\(tool)' \(words) --server '\(system.clientURL)'"]), limit: .seconds(120))
        #expect(answer.status.isSuccess, "\(words): \(answer.lines.map(\.text))")
        return answer.lines.filter { $0.stream == .output }.map(\.text)
    }

    private func home(of region: String, on system: WholeSystem) async throws -> JSON {
        let lines = try await nimmer("region why \(region) --json", on: system)
        return try JSON(parsing: Array(lines.joined(separator: "\n").utf8)).resolved
    }

    private func waitForHome(of region: String, on system: WholeSystem) async throws -> JSON {
        let isKnown = try await system.wait(within: .seconds(120)) {
            try await home(of: region, on: system)["decision"] != nil
        }
        #expect(isKnown, "\(region) has no home: \(system.log.suffix(10))")
        return try await home(of: region, on: system)
    }

    @Test(
        "open one gate for two cells in two languages, and another for a door, on every nats-server",
        .enabled("no python3 with nats-py; install it with: pip install nats-py") {
            await Prerequisites.python() != nil
        })
    func oneGateOfTwoNames() async throws {
        let python = try #require(await Prerequisites.python())
        for binary in await NATSBinary.installed() {
            try await WholeSystem.run(on: binary, file: Self.file, isIdentified: false) { system in
                let script = [Prerequisites.fixture("foreign_cell.py"), system.clientURL, system.environment.rawValue]
                let cell = try await ChildProcess.run(ChildCommand(python, script + ["math=0.9"]))
                #expect(cell.status.isSuccess, "\(cell.lines.map(\.text))")
                #expect(try await waitForHome(of: "math", on: system)["home"]?.string == "math")

                _ = try await nimmer("wave emit --cell adder --region arithmetic --confidence 0.9", on: system)
                let joined = try await waitForHome(of: "arithmetic", on: system)
                #expect(joined["home"]?.string == "math" && joined["decision"]?["reason"]?.string == "joined")
                let isOpen = try await system.wait(within: .seconds(120)) { !system.openings(region: "math").isEmpty }
                #expect(isOpen, "\(system.log.suffix(10))")
                let opening = try #require(system.openings(region: "math").first)
                #expect(Set(opening.body.triggerSignals.map(\.source)) == ["math", "adder"])
                #expect(opening.body.gateID.text == "math" && system.openings(region: "arithmetic").isEmpty)

                for sender in ["keeper", "visitor"] {
                    _ = try await nimmer("wave emit --cell \(sender) --region door --confidence 0.9", on: system)
                }
                #expect(try await waitForHome(of: "door", on: system)["home"]?.string == "door")
                let other = try await system.wait(within: .seconds(120)) { !system.openings(region: "door").isEmpty }
                #expect(other && system.openings(region: "math").count == 1)

                // The gate is open: nothing moves.
                let tool = WholeSystem.executable("nimmer")
                let words = ["region", "split", "arithmetic", "--server", system.clientURL]
                let refused = try await ChildProcess.run(ChildCommand(tool, words), limit: .seconds(120))
                #expect(!refused.status.isSuccess)
                #expect(refused.lines.contains { $0.text.contains("is open") }, "\(refused.lines.map(\.text))")

                // Restarted, it knows what was decided.
                await system.crash(.thalamus)
                try await system.start(.thalamus)
                let again = try await system.wait(within: .seconds(120)) {
                    let answer = try await ChildProcess.run(
                        ChildCommand(tool, ["region", "list", "--json", "--server", system.clientURL]),
                        limit: .seconds(120))
                    return answer.status.isSuccess
                        && answer.lines.map(\.text).joined().contains("\"arithmetic\"")
                }
                #expect(again)
                #expect(try await home(of: "arithmetic", on: system)["home"]?.string == "math")
            }
        }
    }
}

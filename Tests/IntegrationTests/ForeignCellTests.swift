import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

/// The promise: a cell in another language works, from two waves to the rows in PostgreSQL.
@Suite(
    "A foreign cell", .enabled(Prerequisites.note, Prerequisites.areMet), .serialized, .timeLimit(.minutes(5)))
struct ForeignCellTests {
    private func run(_ python: String, _ arguments: [String], on system: WholeSystem) async throws {
        let script = [Prerequisites.fixture("foreign_cell.py"), system.clientURL, system.environment.rawValue]
        let answer = try await ChildProcess.run(ChildCommand(python, script + arguments))
        #expect(answer.status.isSuccess, "\(answer.lines.map(\.text))")
    }

    @Test(
        "wakes cognition once when two origins agree, and never alone, on every nats-server",
        .enabled("no python3 with nats-py; install it with: pip install nats-py") {
            await Prerequisites.python() != nil
        })
    func twoOrigins() async throws {
        let python = try #require(await Prerequisites.python())
        for binary in await NATSBinary.installed() {
            try await WholeSystem.run(on: binary) { system in
                try await run(python, ["math=0.6", "--repeat", "200", "--interval", "0.002"], on: system)
                try await system.settle()
                #expect(system.openings(region: "math").isEmpty)
                #expect(try await system.query("select count(*) from gate_transitions where region = 'math'") == "0")

                try await run(python, ["math=0.6", "calculate=0.5"], on: system)
                try await system.settle()

                let openings = system.openings(region: "math")
                let collapses = system.collapses(region: "math")
                let requests = system.requests(region: "math")
                let responses = system.responses(region: "math")
                #expect(openings.count == 1)
                #expect(collapses.count == 1)
                #expect(requests.count == 1)
                #expect(responses.count == 1)
                let collapse = try #require(collapses.first)
                #expect(abs(collapse.body.confidence - 0.8) < 1e-9)
                #expect(collapse.body.transitionID == openings.first?.header.messageID)
                #expect(requests.first?.body.collapseID == collapse.body.collapseID)
                #expect(responses.first?.body.requestID == requests.first?.body.requestID)

                let row = try await system.query(
                    """
                    select t.message_id, c.collapse_id, c.confidence, r.request_id, a.outcome, a.boundary
                    from gate_transitions t join collapses c on c.transition_id = t.message_id
                    join cognitive_requests r using (collapse_id) join cognitive_responses a using (request_id)
                    where t.region = 'math' and t.to_state = 1
                    """)
                let expected = [
                    openings.first?.header.messageID.text, collapse.body.collapseID.text, "0.8",
                    requests.first?.body.requestID.text, "answered", "deterministic",
                ]
                #expect(row == expected.map { $0 ?? "" }.joined(separator: "|"))
                for table in ["gate_transitions where to_state = 1 and", "collapses where"] {
                    #expect(try await system.query("select count(*) from \(table) region = 'math'") == "1")
                }
                #expect(system.rejects().isEmpty)
            }
        }
    }
}

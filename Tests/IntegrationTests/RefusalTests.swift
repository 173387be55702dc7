import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

@Suite("Refusals and environments", .enabled(Prerequisites.note, Prerequisites.areMet), .timeLimit(.minutes(5)))
struct RefusalTests {
    @Test("is counted, shown with its reason, and harms nothing")
    func rejects() async throws {
        let binary = try await NATSBinary.choose()
        try await WholeSystem.run(on: binary) { system in
            let subject = "\(system.environment.rawValue).nervous.cells.math.wave"
            for payload in ["", "nonsense", "{}", "{\"header\":", String(repeating: "[", count: 5000)] {
                #expect(await system.tap.publish(subject, Array(payload.utf8)))
            }
            try await system.settle()
            #expect(await eventually(within: .seconds(120)) { system.rejects().count >= 5 })
            let rejects = system.rejects()
            #expect(rejects.count == 5)
            #expect(rejects.allSatisfy { !$0.body.reason.isEmpty })
            for service in WholeSystem.Service.allCases { #expect(system.isRunning(service)) }
            #expect(try await system.query("select count(*) from gate_transitions where region = 'math'") == "0")
        }
    }

    @Test("staging moves everything: subjects, streams and database")
    func staging() async throws {
        let binary = try await NATSBinary.choose()
        try await WholeSystem.run(on: binary, environment: .staging, tapping: ">") { system in
            let subjects = system.tap.messages.map(\.subject)
            #expect(subjects.contains { $0.hasPrefix("staging.nervous.thalamus.") })
            #expect(subjects.contains { $0.hasPrefix("$JS.API.") && $0.contains("STAGING-TRANSITIONS") })
            #expect(!subjects.contains { $0.hasPrefix("dev.") || $0.hasPrefix("prod.") })
            #expect(!subjects.contains { $0.contains("DEV-") || $0.contains("PROD-") })
            let environments = try await system.query("select distinct env from gate_transitions")
            let database = try await system.query("select current_database()")
            #expect(environments == "staging")
            #expect(database == "nimmerverse_staging")
        }
    }

    @Test(
        "an unknown environment is refused by every executable, with the three valid names",
        arguments: [
            "thalamus", "cognition-bridge", "hippocampus", "nimmer", "math-cell", "sensor-cell", "multivariate-cell",
            "vitals-cell", "battery-cell", "distance-cell", "motor-cell", "http-cell", "webhook-cell",
            "collision-avoidance-nerve", "organ",
        ])
    func environment(_ name: String) async throws {
        var environment = ChildCommand.inheritedEnvironment
        environment["NIMMERVERSE_ENV"] = "production"
        let arguments = name == "nimmer" ? ["env"] : []
        let answer = try await ChildProcess.run(
            ChildCommand(WholeSystem.executable(name), arguments, environment: environment), limit: .seconds(120))
        let text = answer.lines.map(\.text).joined(separator: " ")
        #expect(!answer.status.isSuccess)
        #expect(answer.status != .signaled(9), "it ran on")
        for valid in ["dev", "staging", "prod"] { #expect(text.contains(valid)) }
        #expect(text.contains("production"))
    }
}

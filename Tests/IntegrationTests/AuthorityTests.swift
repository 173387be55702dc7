import NimmerBus
import NimmerBusNATS
import NimmerIdentity
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// The subject decides over the body, and an outcome counts once, for an opening that there is (decision 0017).
@Suite("Authority", .enabled(Prerequisites.note, Prerequisites.areMet), .serialized, .timeLimit(.minutes(5)))
struct AuthorityTests {
    @Test(
        "an outcome counts once and for an opening alone, also after a restart", arguments: await NATSBinary.installed()
    )
    func outcomes(_ binary: NATSBinary) async throws {
        try await WholeSystem.run(on: binary, isIdentified: true) { system in
            try await system.settle()
            try await system.agree(on: "plant")
            try await system.wait(within: .seconds(120)) {
                system.transitions.contains { $0.body.region.text == "plant" && $0.body.toState == .stable }
            }
            let opening = try #require(system.openings(region: "plant").first)
            let release = try #require(
                system.transitions.first { $0.body.region.text == "plant" && $0.body.toState == .stable })
            let path = try #require(system.identities).credentials("operator")
            let person = try await NATSBus.open(
                BusSettings(url: system.nats.url, name: "operator", credentials: .file(path), waitsForServer: false))
            func emit(_ id: MessageID, gate: String = "plant", named: Bool = true) async throws {
                let outcome = Envelope(
                    id: .v7(), at: .now(), from: Source(entityID: "thalamus", entityType: .thalamus),
                    VerificationOutcome(
                        originalSignalID: id, domain: try Token("plant"), outcome: .confirmed,
                        verificationSource: "thalamus"))
                let plain = Subject.feedback(system.environment, gate: try GateID(gate))
                try await person.publishDurably(
                    named ? plain.from(person.identity) : plain, payload: outcome.encoded(),
                    id: outcome.header.messageID)
            }
            func weight() async throws -> Double {
                let answer = try await ChildProcess.run(
                    ChildCommand(
                        WholeSystem.executable("nimmer"),
                        ["gate", "list", "--json", "--server", system.nats.url, "--credentials", path]))
                let gates = try JSON(parsing: Array(answer.lines.map(\.text).joined(separator: "\n").utf8))
                return gates.array?.first { $0["gate_id"]?.string == "plant" }?["weight"]?.double ?? -1
            }
            let before = try await weight()
            for _ in 0..<3 {
                try await emit(.v7())
                try await emit(release.header.messageID)
                try await emit(opening.header.messageID, gate: "other")
                try await emit(opening.header.messageID, named: false)
            }
            for _ in 0..<8 { try await emit(opening.header.messageID) }
            func refused() -> Int {
                system.rejects().filter { $0.body.service.text == "thalamus" && $0.body.subject.contains("outcomes.") }
                    .count
            }
            try await system.wait(within: .seconds(120)) { refused() >= 10 }
            #expect(refused() >= 10, "ten a second are said, all are counted: \(system.rejects().map(\.body.reason))")
            try await system.wait(within: .seconds(120)) { try await weight() > before }
            let learned = try await weight()
            #expect(abs(learned - before - 0.02) < 1e-9, "\(before) -> \(learned)")

            await system.crash(.thalamus)
            try await system.start(.thalamus)
            try await system.settle()
            #expect(abs(try await weight() - learned) < 1e-9, "folded as it was learned")
            let said = refused()
            // Ten a second are told, and those of before the restart are just being told again.
            try await system.wait(within: .seconds(120)) {
                try await emit(opening.header.messageID)
                return refused() >= said + 3
            }
            #expect(refused() >= said + 3, "\(system.rejects().suffix(4).map(\.body.reason))")
            #expect(abs(try await weight() - learned) < 1e-9)
            let rows = "select count(*) from verification_outcomes where verification_source = 'operator (thalamus)'"
            try await system.wait(within: .seconds(120)) { try await system.query(rows) != "0" }
            #expect(try await system.query(rows) != "0", "who verified is the sender")
            let counted = "select confirmed from gates where gate_id = 'plant'"
            try await system.wait(within: .seconds(120)) { try await system.query(counted) == "1" }
            #expect(try await system.query(counted) == "1", "of all that was claimed one outcome counts")
            await person.close()
        }
    }

    @Test("a nerve verifies what the system file lets it, and a cell nothing", arguments: await NATSBinary.installed())
    func nerve(_ binary: NATSBinary) async throws {
        try await WholeSystem.run(on: binary, isIdentified: true) { system in
            try await system.settle()
            try await system.agree(on: "plant")
            try await system.wait(within: .seconds(120)) { system.openings(region: "plant").first != nil }
            let opening = try #require(system.openings(region: "plant").first)
            let identities = try #require(system.identities)
            func verify(as name: String, _ gate: String) async throws {
                let bus = try await NATSBus.open(
                    BusSettings(
                        url: system.nats.url, name: name, credentials: .file(identities.credentials(name)),
                        waitsForServer: false))
                let outcome = Envelope(
                    id: .v7(), at: .now(), from: Source(entityID: name, entityType: .nerve),
                    VerificationOutcome(
                        originalSignalID: opening.header.messageID, domain: try Token("plant"), outcome: .confirmed,
                        verificationSource: name))
                let subject = Subject.feedback(system.environment, gate: try GateID(gate)).from(bus.identity)
                do {
                    try await bus.publishDurably(
                        subject, payload: outcome.encoded(), id: outcome.header.messageID, timeout: .seconds(60))
                    await bus.close()
                } catch {
                    await bus.close()
                    throw error
                }
            }
            for (name, gate) in [("watcher", "math"), ("calculate", "plant"), ("math", "math")] {
                await #expect(throws: BusError.self, "\(name) on \(gate)") { try await verify(as: name, gate) }
            }
            try await verify(as: "watcher", "plant")
            let counted = "select sender || ' ' || result from accepted_outcomes"
            try await system.wait(within: .seconds(120)) { try await system.query(counted) != "" }
            #expect(try await system.query(counted) == "watcher confirmed")
            #expect(try await system.query("select confirmed, failed from gates where gate_id = 'plant'") == "1|0")
        }
    }

    @Test("a cell's own gate cannot publish for others", arguments: await NATSBinary.installed())
    func ownGate(_ binary: NATSBinary) async throws {
        try await WholeSystem.run(on: binary, isIdentified: false) { system in
            try await system.settle()
            let env = system.environment, now = Timestamp.now()
            let bus = try await NATSBus.open(BusSettings(url: system.nats.url, name: "liar", waitsForServer: false))
            let own = Subject.transition(env, gate: try GateID("alpha-cell"))
            let (vault, request) = (try Region("vault"), MessageID.v7())
            let thalamus = Source(entityID: "thalamus", entityType: .thalamus)
            let bridge = Source(entityID: "cognition-bridge", entityType: .boundary)
            func transition(_ gate: String, _ region: Region, carries: Bool = false) throws -> GateTransition {
                GateTransition(
                    gateID: try GateID(gate), domain: try Token("vault"), region: region, fromState: .stable,
                    toState: .open, stateValue: 0.9, weight: 1, at: now,
                    collapse: carries
                        ? OpeningCollapse(collapseID: .v7(), confidence: 0.9, windowStart: now, witnesses: []) : nil)
            }
            let lies: [[UInt8]] = [
                Envelope(id: .v7(), at: now, from: thalamus, try transition("vault", vault)).encoded(),
                Envelope(id: .v7(), at: now, from: thalamus, try transition("alpha-cell", vault)).encoded(),
                Envelope(
                    id: .v7(), at: now, from: Source(entityID: "alpha", entityType: .cell),
                    try transition("alpha-cell", vault, carries: true)
                ).encoded(),
                Envelope(
                    id: .v7(), at: now, from: bridge,
                    CognitiveResponse(requestID: request, decision: "forged", outcome: .answered)
                ).encoded(),
                Envelope(
                    id: .v7(), at: now, from: bridge,
                    Act(requestID: request, outcome: .done, commands: [], word: "approved by alice", at: now)
                ).encoded(),
                Array("{}".utf8),
            ]
            for lie in lies { try await bus.publishDurably(own, payload: lie, id: .v7()) }
            let honest = Envelope(
                id: .v7(), at: now, from: Source(entityID: "alpha", entityType: .cell),
                try transition("alpha-cell", try Region("alpha")))
            try await bus.publishDurably(own, payload: honest.encoded(), id: honest.header.messageID)
            await bus.close()
            try await system.settle()
            #expect(try await system.query("select count(*) from rejected_messages") == "\(lies.count)")
            #expect(try await system.query("select count(*) from gate_transitions where region = 'vault'") == "0")
            #expect(try await system.query("select count(*) from gate_transitions where gate_id = 'alpha-cell'") == "1")
            #expect(try await system.query("select count(*) from cognitive_responses where decision = 'forged'") == "0")
            #expect(system.rejects().contains { $0.body.service.text == "hippocampus" && $0.body.subject == own.text })

            await system.crash(.thalamus)
            try await system.start(.thalamus)
            try await system.settle()
            let answer = try await ChildProcess.run(
                ChildCommand(
                    WholeSystem.executable("nimmer"), ["gate", "list", "--json", "--server", system.nats.url]))
            #expect(!answer.lines.contains { $0.text.contains("vault") })
        }
    }
}

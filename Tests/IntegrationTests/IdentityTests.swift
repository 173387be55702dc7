import NimmerBus
import NimmerBusNATS
import NimmerIdentity
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// The whole system under the identities that `nimmer auth generate` makes: enough for everything, and no more.
@Suite("Identities", .enabled(Prerequisites.note, Prerequisites.areMet), .serialized, .timeLimit(.minutes(5)))
struct IdentityTests {
    @Test("are enough from two waves to the rows and back to a person", arguments: await NATSBinary.installed())
    func areEnough(_ binary: NATSBinary) async throws {
        try await WholeSystem.run(on: binary) { system in
            let identities = try #require(system.identities)
            try await emit("math", 0.6, on: system)
            try await emit("calculate", 0.5, on: system)
            try await system.settle()
            let response = try #require(system.responses(region: "math").first)
            #expect(system.responses(region: "math").count == 1)
            let rows = try await system.query(
                """
                select count(*) from collapses join cognitive_requests using (collapse_id)
                join cognitive_responses using (request_id) where region = 'math' and collapses.confidence = 0.8
                """)
            #expect(rows == "1")

            // Two hippocampi share one durable a stream: each message is one row, whichever of them took it.
            let second = try await ChildProcess.spawn(
                ChildCommand(
                    WholeSystem.executable("hippocampus"), [], environment: system.variables(for: "hippocampus")),
                output: .discarded)
            for number in 0..<20 { try await system.agree(on: "pair-\(number)") }
            let count = "select count(*), count(distinct collapse_id) from collapses where region like 'pair-%'"
            try await system.wait(within: .seconds(120)) { try await system.query(count) == "20|20" }
            #expect(try await system.query(count) == "20|20")
            #expect(second.exitStatus == nil && system.isRunning(.hippocampus))
            await second.terminate(grace: .seconds(60))

            // A cell of the system under its own identity answers a person under another.
            let cell = try await ChildProcess.spawn(
                ChildCommand(WholeSystem.executable("math-cell"), [], environment: system.variables(for: "math")),
                output: .discarded)
            let question = [
                "cell", "ask", "math", "--timeout", "60", "{\"operation\": \"addition\", \"operands\": [15, 27]}",
            ]
            var answer = ""
            try await system.wait(within: .seconds(120)) {
                answer = try await ask(question, as: "operator", system)
                return answer.contains("42")
            }
            #expect(answer.contains("42"), "\(answer)")
            // An observer sees who lives and which gates there are, and may ask no cell.
            let cells = try await ask(["cell", "list"], as: "observer", system)
            #expect(cells.contains("thalamus") && cells.contains("math"), "\(cells)")
            let gates = try await ask(["gate", "list"], as: "observer", system)
            #expect(gates.contains("math"), "\(gates)")
            let refused = try await ask(question, as: "observer", system)
            #expect(refused.contains("does not permit"), "\(refused)")
            try await namesAreBehindSubjects(system)
            let shown = try await ask(["cell", "list", "--json"], as: "observer", system)
            let processes = try await ChildProcess.run(ChildCommand("ps", ["-eo", "args"])).lines.map(\.text)
            await cell.terminate(grace: .seconds(60))

            // What was decided is remembered by the writer and told by the reader, who may change nothing.
            let why = try await remember(["memory", "why", response.body.requestID.text], as: "reader", system)
            #expect(why.contains("resonance"), "\(why)")
            let pruned = try await remember(["db", "prune", "--yes"], as: "reader", system)
            #expect(pruned.contains("its _migrator"), "\(pruned)")
            let migrated = try await remember(["db", "migrate"], as: "hippocampus", system)
            #expect(migrated.contains("its _migrator"), "\(migrated)")

            // Nobody but the bridge decides: what a cell says in its place reaches no stream.
            let liar = try await NATSBus.open(settings("math", system))
            var forged = response.body
            forged.decision = "forged"
            let message = Envelope(id: .v7(), at: .now(), from: response.header.source, forged)
            let error = await #expect(throws: BusError.self) {
                try await liar.publishDurably(
                    .cognitiveResponse(system.environment), payload: message.encoded(), id: .v7(), timeout: .seconds(60)
                )
            }
            #expect(error?.code == .badCredentials)
            try await theThalamusStoresForCells(liar, system)
            await liar.close()
            try await system.settle()
            #expect(try await system.query("select count(*) from cognitive_responses where decision = 'forged'") == "0")

            let log = system.log.joined(separator: "\n")
            #expect(!log.contains("does not permit"), "no service wants more than it may: \(log)")
            // No secret in a log, in an answer to `$SRV`, or among the arguments of a process.
            for name in ["thalamus", "hippocampus", "cognition-bridge", "math", "observer"] {
                let seed = try #require(SmallFile.read(identities.credentials(name))?.split(separator: "\n").first)
                for secret in [String(seed), "\(name)-secret"] {
                    #expect(!log.contains(secret), "a secret of \(name) in a log")
                    #expect(!shown.contains(secret), "a secret of \(name) in $SRV")
                    #expect(!processes.contains { $0.contains(secret) }, "a secret of \(name) in ps")
                }
            }
            #expect(shown.contains("math") && processes.count > 5)
        }
    }

    /// Returns whether the tap hears a subject; it is a client like others, and may be behind those who act.
    private func hears(_ subject: String, _ system: WholeSystem) async throws -> Bool {
        try await system.wait(within: .seconds(120)) { system.tap.messages.contains { $0.subject == subject } }
    }

    /// Who asks, and who says what became of an opening, stands in the subject, and every reader takes it (protocol.md, Sender).
    private func namesAreBehindSubjects(_ system: WholeSystem) async throws {
        let env = system.environment
        #expect(try await hears("\(env).nervous.cells.math.request.operator", system))
        #expect(try await hears("\(env).nervous.cells.thalamus.request.observer", system))
        let subjects = Set(system.tap.messages.map(\.subject))
        #expect(!subjects.contains("\(env).nervous.cells.math.request"), "nobody asked in the old form too")

        let answer = try await ask(["mind", "ask", "is it warm?", "--action", "wait"], as: "operator", system)
        #expect(answer.contains("wait"), "\(answer)")
        #expect(try await hears("\(env).cognitive.bridge.request.operator", system))
        let asked = "select count(*) from cognitive_requests where event_type = 'question'"
        try await system.wait(within: .seconds(120)) { try await system.query(asked) == "1" }
        #expect(try await system.query(asked) == "1")

        let person = try await NATSBus.open(settings("operator", system))
        let gate = try GateID("math")
        let opening = try await system.query(
            "select message_id from gate_transitions where gate_id = 'math' and to_state = 1 limit 1")
        let weight = "select weight from gates where gate_id = 'math'"
        let before = try await system.query(weight)
        let outcome = Envelope(
            id: .v7(), at: .now(), from: Source(entityID: "ada", entityType: .service),
            VerificationOutcome(
                originalSignalID: try MessageID(opening), domain: try Token("math"), outcome: .confirmed,
                verificationSource: "ada"))
        try await person.publishDurably(
            shared: .feedback(env, gate: gate), payload: outcome.encoded(), id: outcome.header.messageID)
        await person.close()
        #expect(try await hears("\(env).nervous.outcomes.math.feedback.operator", system))
        let kept = "select count(*) from verification_outcomes where gate_id = 'math' and outcome = 'confirmed'"
        try await system.wait(within: .seconds(120)) { try await system.query(kept) == "1" }
        #expect(try await system.query(kept) == "1")
        // The thalamus learned from it: the next opening shows the weight that it has now.
        var gates = ""
        let hasLearned = try await system.wait(within: .seconds(120)) {
            gates = try await ask(["gate", "list", "--json"], as: "observer", system)
            let math = try JSON(parsing: gates).array?.first { $0["gate_id"]?.string == "math" }
            return (math?["weight"]?.double ?? 0) > (Double(before) ?? 1)
        }
        #expect(hasLearned, "\(gates), before \(before)")

        // What another asked and the bridge set aside, an operator asks behind the own name.
        let request = try BridgeBench.request("set aside")
        let envelope = Envelope(
            id: request.requestID, at: .now(), from: Source(entityID: "t", entityType: .thalamus), request)
        let bridge = try await NATSBus.open(settings("cognition-bridge", system))
        try await DeadLetter.ensureStream(on: bridge, environment: env)
        let aside = DeadLetter(
            BusMessage(
                subject: Subject.cognitiveRequest(env).from(try Token("thalamus")), payload: envelope.encoded()),
            stream: SystemStreams.escalations(env), sequence: 1, service: "cognition-bridge", reason: "a test",
            at: .now())
        let number = try await bridge.publishDurably(
            .aside(env, service: try Token("cognition-bridge")), payload: aside.payload, id: aside.id,
            headers: aside.headers
        ).sequence
        await bridge.close()
        let replayed = try await ask(["memory", "aside", "replay", "\(number)"], as: "operator", system)
        #expect(
            replayed.contains("asked again"), "\(replayed)")
        let answered = "select count(*) from cognitive_responses where request_id = '\(request.requestID)'"
        try await system.wait(within: .seconds(120)) { try await system.query(answered) == "1" }
        #expect(try await system.query(answered) == "1")
    }

    /// What a cell says of its own gate is stored in its name by the thalamus, once, and nothing else is (decision 0019).
    private func theThalamusStoresForCells(_ cell: NATSBus, _ system: WholeSystem) async throws {
        let env = system.environment
        let gate = GateID(ownedBy: try Token("math"), .cell)
        let at = Timestamp.now()
        func report(_ gate: GateID) throws -> GateTransition {
            GateTransition(
                gateID: gate, domain: try Token("math"), region: try Region("math"), fromState: .stable, toState: .open,
                stateValue: 0.75, weight: 0.1, correlationScore: 0.5, triggerSignals: [], routedToTier: 1,
                lifeforceCost: 0, at: at)
        }
        func emit(_ body: GateTransition, _ id: MessageID) async throws(BusError) -> StreamAck {
            let message = Envelope(id: id, at: at, from: Source(entityID: "thalamus", entityType: .cell), body)
            return try await cell.publishDurably(
                Subject.transition(env, gate: gate).from(cell.identity), payload: message.encoded(), id: id,
                timeout: .seconds(20))
        }
        let id = MessageID.v7()
        let body = try report(gate)
        let ack = try await emit(body, id)
        #expect(ack.stream == SystemStreams.transitions(env) && !ack.isDuplicate)
        let again = try await emit(body, id)
        #expect(again.sequence == ack.sequence && again.isDuplicate)
        let other = try report(try GateID("vault"))
        let error = await #expect(throws: BusError.self) { _ = try await emit(other, .v7()) }
        #expect(error?.code == .invalid, "\(error as Any)")
        let row = "select count(*) from gate_transitions where gate_id = 'math-cell' and state_value = 0.75"
        try await system.wait(within: .seconds(120)) { try await system.query(row) == "1" }
        #expect(try await system.query(row) == "1")
        #expect(try await system.query("select count(*) from gate_transitions where gate_id = 'vault'") == "0")
    }

    private func settings(_ name: String, _ system: WholeSystem) throws -> BusSettings {
        let path = try #require(system.identities).credentials(name)
        return BusSettings(url: system.nats.url, name: name, credentials: .file(path), waitsForServer: false)
    }

    /// Says one wave as a cell does.
    private func emit(_ cell: String, _ confidence: Double, on system: WholeSystem) async throws {
        let name = try Token(cell)
        let bus = try await NATSBus.open(settings(cell, system))
        let source = Source(entityID: "\(cell)-1", entityType: .cell)
        let wave = WaveSignal(domain: name, confidence: confidence, semanticContent: ["operation": "addition"])
        try bus.publish(
            .wave(system.environment, cell: name),
            payload: Envelope(id: .v7(), at: .now(), from: source, wave).encoded())
        try await bus.flush(timeout: .seconds(60))
        await bus.close()
    }

    /// What the tool says to a user of the database, whatever its exit status.
    private func remember(_ arguments: [String], as role: String, _ system: WholeSystem) async throws -> String {
        let answer = try await ChildProcess.run(
            ChildCommand(
                WholeSystem.executable("nimmer"), arguments, environment: system.variables(for: role)))
        return answer.lines.map(\.text).joined(separator: "\n")
    }

    /// What the tool prints, whatever its exit status.
    private func ask(_ arguments: [String], as name: String, _ system: WholeSystem) async throws -> String {
        let credentials = try #require(system.identities).credentials(name)
        let answer = try await ChildProcess.run(
            ChildCommand(
                WholeSystem.executable("nimmer"),
                arguments + ["--server", system.nats.url, "--credentials", credentials]))
        return answer.lines.map(\.text).joined(separator: "\n")
    }
}

import Glibc
import NimmerBus
import NimmerBusNATS
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// docs/reference/backup.md: what was decided comes back as it was, and nothing is done again.
@Suite(
    "A backup", .enabled(Prerequisites.note, Prerequisites.areMet), .serialized, .timeLimit(.minutes(5)))
struct BackupTests {
    /// The tool, as a person of the system calls it.
    private func nimmer(_ system: WholeSystem, _ words: [String]) async throws -> (status: ChildExit, lines: [String]) {
        let answer = try await ChildProcess.run(
            ChildCommand(
                WholeSystem.executable("nimmer"), ["memory"] + words,
                environment: system.variables(for: "operator", database: "migrator")),
            limit: .seconds(60))
        return (answer.status, answer.lines.map(\.text))
    }

    private static let tables = [
        "gates", "gate_transitions", "collapses", "correlation_events", "cognitive_requests", "cognitive_responses",
        "decision_acts", "verification_outcomes", "accepted_outcomes", "rejected_messages",
    ]

    /// Every row of every table, each as one text.
    private func rows(_ system: WholeSystem) async throws -> [String: [String]] {
        var rows: [String: [String]] = [:]
        for table in Self.tables {
            rows[table] = try await system.query("select t::text from \(table) t order by 1").split(separator: "\n")
                .map(String.init)
        }
        return rows
    }

    private func connect(_ system: WholeSystem) async throws -> any Bus {
        try await NATS.connector(system.client("backup-test"))
    }

    /// What each stream holds: subjects, headers and bytes in order. What a server was told to check is about the stream it was in.
    private func messages(_ system: WholeSystem, on bus: any Bus) async throws -> [String: [BusMessage]] {
        var messages: [String: [BusMessage]] = [:]
        for archived in SystemStreams.archived(system.environment) {
            guard let stored = try? await bus.read(stream: archived.name) else { continue }
            messages[archived.name] = stored.map { stored in
                var message = stored.message
                message.at = Timestamp(nanoseconds: 0)
                message.headers[Headers.expectedLastOfSubject] = nil
                return message
            }
        }
        return messages
    }

    /// Opens gates, tells what became of one, and lets the bridge be asked by a person.
    private func live(_ system: WholeSystem) async throws {
        for number in 0..<20 { try await system.agree(on: "kept-\(number)") }
        try await system.settle()
        let opening = try #require(system.openings(region: "kept-3").first)
        let outcome = VerificationOutcome(
            originalSignalID: opening.header.messageID, domain: opening.body.domain, outcome: .confirmed,
            verificationSource: "a test")
        let source = Source(entityID: "somebody", entityType: .service, garden: .real, tier: 2)
        let message = Envelope(id: .v7(), at: .now(), from: source, outcome)
        let bus = try await connect(system)
        _ = try await bus.publishDurably(
            Subject.feedback(system.environment, gate: opening.body.gateID).from(try Token("operator")),
            payload: message.encoded(), id: message.header.messageID)
        try await system.wait(within: .seconds(120)) {
            try await system.query("select count(*) from verification_outcomes") == "1"
        }
        try await openAgain(system)
        try await system.settle()
        // Until every gate has released, and everything is remembered.
        #expect(
            try await system.wait(within: .seconds(120)) {
                let stored = try await bus.read(stream: SystemStreams.transitions(system.environment)).count
                return try await system.query("select count(*) filter (where state <> 0), sum(transitions) from gates")
                    == "0|\(stored)"
            })
        await bus.close()
    }

    /// Opens the gate of which an outcome is known once more, and says what it is trusted.
    @discardableResult private func openAgain(_ system: WholeSystem) async throws -> Double {
        // A gate that is open opens again only after its release.
        try await system.wait(within: .seconds(120)) {
            try await system.query("select state from gates where gate_id = 'kept-3'") == "0"
        }
        let before = system.openings(region: "kept-3").count
        try await system.agree(on: "kept-3")
        #expect(
            await eventually(within: .seconds(120)) { system.openings(region: "kept-3").count > before },
            "before: \(before)")
        return try #require(system.openings(region: "kept-3").last).body.weight
    }

    @Test("is restored into empty servers, row by row and message by message, and nothing is asked again")
    func comesBack() async throws {
        var template = Array("/tmp/nimmer-backup-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        for binary in await NATSBinary.installed() {
            let file = "\(folder)/\(binary.version).backup"
            var rows: [String: [String]] = [:]
            var messages: [String: [BusMessage]] = [:]
            var durables: [String: [DurablePosition]] = [:]
            try await WholeSystem.run(on: binary) { system in
                try await live(system)
                // While it lives.
                let made = try await nimmer(system, ["backup", "--out", file])
                #expect(made.status.isSuccess, "\(made.lines)")
                let bus = try await connect(system)
                rows = try await self.rows(system)
                messages = try await self.messages(system, on: bus)
                for name in messages.keys { durables[name] = try await bus.durables(of: name) }
                await bus.close()
            }
            var status = stat()
            #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o600)
            try await WholeSystem.run(on: binary, starting: []) { system in
                let restored = try await nimmer(system, ["restore", file])
                #expect(restored.status.isSuccess, "\(restored.lines)")
                let bus = try await connect(system)
                let found = try await self.rows(system)
                for table in Self.tables { #expect(found[table] == rows[table], "\(table) on \(binary.version)") }
                let stored = try await self.messages(system, on: bus)
                for (name, expected) in messages {
                    #expect(stored[name] == expected, "\(name) on \(binary.version)")
                }
                // A second restore finds no room.
                let again = try await nimmer(system, ["restore", file])
                #expect(!again.status.isSuccess && again.lines.joined().contains("needs an empty"), "\(again.lines)")
                try await expectNothingAgain(system, on: bus, durables)
                await bus.close()
            }
        }
    }

    /// Starts the system on what was restored: it goes on, and repeats nothing.
    private func expectNothingAgain(
        _ system: WholeSystem, on bus: any Bus, _ durables: [String: [DurablePosition]]
    ) async throws {
        let before = try await rows(system)
        let sequences = try await bus.stream(SystemStreams.transitions(system.environment)).lastSequence
        for service in WholeSystem.Service.allCases { try await system.start(service) }
        try await system.settle()
        for (name, expected) in durables {
            #expect(Set(try await bus.durables(of: name).map(\.name)).isSuperset(of: expected.map(\.name)), "\(name)")
        }
        #expect(system.log.contains { $0.contains("Took up gates") })
        // Everything that was said since is about the regions of the probes.
        let fresh = try await bus.read(
            stream: SystemStreams.transitions(system.environment), start: .sequence(sequences + 1))
        let gates = Set(fresh.map { $0.message.subject.text.split(separator: ".")[3] })
        #expect(gates.allSatisfy { $0.hasPrefix("probe-") }, "\(gates)")
        let openings = fresh.compactMap { try? Envelope<GateTransition>(decoding: $0.message.payload).body }
            .filter { $0.toState == .open }
        #expect(openings.allSatisfy { $0.region.text.hasPrefix("probe-") })
        // An outcome that an opening had learned from is not learned from again.
        #expect(abs(try await openAgain(system) - 0.12) < 1e-9)
        try await system.settle()
        for table in ["cognitive_requests", "cognitive_responses", "collapses"] {
            let rows = try await self.rows(system)[table] ?? []
            #expect(Set(rows).isSuperset(of: before[table] ?? []), "\(table)")
            let doubled = try await system.query(
                "select count(*) - count(distinct \(table == "collapses" ? "transition_id" : "request_id")) from \(table)"
            )
            #expect(doubled == "0", "\(table)")
        }
        // Totals go on from where they stood, so nothing was counted again.
        let doubled = try await system.query(
            "select gate_id from gates where transitions <> (select count(*) from gate_transitions t where t.gate_id = gates.gate_id)"
        )
        #expect(doubled.isEmpty, "\(doubled)")
    }

    @Test("that is made while gates open holds no question without its answer, and comes back whole")
    func ofALivingSystem() async throws {
        var template = Array("/tmp/nimmer-backup-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        let binary = try await NATSBinary.choose()
        let file = "\(folder)/living.backup"
        try await WholeSystem.run(on: binary) { system in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 0..<400 where !Task.isCancelled {
                        try await system.agree(on: "flow-\(number)")
                        try await Task.sleep(for: .milliseconds(10))
                    }
                }
                #expect(await eventually(within: .seconds(120)) { !system.responses(region: "flow-40").isEmpty })
                let made = try await nimmer(system, ["backup", "--out", file])
                #expect(made.status.isSuccess, "\(made.lines)")
                group.cancelAll()
            }
            try await system.settle()
        }
        try await WholeSystem.run(on: binary, starting: []) { system in
            let restored = try await nimmer(system, ["restore", file])
            #expect(restored.status.isSuccess, "\(restored.lines)")
            for service in WholeSystem.Service.allCases { try await system.start(service) }
            try await system.settle()
            let bus = try await connect(system)
            var openings: Set<String> = []
            var asked: Set<MessageID> = []
            for stored in try await bus.read(stream: SystemStreams.transitions(.dev)) {
                guard let message = try? Envelope<GateTransition>(decoding: stored.message.payload),
                    message.body.toState == .open
                else { continue }
                openings.insert(message.header.messageID.text)
                if let request = message.escalated { asked.insert(request.body.requestID) }
            }
            #expect(openings.count > 40)
            var answers: [MessageID: Int] = [:]
            for stored in try await bus.read(
                stream: SystemStreams.decisions(.dev), filter: SubjectPattern(.cognitiveResponse(.dev)))
            {
                let response = try Envelope<CognitiveResponse>(decoding: stored.message.payload)
                answers[response.body.requestID, default: 0] += 1
            }
            #expect(asked.subtracting(answers.keys) == [])
            #expect(Set(answers.keys).subtracting(asked) == [])
            #expect(answers.values.allSatisfy { $0 == 1 })
            let whole = """
                select count(*), count(distinct t.message_id), count(distinct c.collapse_id), count(r.request_id), count(a.request_id)
                from gate_transitions t left join collapses c on c.transition_id = t.message_id
                left join cognitive_requests r using (collapse_id) left join cognitive_responses a using (request_id)
                where t.to_state = 1
                """
            let once = [Int](repeating: openings.count, count: 5).map { "\($0)" }.joined(separator: "|")
            try await system.wait(within: .seconds(120)) { try await system.query(whole) == once }
            #expect(try await system.query(whole) == once)
            await bus.close()
        }
    }
}

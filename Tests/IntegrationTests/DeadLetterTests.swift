import NimmerBus
import NimmerBusNATS
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// `nimmer memory aside replay`: what was set aside is handled after all, once, and changes nothing that was handled.
@Suite(
    "What was set aside", .enabled(Prerequisites.note, Prerequisites.areMet), .timeLimit(.minutes(5)))
struct DeadLetterTests {
    private func nimmer(_ system: WholeSystem, _ words: [String]) async throws -> (status: ChildExit, text: String) {
        let answer = try await ChildProcess.run(
            ChildCommand(
                WholeSystem.executable("nimmer"), ["memory", "aside"] + words,
                environment: system.variables(for: "operator", database: "hippocampus")), limit: .seconds(60))
        return (answer.status, answer.lines.map(\.text).joined(separator: "\n"))
    }

    /// Sets a stored message aside, as a service does.
    private func setAside(
        _ stored: StoredMessage, of stream: String, by service: String, on bus: any Bus
    ) async throws -> UInt64 {
        try await DeadLetter.ensureStream(on: bus, environment: .dev)
        let aside = DeadLetter(
            stored.message, stream: stream, sequence: stored.sequence, service: service, reason: "a test", at: .now())
        return try await bus.publishDurably(
            .aside(.dev, service: try Token(service)), payload: aside.payload, id: aside.id, headers: aside.headers
        ).sequence
    }

    @Test("is handled once: a request is answered, an opening is asked, rows are written")
    func replayed() async throws {
        try await WholeSystem.run(on: try await NATSBinary.choose()) { system in
            let bus = try await NATS.connector(system.client("aside-test"))
            let transitions = SystemStreams.transitions(.dev)
            // An opening that nobody handles: both readers are away, and their durables stand behind it afterwards.
            await system.crash(.hippocampus)
            await system.crash(.bridge)
            try await system.agree(on: "stuck")
            #expect(await eventually(within: .seconds(120)) { !system.openings(region: "stuck").isEmpty })
            try await system.wait(within: .seconds(120)) {
                try await bus.read(stream: transitions).contains { $0.message.subject.text.contains(".stuck.") }
            }
            let opening = try #require(
                try await bus.read(stream: transitions).first { $0.message.subject.text.contains(".stuck.") })
            for (name, filter) in [("hippocampus", nil), ("bridge", SubjectPattern.transitions(.dev))] {
                let consumer = try await bus.consumer(
                    ConsumerConfiguration(
                        stream: transitions, durable: try Token(name), filter: filter, ackWait: .seconds(10)))
                // What was in hand of the killed comes again after its time.
                try await system.wait(within: .seconds(120)) {
                    for delivery in try await consumer.fetch(maximum: 100, wait: .seconds(1), linger: .zero) {
                        if delivery.sequence <= opening.sequence { try delivery.term() } else { try delivery.nak() }
                    }
                    let position = try await bus.durables(of: transitions).first { $0.name == name }?.position
                    return try #require(position) >= opening.sequence
                }
                await consumer.stop()
            }
            let byBridge = try await setAside(opening, of: transitions, by: "cognition-bridge", on: bus)
            let byMemory = try await setAside(opening, of: transitions, by: "hippocampus", on: bus)
            try await system.start(.hippocampus)
            try await system.start(.bridge)
            try await system.settle()
            let id = opening.message.headers[Headers.messageID] ?? ""
            #expect(try await system.query("select count(*) from gate_transitions where message_id = '\(id)'") == "0")
            #expect(
                try await system.query(
                    "select count(*) from cognitive_requests r join collapses using (collapse_id) where region = 'stuck'"
                ) == "0")
            let before = try await bus.stream(transitions).lastSequence

            for number in [byBridge, byMemory] {
                let answer = try await nimmer(system, ["replay", "\(number)"])
                #expect(answer.status.isSuccess, "\(answer.text)")
                let again = try await nimmer(system, ["replay", "\(number)"])
                #expect(
                    !again.status.isSuccess && again.text.contains("no dead letter has the number"), "\(again.text)")
            }
            let whole = """
                select count(t.message_id), count(distinct c.collapse_id), count(r.request_id), count(a.request_id)
                from gate_transitions t left join collapses c on c.transition_id = t.message_id
                left join cognitive_requests r using (collapse_id) left join cognitive_responses a using (request_id)
                where t.message_id = '\(id)'
                """
            #expect(try await system.wait(within: .seconds(120)) { try await system.query(whole) == "1|1|1|1" })
            try await system.settle()
            #expect(try await system.query(whole) == "1|1|1|1")
            // Nothing was said behind later transitions of the gate, and one answer is in the stream.
            let since = try await bus.read(stream: transitions, start: .sequence(before + 1))
            #expect(!since.contains { $0.message.headers[Headers.messageID] == id })
            let answers = try await bus.read(
                stream: SystemStreams.decisions(.dev), filter: SubjectPattern(.cognitiveResponse(.dev)))
            let request = try #require(try Envelope<GateTransition>(decoding: opening.message.payload).escalated)
            #expect(
                answers.count {
                    (try? Envelope<CognitiveResponse>(decoding: $0.message.payload))?.body.requestID
                        == request.body.requestID
                } == 1)
            await bus.close()
        }
    }
}

import NimmerBus
import NimmerWave
import Synchronization
import Testing

@Suite("$SRV answers")
struct ServiceResponderTests {
    private func responder(on bus: any Bus) -> ServiceResponder {
        ServiceResponder(
            ServiceResponder.Description(
                name: "math", id: "math-7f9c", version: "1.0.0", summary: "Calculates.",
                metadata: ["environment": "dev"],
                endpoints: [.init(name: "request", subject: "dev.nervous.cells.math.request", queueGroup: "math")],
                started: Timestamp(milliseconds: 0)), bus: bus)
    }

    @Test("plain, by name, and by name and id", arguments: ["PING", "INFO", "STATS"])
    func verbs(_ verb: String) async throws {
        let bus = InMemoryBus()
        let responder = responder(on: bus)
        try await responder.start()
        for suffix in ["", ".math", ".math.math-7f9c"] {
            let answer = try await bus.request(try Subject(foreign: "$SRV.\(verb)\(suffix)"), payload: [])
            let json = try JSON(parsing: answer.payload)
            #expect(json["type"]?.string == "io.nats.micro.v1.\(verb.lowercased())_response")
            #expect(json["name"]?.string == "math")
            #expect(json["id"]?.string == "math-7f9c")
            #expect(json["version"]?.string == "1.0.0")
            #expect(json["metadata"]?["environment"]?.string == "dev")
        }
        responder.stop()
        await #expect(throws: BusError.self) {
            try await bus.request(try Subject(foreign: "$SRV.\(verb).other"), payload: [])
        }
    }

    @Test(
        "one who asks without end gets a bounded number of answers, and others get theirs",
        arguments: ["PING", "STATS"])
    func flood(_ verb: String) async throws {
        let bus = InMemoryBus()
        let responder = responder(on: bus)
        try await responder.start()
        let subject = try Subject(foreign: "$SRV.\(verb)")
        let inbox = try Subject(foreign: "_INBOX.mad.x")
        let answers = try await bus.subscribe(SubjectPattern(inbox)) { _, _, _ in }
        for _ in 0..<5_000 { try bus.publish(subject, payload: [], headers: [:], reply: inbox) }
        try await bus.flush(timeout: .seconds(60))
        #expect(answers.received >= 200 && answers.received < 2_048, "\(answers.received)")
        #expect(responder.dropped == 5_000 - Int(answers.received))
        _ = try await bus.request(subject, payload: [], timeout: .seconds(60))
        responder.stop()
    }

    @Test("INFO carries facts that change, beside those that do not")
    func facts() async throws {
        let bus = InMemoryBus()
        let responder = responder(on: bus)
        try await responder.start()
        let interval = Mutex<String?>(nil)
        responder.describe { interval.withLock { $0 }.map { ["interval_ms": $0] } ?? [:] }
        for expected in [nil, "60000", "3600000"] {
            interval.withLock { $0 = expected }
            let answer = try await bus.request(try Subject(foreign: "$SRV.INFO"), payload: [], timeout: .seconds(60))
            let metadata = try JSON(parsing: answer.payload)["metadata"]
            #expect(metadata?["interval_ms"]?.string == expected && metadata?["environment"] == "dev")
        }
        responder.stop()
    }

    @Test("STATS carry what the process reports")
    func statistics() async throws {
        let bus = InMemoryBus()
        let responder = responder(on: bus)
        responder.report {
            var statistics = ServiceResponder.Statistics()
            statistics.requests = 4
            statistics.errors = 1
            statistics.processingTime = 100
            statistics.data = ["waves_emitted": 9]
            return statistics
        }
        try await responder.start()
        let json = try JSON(
            parsing: try await bus.request(try Subject(foreign: "$SRV.STATS"), payload: [], timeout: .seconds(60))
                .payload)
        let endpoint = try #require(json["endpoints"]?[0])
        #expect(endpoint["num_requests"]?.int == 4)
        #expect(endpoint["num_errors"]?.int == 1)
        #expect(endpoint["average_processing_time"]?.int == 25)
        #expect(endpoint["data"]?["waves_emitted"]?.int == 9)
        #expect(json["started"]?.string == "1970-01-01T00:00:00.000Z")
    }
}

import NimmerBridge
import NimmerBus
import NimmerProcess
import NimmerSystem
import NimmerWave
import ProcessBench
import Testing

/// A bridge as a process, on a bus within this one: requests in, responses of the deterministic boundary out.
@Suite(.timeLimit(.minutes(5))) struct BridgeProcessTests {
    private static let manifest = Manifest(
        name: "cognition-bridge", version: "0.2.0", summary: "Answers.", commands: [("status", ""), ("minds", "")])

    private func request(_ name: String, actions: [SuggestedAction]) throws -> CognitiveRequest {
        CognitiveRequest(
            requestID: .named(name), collapseID: .named("c-\(name)"), eventType: "pump_anomaly",
            domain: try Token("plant"), confidence: 0.8, structuredInput: ["region": "plant", "gate": "plant"],
            suggestedActions: actions, processingBudgetLF: 10, responseTimeoutMilliseconds: 15_000,
            expiresAt: .now().advanced(milliseconds: 600_000))
    }

    private func store(_ request: CognitiveRequest, as id: MessageID, on bus: any Bus) async throws {
        let message = Envelope(id: id, at: .now(), from: ProcessBench.sender, request)
        try await bus.publishDurably(
            shared: .cognitiveRequest(.dev), by: Token("bench"), payload: message.encoded(), id: id)
    }

    private func bridge(_ bench: ProcessBench) throws -> BridgeProcess {
        try BridgeProcess(
            bench.process, minds: [], failPoint: FailPoint(Settings(bench.process.configuration.settings)))
    }

    @Test func aRequestIsAnsweredOnceByRule() async throws {
        let bench = try ProcessBench(Self.manifest, FailPoint.Options.self, kind: .boundary)
        let bus = bench.bus
        let bridge = try bridge(bench)
        let responses = try await bus.messages(SubjectPattern(.cognitiveResponse(.dev)))
        let asked = try request(
            "pump",
            actions: [
                SuggestedAction(action: "wait", confidence: 0.2), SuggestedAction(action: "inspect", confidence: 0.7),
            ])
        try await bench.run({ try await bridge.run() }) {
            #expect(try await bench.ask("status").result["boundary"]?.string == "deterministic")
            try await store(asked, as: .v7(), on: bus)
            let message = try #require(await responses.first { _ in true })
            let response = try Envelope<CognitiveResponse>(decoding: message.payload, on: message.subject)
            #expect(response.body.requestID == asked.requestID && response.body.decision == "inspect")
            #expect(response.header.source.entityType == .boundary)

            // It comes again, as a message that no stream takes for the same.
            try await store(asked, as: .v7(), on: bus)
            while try await bench.ask("status").result["repeated"]?.int != 1 { await Task.yield() }
            let stored = try await bus.read(
                stream: SystemStreams.decisions(.dev), filter: SubjectPattern(.cognitiveResponse(.dev)))
            #expect(stored.count == 1)
        }
    }

    /// The server lets an observer's page ask the bridge; that it only looks is the bridge's own rule.
    @Test(arguments: [WebSettings.Role.observer, .operator])
    func anObserversPageOnlyLooks(role: WebSettings.Role) async throws {
        var system = SystemFile(name: "p")
        system.web = WebSettings()
        system.web?.role = role
        let bench = try ProcessBench(Self.manifest, FailPoint.Options.self, kind: .boundary, system: system)
        let bridge = try bridge(bench)
        let subject = Subject.request(.dev, cell: bench.process.name).from(try Token(WebSettings.identity))
        let id: JSON = ["id": .string(MessageID.v7().text)]
        try await bench.run({ try await bridge.run() }) {
            for command in ["status", "minds", "budget", "pending"] {
                #expect(try await bench.ask(command, on: subject).status == .ok, "\(command)")
            }
            for command in ["approve", "refuse", "replay"] {
                let answer = try await bench.ask(command, id, on: subject)
                #expect(answer.status == .refused, "nothing of this id is there")
                #expect((answer.error?.contains("only looks") == true) == (role == .observer), "\(command)")
            }
        }
    }

    @Test func statisticsCountTimeAndTheLastError() async throws {
        let bench = try ProcessBench(Self.manifest, FailPoint.Options.self, kind: .boundary)
        let bridge = try bridge(bench)
        try await bench.run({ try await bridge.run() }) {
            try await bench.process.answers.start()
            defer { bench.process.answers.stop() }
            _ = try await bench.ask("status")
            let refused = try await bench.ask("dance")
            let error = try #require(refused.error)
            let question = try Subject(foreign: "$SRV.STATS.cognition-bridge")
            let answer = try await bench.bus.request(question, payload: [], timeout: .seconds(60))
            let endpoint = try #require(JSON(parsing: answer.payload)["endpoints"]?[0])
            #expect(endpoint["num_requests"]?.int == 2 && endpoint["num_errors"]?.int == 1)
            #expect(endpoint["last_error"]?.string == error)
            let total = try #require(endpoint["processing_time"]?.int)
            #expect(total > 0)
            #expect(endpoint["average_processing_time"]?.int == total / 2)
        }
    }

    @Test func anotherOneKnowsWhatWasAnswered() async throws {
        let bus = InMemoryBus()
        let asked = try request("pump", actions: [])
        for round in 1...2 {
            let bench = try ProcessBench(Self.manifest, FailPoint.Options.self, kind: .boundary, on: bus)
            let bridge = try bridge(bench)
            let responses = try await bus.messages(SubjectPattern(.cognitiveResponse(.dev)))
            try await bench.run({ try await bridge.run() }) {
                _ = try await bench.ask("status")
                try await store(asked, as: .v7(), on: bus)
                if round == 1 { _ = await responses.first { _ in true } }
                let counter = round == 1 ? "answered" : "repeated"
                while try await bench.ask("status").result[counter]?.int != 1 { await Task.yield() }
            }
        }
        #expect(
            try await bus.read(
                stream: SystemStreams.decisions(.dev), filter: SubjectPattern(.cognitiveResponse(.dev))
            ).count == 1)
    }

    @Test func anUnknownCommandIsRefusedWithThoseOfTheManifest() async throws {
        let bench = try ProcessBench(Self.manifest, FailPoint.Options.self, kind: .boundary)
        let bridge = try bridge(bench)
        try await bench.run({ try await bridge.run() }) {
            let answer = try await bench.ask("dance")
            #expect(answer.error == "the command 'dance' is unknown; expected one of status, minds")
        }
    }
}

import NimmerBus
import NimmerWave
import Testing

/// Requests that end the bridge, requests as 2.0 asks them, and requests that stand in openings.
@Suite("The bridge and its streams", .enabled(Prerequisites.note, Prerequisites.areMet), .timeLimit(.minutes(5)))
struct BridgePoisonTests {
    private static let acting = """
          commands: act
          allow: [{target: motor, command: halt, payload: {}}]
          event_types:
            plant: {event: fault, reflex: {action: halt, commands: [{target: motor, command: halt}]}}
        """

    @Test("a request that ends the bridge is handled alone the third time, then set aside; others are answered")
    func poison() async throws {
        try await BridgeBench.run(bridge: Self.acting) { bench in
            var poison = try BridgeBench.request("poison")
            poison.eventType = "poison"
            let failPoint = ["--kill-by", "poison"]
            try await bench.startAndWait(failPoint)
            try await bench.ask(poison)
            for life in 1...3 {
                #expect(await bench.ends(within: .seconds(120)), "life \(life)\n\(bench.log)")
                try await bench.startAndWait(failPoint)
                let other = try BridgeBench.request("other \(life)", region: "office")
                try await bench.ask(other)
                _ = try await bench.response(to: other)
            }
            let stream = DeadLetter.stream(.dev)
            let isAside = try await bench.wait(within: .seconds(120)) {
                (try? await bench.bus.stream(stream))?.messages == 1
            }
            #expect(isAside, "\(bench.log)")
            let stored = try #require(try await bench.bus.read(stream: stream).first)
            let aside = try #require(DeadLetter(stored.message))
            #expect(aside.stream == SystemStreams.escalations(.dev) && aside.service == "cognition-bridge")
            #expect(aside.original[Headers.messageID] == poison.requestID.text)
            #expect(try Envelope<CognitiveRequest>(decoding: aside.payload).body.requestID == poison.requestID)
            #expect(bench.log.contains("Handling a message alone"))
            #expect(try await bench.command("status").result["set_aside"]?.int == 1)
            #expect(try await bench.responses().count == 3)
            // Said again, to a bridge that survives it, it is answered like any other.
            await bench.crash()
            try await bench.startAndWait()
            try await bench.bus.publishDurably(
                aside.subject, payload: aside.payload, id: .v7(), headers: aside.headersToRepeat)
            #expect(try await bench.response(to: poison).outcome == .answered)
        }
    }

    @Test("requests that were in progress when the bridge was killed from outside are not set aside")
    func innocent() async throws {
        try await BridgeBench.run(bridge: Self.acting) { bench in
            for round in 0..<4 {
                try await bench.startAndWait()
                for number in 0..<20 { try await bench.ask(try BridgeBench.request("in hand \(round)/\(number)")) }
                await bench.crash()
            }
            try await bench.startAndWait()
            #expect(try await bench.wait(within: .seconds(120)) { try await bench.responses().count == 80 })
            #expect(try await bench.command("status").result["set_aside"]?.int == 0)
            #expect((try? await bench.bus.stream(DeadLetter.stream(.dev))) == nil)
        }
    }

    @Test("an opening's question is answered once, whether it stands in the opening, as 2.0 wrote it, or in both")
    func openings() async throws {
        try await BridgeBench.run(bridge: Self.acting) { bench in
            try await bench.startAndWait()
            let both = try Self.opening("both", reflex: true), new = try Self.opening("new", reflex: true)
            let old = try Self.opening("old", reflex: true), own = try Self.opening("own", by: .cell)
            for opening in [both, new, own] {
                try await bench.bus.publishDurably(
                    .transition(.dev, gate: opening.body.gateID), payload: opening.encoded(),
                    id: opening.header.messageID)
            }
            for opening in [both, old] { try await bench.ask(try #require(opening.escalated).body) }
            for opening in [both, new, old] {
                let response = try await bench.response(to: try #require(opening.escalated).body)
                #expect(response.downstreamCommands.map(\.command) == ["halt"])
            }
            let isDone = try await bench.wait(within: .seconds(120)) {
                (try? await bench.command("status"))?.result["acts_open"]?.int == 0
            }
            #expect(isDone)
            #expect(try await bench.responses().count == 3, "a cell's own gate asks nobody")
            #expect(bench.commands.count == 3)
            let bridge = try Token("bridge")
            for stream in [SystemStreams.escalations(.dev), SystemStreams.transitions(.dev)] {
                let isRead = try await bench.wait(within: .seconds(120)) {
                    let info = try await bench.bus.consumer(
                        ConsumerConfiguration(
                            stream: stream, durable: bridge,
                            filter: stream == SystemStreams.transitions(.dev) ? .transitions(.dev) : nil,
                            ackWait: .seconds(10))
                    ).info()
                    return info.waiting == 0 && info.unacknowledged == 0
                }
                #expect(isRead, "\(stream) is read to its end")
            }
        }
    }

    @Test("a request on the subject without a sender is stored once, and its sender gets the acknowledgement")
    func plain() async throws {
        try await BridgeBench.run(bridge: Self.acting) { bench in
            try await bench.startAndWait()
            let request = try BridgeBench.request("plain"), observed = try BridgeBench.request("observed")
            let first = try await bench.askPlainly(request)
            #expect(first.stream == SystemStreams.escalations(.dev) && !first.isDuplicate)
            let second = try await bench.askPlainly(request)
            #expect(second.isDuplicate && second.sequence == first.sequence)
            #expect(try await bench.response(to: request).requestID == request.requestID)
            // What a thalamus says there without waiting is for observers, unless it is of 2.0, whose openings carry no question.
            var message = Envelope(
                id: observed.requestID, at: .now(), from: Source(entityID: "bench", entityType: .thalamus), observed)
            try bench.bus.publish(.cognitiveRequest(.dev), payload: message.encoded())
            let older = try BridgeBench.request("older")
            message = Envelope(id: older.requestID, at: .now(), from: message.header.source, older)
            message.header.version = "2.0"
            try bench.bus.publish(.cognitiveRequest(.dev), payload: message.encoded())
            let after = try BridgeBench.request("after")
            try await bench.askPlainly(after)
            for request in [older, after] { _ = try await bench.response(to: request) }
            #expect(try await bench.responses().count == 3)
            #expect(try await bench.bus.stream(SystemStreams.escalations(.dev)).messages == 3)
        }
    }

    private static func opening(
        _ name: String, reflex: Bool = false, by sender: EntityType = .thalamus
    ) throws -> Envelope<GateTransition> {
        let region = try Region("plant"), origin = try Token("pump"), now = Timestamp.now()
        let signal = TriggerSignal(
            source: "pump", origin: origin, confidence: 0.9, polarity: 1, timestamp: now, push: 0.5)
        let transition = GateTransition(
            gateID: GateID(region: region), domain: try Token("plant"), region: region, fromState: .stable,
            toState: .open,
            stateValue: 0.6, weight: 0.1, triggerSignals: [signal], at: now,
            collapse: OpeningCollapse(
                collapseID: .named("collapse \(name)"), confidence: 0.9, windowStart: now,
                witnesses: [OpeningWitness(origin: origin, similarity: 1, semanticContent: ["note": "hot"])]),
            escalation: Escalation(
                eventType: "fault", suggestedActions: [SuggestedAction(action: "inspect", confidence: 0.5)],
                processingBudgetLF: 10, responseTimeoutMilliseconds: 10_000,
                expiresAt: now.advanced(milliseconds: 120_000), isReflex: reflex))
        return Envelope(
            id: .named("opening \(name)"), at: now, from: Source(entityID: "bench", entityType: sender), transition)
    }
}

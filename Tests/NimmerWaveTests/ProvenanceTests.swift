import NimmerWave
import Testing

/// The subject decides over the body: on each subject only its type, its gate and its sender are taken.
@Suite("Provenance") struct ProvenanceTests {
    /// Each kind of subject, and the types that it takes.
    private static let places: [(subject: String, types: Set<MessageType>)] = [
        ("dev.nervous.cells.math.wave", [.waveSignal]),
        ("dev.nervous.nerves.math.wave", [.waveSignal]),
        ("dev.nervous.cells.math.change", [.changeEvent]),
        ("dev.nervous.nerves.math.change", [.changeEvent]),
        ("dev.nervous.nerves.math.state", [.nerveState]),
        ("dev.nervous.cells.math.request", [.command]),
        ("dev.nervous.cells.math.request.operator", [.command]),
        ("dev.nervous.cells.math.response", [.commandResult]),
        ("dev.nervous.cells.math.handover", [.command]),
        ("dev.nervous.nerves.math.handover", [.command]),
        ("dev.nervous.gates.math--sums.transition", [.gateTransition]),
        ("dev.nervous.gates.math--sums.outcome", [.acceptedOutcome]),
        ("dev.nervous.lifeforce.thalamus", [.lifeforceSpent]),
        ("dev.nervous.regions.math--sums", [.regionAssignment]),
        ("dev.nervous.regions.other", []),
        ("dev.nervous.gates.math-cell.transition", []),
        ("dev.nervous.gates.math-cell.transition.math", []),
        ("dev.nervous.gates.math-nerve.transition.math", []),
        ("dev.nervous.gates.other.transition", []),
        ("dev.nervous.gates.other.outcome", []),
        ("dev.nervous.thalamus.collapse", [.collapse]),
        ("dev.nervous.thalamus.attention", [.attention]),
        ("dev.nervous.traces.correlation", [.correlationEvent]),
        ("dev.nervous.outcomes.math--sums.feedback", [.verificationOutcome]),
        ("dev.nervous.outcomes.math--sums.feedback.operator", [.verificationOutcome]),
        ("dev.nervous.rejects.other", []),
        ("dev.nervous.shards.3.request", [.command]),
        ("dev.nervous.shards.all.request", [.command]),
        ("dev.nervous.shards.3.dev.nervous.cells.math.wave", [.waveSignal]),
        ("dev.nervous.aside.hippocampus", Set(MessageType.allCases)),
        ("dev.cognitive.bridge.request", [.cognitiveRequest]),
        ("dev.cognitive.bridge.request.operator", [.cognitiveRequest]),
        ("dev.cognitive.bridge.response", [.cognitiveResponse]),
        ("dev.cognitive.bridge.act", [.act]),
        ("dev.cognitive.bridge.heartbeat", [.heartbeat]),
        ("dev.organs.vision.ask", [.command, .commandResult]),
        ("dev.organs.vision.ask.operator", [.command, .commandResult]),
    ]

    @Test func eachSubjectTakesItsOwnTypeAlone() throws {
        for place in Self.places {
            for sample in try SampleMessages.all() {
                let type = try AnyMessage.decode(sample.bytes).header.messageType
                let isTaken = (try? AnyMessage.decode(sample.bytes, on: place.subject)) != nil
                #expect(isTaken == place.types.contains(type), "\(sample.name) on \(place.subject)")
            }
        }
    }

    @Test func litterIsRefusedEverywhere() {
        for place in Self.places {
            for litter in ["{}", "", #"{"stream":"DEV-TRANSITIONS","seq":4}"#, #"{"error":{"code":400}}"#, "[]"] {
                #expect(throws: Refusal.self, "\(litter) on \(place.subject)") {
                    try AnyMessage.decode(Array(litter.utf8), on: place.subject)
                }
            }
        }
    }

    @Test func otherSubjectsTakeNothing() throws {
        let samples = try SampleMessages.all()
        for subject in [
            "dev", "test.nervous.thalamus.collapse", "dev.nervous.thalamus.collapse.x", "dev.nervous.gates.math--sums",
            "dev.nervous.gates.math--sums.transition.thalamus", "dev.nervous.gates.math-cell.transition.other",
            "dev.nervous.gates.math-cell.transition.a.b", "dev.nervous.cells.math.wave.x",
            "dev.nervous.cells.math.change.math", "dev.nervous.gates.math--sums.change", "dev.nervous.shards.3.change",
            "dev.plain.subject.of.nobody",
            "dev.nervous.outcomes.math--sums.feedback.a.b", "dev.cognitive.bridge.response.operator", "_INBOX.a.b.c",
            "dev.nervous.shards.3.dev.nervous.cells.math.other",
        ] {
            for sample in samples {
                #expect(throws: Refusal.self, "\(sample.name) on \(subject)") {
                    try AnyMessage.decode(sample.bytes, on: subject)
                }
            }
        }
    }

    private static func transition(
        _ gate: String, _ region: String, by kind: EntityType, carries: Bool = false, tier: Int = 1
    ) throws -> [UInt8] {
        let at = Timestamp(milliseconds: 1_771_093_800_123)
        var body = GateTransition(
            gateID: try GateID(gate), domain: try Token("math"), region: try Region(region), fromState: .stable,
            toState: .open, stateValue: 0.6, weight: 0.1, routedToTier: tier, at: at)
        if carries {
            body.collapse = OpeningCollapse(collapseID: .named("c"), confidence: 0.8, windowStart: at, witnesses: [])
            body.escalation = Escalation(
                eventType: "e", suggestedActions: [], processingBudgetLF: 1, responseTimeoutMilliseconds: 1000,
                expiresAt: at)
        }
        return Envelope(id: .named("t"), at: at, from: Source(entityID: "x", entityType: kind), body).encoded()
    }

    @Test("a transition is of the gate, the region and the kind that its subject names") func gates() throws {
        func taken(_ bytes: [UInt8], _ gate: String) throws -> Bool {
            let subject = Subject.transition(.dev, gate: try GateID(gate))
            let typed = (try? Envelope<GateTransition>(decoding: bytes, on: subject)) != nil
            #expect(typed == ((try? AnyMessage.decode(bytes, on: subject.text)) != nil))
            return typed
        }
        let own = try Self.transition("a-cell", "anything", by: .cell)
        #expect(try taken(own, "a-cell") && !taken(own, "b-cell") && !taken(own, "anything"))
        for kind in EntityType.allCases {
            #expect(try taken(Self.transition("a-cell", "a", by: kind), "a-cell") == (kind == .cell))
            #expect(try taken(Self.transition("a-nerve", "a", by: kind), "a-nerve") == (kind == .nerve))
            #expect(try taken(Self.transition("a--b", "a.b", by: kind, carries: true), "a--b") == (kind == .thalamus))
        }
        #expect(try !taken(Self.transition("a-cell", "a", by: .cell, carries: true), "a-cell"))
        #expect(try !taken(Self.transition("a-cell", "a", by: .cell, tier: 2), "a-cell"))
        #expect(try !taken(Self.transition("a--b", "a.c", by: .thalamus), "a--b"), "another gate's region")
        let region = try Region("stem-cell"), gate = GateID(region: region)
        #expect(gate.owner == nil && gate.text.hasPrefix("stem-cell---"))
        #expect(try taken(Self.transition(gate.text, "stem-cell", by: .thalamus), gate.text))
        #expect(try !taken(Self.transition("stem-cell", "stem-cell", by: .thalamus), "stem-cell"))
    }

    @Test func noRegionHasTheGateOfACell() throws {
        for name in [
            "a-cell", "a.b-cell", "x-nerve", "a.cell", "a.nerve", "cell", String(repeating: "x", count: 58) + "-cell",
        ] {
            #expect(try GateID(region: Region(name)).owner == nil, "\(name)")
        }
        #expect(GateID(ownedBy: try Token(String(repeating: "x", count: 63)), .cell).owner == .cell)
    }

    @Test func aLabelNeverStandsForTheSender() {
        #expect("operator".labelled("ada") == "operator (ada)" && "operator".labelled("") == "operator")
        #expect("operator".labelled(String(repeating: "é", count: 200)).utf8.count <= 128)
    }
}

import NimmerMemory
import NimmerTesting
import NimmerWave
import Testing

@Suite("The story of a decision")
struct TrailTests {
    @Test("is complete from the first wave to the verification")
    func whole() async throws {
        let store = InMemoryStore()
        let decision = try DecisionFixture(seed: "story")
        _ = try await store.write(decision.entries)
        let trail = try #require(try await store.trail(of: decision.collapse.body.collapseID))
        #expect(
            trail.story.map(\.kind) == [
                "wave", "wave", "transition", "next", "collapse", "witness", "request", "response", "command",
                "verification",
            ])
        #expect(trail.story.allSatisfy { !$0.isMissing })
        #expect(trail.story[0].text == "math-1 asserted with confidence 0.6, origin one, push +0")
        #expect(
            trail.story[2].text == "gate math: stable → open at potential 0.6, support 0.6, weight 0.1, cost 1 LF")
        #expect(trail.json["response"]?["body"]?["outcome"]?.string == "answered")
        #expect(trail.json["verifications"]?.array?.count == 1)
    }

    @Test(
        "shows why: which minds gave no valid answer, the mind's reason, and that of the rule",
        arguments: [true, false])
    func reasons(isByRule: Bool) async throws {
        let store = InMemoryStore()
        var decision = try DecisionFixture(seed: "reasons")
        let asked = [AskedMind(mind: "small", verdict: "timeout"), AskedMind(mind: "large", verdict: "valid")]
        let record = DecisionRecord(
            asked: asked, reason: isByRule ? nil : "the sum is 42", why: isByRule ? "no mind is left" : nil)
        decision.response.body.result = record.json
        _ = try await store.write(decision.entries)
        let story = try #require(try await store.trail(of: decision.collapse.body.collapseID)).story
        let why = story.filter { ["asked", "reason"].contains($0.kind) }
        #expect(
            why.map { "\($0.kind): \($0.text)" } == [
                "asked: small: timeout", isByRule ? "reason: by rule: no mind is left" : "reason: the sum is 42",
            ])
        #expect(story.allSatisfy { !$0.isMissing })
    }

    @Test("names what is not stored")
    func gaps() async throws {
        let store = InMemoryStore()
        let decision = try DecisionFixture(seed: "gaps")
        _ = try await store.write([decision.opening])
        let trail = try #require(try await store.trail(of: decision.transition.header.messageID))
        #expect(trail.story.filter(\.isMissing).map(\.kind) == ["collapse", "request", "verification"])
        #expect(trail.json["collapse"] == .null)
    }

    @Test("a release has nothing to miss")
    func release() async throws {
        let store = InMemoryStore()
        let decision = try DecisionFixture(seed: "release")
        _ = try await store.write([decision.entries[5]])
        let trail = try #require(try await store.trail(of: decision.release.header.messageID))
        #expect(trail.story.map(\.kind) == ["transition"])
    }
}

@Suite("What is remembered")
struct MemoryEntryTests {
    @Test("every message type of the tables is decoded from its bytes")
    func decodes() throws {
        for entry in try DecisionFixture(seed: "decode").entries {
            let decoded = try MemoryEntry(decoding: entry.payload, subject: entry.subject, environment: .dev)
            #expect(decoded.row.messageID == entry.row.messageID)
            #expect(decoded.row.key == entry.row.key)
            #expect(decoded == entry)
        }
    }

    @Test("a wave is not remembered, and a verification needs its gate")
    func refuses() throws {
        let wave = Envelope(
            id: .v7(), at: .now(), from: Source(entityID: "math-1", entityType: .cell),
            WaveSignal(domain: try Token("math"), confidence: 0.5, semanticContent: .raw(Array("{}".utf8))))
        let refusal = #expect(throws: Refusal.self) {
            try MemoryEntry(decoding: wave.encoded(), subject: "dev.nervous.cells.math.wave", environment: .dev)
        }
        #expect(refusal?.field == "header.message_type")
        let gate = try GateID("math")
        let accepted = Envelope(
            id: .v7(), at: .now(), from: Source(entityID: "thalamus", entityType: .thalamus),
            AcceptedOutcome(
                gateID: gate, region: try Region("math"), opening: .v7(), opener: try Token("one"), witnesses: [],
                sender: "operator", result: .confirmed, at: .now()))
        let counted = try MemoryEntry(
            decoding: accepted.encoded(), subject: Subject.acceptedOutcome(.dev, gate: gate).text, environment: .dev)
        #expect(counted.row == .accepted(accepted, lifeforce: 0))
        let verdict = try DecisionFixture(seed: "gate").verdict
        let noGate = #expect(throws: Refusal.self) {
            try MemoryEntry(decoding: verdict.payload, subject: "dev.nervous.outcomes", environment: .dev)
        }
        #expect(noGate?.field == "subject")
        // With its sender behind the subject or without, it is the same gate's.
        for sender in [nil, try Token("operator")] {
            let entry = try MemoryEntry(
                decoding: verdict.payload, subject: Subject.feedback(.dev, gate: gate).from(sender).text,
                environment: .dev)
            guard case .verification(_, let found) = entry.row else {
                Issue.record("a verification became \(entry.row)")
                continue
            }
            #expect(found == gate)
        }
    }

    @Test("a rejected message keeps the id that it claims, else one of its bytes")
    func identity() throws {
        let opening = try DecisionFixture(seed: "identity").opening
        #expect(MemoryEntry.identity(of: opening.payload) == opening.row.messageID)
        let (one, other) = (MemoryEntry.identity(of: [0xff, 0x00]), MemoryEntry.identity(of: [0xfe, 0x00]))
        #expect(one != other)
        #expect(one == MemoryEntry.identity(of: [0xff, 0x00]))
    }
}

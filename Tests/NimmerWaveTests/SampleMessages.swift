import NimmerWave

/// Every message type as this version writes it: once with everything that it can say, once with what it must say.
enum SampleMessages {
    /// A name for a file, and the message as it travels.
    struct Sample: Sendable {
        var name: String
        var bytes: [UInt8]
    }

    static func all() throws -> [Sample] {
        let signals = try waves() + changes() + openings()
        return try signals + cognition() + outcomes() + reports() + commands()
    }

    private static let at = Timestamp(milliseconds: 1_771_093_800_123)
    private static let opaque = JSON.raw(Array(#"{"operation":"addition","operands":[15, 27.0],"note":"a\"é"}"#.utf8))

    private static func sample<Body: MessageBody>(
        _ name: String, _ body: Body, from kind: EntityType, _ garden: Garden = .real
    ) -> Sample {
        let source = Source(entityID: "\(kind.rawValue)-7f9c", entityType: kind, garden: garden, tier: 2)
        let envelope = Envelope(id: .named("sample/\(Body.type.rawValue)/\(name)"), at: at, from: source, body)
        return Sample(name: "\(Body.type.rawValue)-\(name)", bytes: envelope.encoded())
    }

    private static func waves() throws -> [Sample] {
        let math = try Token("math")
        return [
            sample("sparse", WaveSignal(domain: math, confidence: 0.7, semanticContent: [:]), from: .cell),
            sample(
                "full",
                WaveSignal(
                    domain: math, confidence: 0.125, semanticContent: opaque, lifeforceCost: 0.1,
                    region: try Region("math.sums"), polarity: -1, origin: try Token("abacus"),
                    vector: [1, -0.5, 1e-3],
                    correlationID: "question-7", intervalMilliseconds: 250.5,
                    artifacts: [try artifact()]), from: .nerve, .virtual),
        ]
    }

    private static func artifact() throws -> ArtifactReference {
        ArtifactReference(digest: ArtifactDigest(of: [1, 2, 3]), type: try MediaType("image/png"), bytes: 3)
    }

    private static func changes() throws -> [Sample] {
        let flow = try Token("flow")
        return [
            sample(
                "sparse",
                ChangeEvent(
                    edge: .end, domain: flow, view: "level", value: 31.9, normal: 32, times: 0.4, direction: .below,
                    confidence: 0.125, at: at), from: .cell),
            sample(
                "full",
                ChangeEvent(
                    edge: .begin, domain: flow, region: try Region("plant.pump"), view: "spread", value: -31.5,
                    normal: 32.25, times: 4.5, direction: .above, confidence: 1, spread: 0.5, normalSpread: 0.125,
                    at: at, intervalMilliseconds: 180_000), from: .cell),
        ]
    }

    private static func openings() throws -> [Sample] {
        let (gate, region, math) = (try GateID("math--sums"), try Region("math.sums"), try Token("math"))
        let witness = Witness(
            source: "math-7f9c", origin: math, confidence: 0.6, similarity: 1, semanticContent: opaque)
        return [
            sample(
                "sparse",
                GateTransition(
                    gateID: gate, domain: math, region: region, fromState: .open, toState: .stable, stateValue: 0.25,
                    weight: 0.1, at: at), from: .thalamus),
            sample(
                "full",
                GateTransition(
                    gateID: gate, domain: math, region: region, fromState: .stable, toState: .open, stateValue: 0.6,
                    weight: 0.1, opener: try Token("abacus"), trust: 0.75, correlationScore: 0.9,
                    triggerSignals: [
                        TriggerSignal(
                            source: "math-7f9c", origin: math, confidence: 0.6, polarity: 1, timestamp: at, push: 0.5),
                        TriggerSignal(
                            source: "calculate", origin: try Token("calculate"), confidence: 0.4, polarity: -1,
                            timestamp: at, push: -0.1),
                    ], routedToTier: 2, lifeforceCost: 1.5, at: at, intervalMilliseconds: 60_000,
                    collapse: OpeningCollapse(
                        collapseID: .named("c"), confidence: 0.8, windowStart: at,
                        witnesses: [OpeningWitness(origin: math, similarity: 0.9, semanticContent: opaque)]),
                    escalation: Escalation(
                        eventType: "math_question",
                        suggestedActions: [SuggestedAction(action: "answer", confidence: 0.3)], processingBudgetLF: 5,
                        responseTimeoutMilliseconds: 1000, expiresAt: at, isReflex: true)), from: .thalamus),
            sample(
                "full",
                Collapse(
                    collapseID: .named("c"), region: region, gateID: gate, transitionID: .named("t"), confidence: 0.8,
                    windowStart: at, windowEnd: at, witnesses: [witness]), from: .thalamus),
            sample(
                "full",
                CorrelationEvent(
                    gateID: gate, windowStart: at, windowEnd: at,
                    signalsInWindow: [WindowSignal(source: "math", origin: math, confidence: 0.5, timestamp: at)],
                    correlationMatrix: [[1]], aggregateCorrelation: 1, result: .opened, trainingLabel: "confirmed",
                    variant: try Token("eager"), opening: .named("o")),
                from: .gate, .virtual),
        ]
    }

    private static func cognition() throws -> [Sample] {
        let math = try Token("math")
        return [
            sample(
                "sparse",
                CognitiveRequest(
                    requestID: .named("r"), collapseID: .named("c"), eventType: "question", domain: math,
                    confidence: 1, structuredInput: [:], processingBudgetLF: 0, responseTimeoutMilliseconds: 1,
                    expiresAt: at), from: .service),
            sample(
                "full",
                CognitiveRequest(
                    requestID: .named("r"), collapseID: .named("c"), eventType: "math_question", domain: math,
                    confidence: 0.8, structuredInput: opaque,
                    suggestedActions: [SuggestedAction(action: "answer", confidence: 0.3)], processingBudgetLF: 5,
                    responseTimeoutMilliseconds: 1000, expiresAt: at), from: .thalamus),
            sample(
                "sparse", CognitiveResponse(requestID: .named("r"), decision: "", outcome: .expired), from: .boundary),
            sample(
                "full",
                CognitiveResponse(
                    requestID: .named("r"), decision: "answer", result: opaque,
                    downstreamCommands: [DownstreamCommand(target: "motor", command: "stop", payload: ["why": "42"])],
                    mind: Mind(model: "gemma3:4b", server: "http://127.0.0.1:11434"), boundary: .model,
                    lifeforceSpent: 2.5, processingTimeMilliseconds: 812.5, outcome: .answered), from: .boundary),
            sample("sparse", Act(requestID: .named("r"), outcome: .expired, commands: [], at: at), from: .boundary),
            sample(
                "full",
                Act(
                    requestID: .named("r"), outcome: .failed,
                    commands: [
                        ActedCommand(
                            target: "motor", command: "stop", payload: ["why": "42"], status: .error, result: opaque,
                            error: "the motor is away")
                    ], word: "approved by ada", at: at), from: .boundary),
            sample("sparse", Heartbeat(mind: math, state: .closed, queue: 0), from: .cognitive),
            sample(
                "full",
                Heartbeat(
                    mind: math, state: .halfOpen, queue: 3, latencyMilliseconds: 512.5, tokensPerSecond: 40,
                    answered: 7), from: .cognitive),
        ]
    }

    private static func outcomes() throws -> [Sample] {
        let (math, region) = (try Token("math"), try Region("math.sums"))
        return [
            sample(
                "sparse",
                VerificationOutcome(
                    originalSignalID: .named("t"), domain: math, outcome: .partial, verificationSource: "ada"),
                from: .service),
            sample(
                "full",
                VerificationOutcome(
                    originalSignalID: .named("t"), domain: math, outcome: .confirmed, actualResult: opaque,
                    expectedResult: [42], discrepancy: 0.5, verificationSource: "ada",
                    feedbackToVirtual: VirtualFeedback(correlationAdjustment: 0.1, gateWeightDelta: 0.02),
                    kind: .outcome),
                from: .service),
            sample("sparse", try accepted(by: []), from: .thalamus),
            sample(
                "full",
                try accepted(
                    by: [math, try Token("abacus")],
                    origins: [OriginRecord(origin: math, confirmed: 3.5, failed: 0.5)]), from: .thalamus),
            sample("sparse", LifeforceSpent(since: at, until: at, regions: []), from: .thalamus),
            sample(
                "full",
                LifeforceSpent(
                    since: at, until: at.advanced(milliseconds: 60_000),
                    regions: [RegionSpending(region: try Region("math.sums"), cells: 1.5, nerves: 2, organs: 0.25)]),
                from: .thalamus),
            sample(
                "sparse",
                RegionAssignment(
                    region: region, home: region, reason: .founded, at: at, by: "thalamus", revision: 1,
                    threshold: 0.4), from: .thalamus),
            sample(
                "full",
                RegionAssignment(
                    region: region, home: try Region("math"), reason: .joined, at: at, by: "thalamus", revision: 7,
                    threshold: 0.4, model: "table/tiny-2@00000000", vector: [0.6, 0.8], cosine: 0.61,
                    nearest: try Region("math"), required: 0.4, linked: true, note: "by the table"), from: .thalamus),
        ]
    }

    private static func accepted(by witnesses: [Token], origins: [OriginRecord]? = nil) throws -> AcceptedOutcome {
        AcceptedOutcome(
            gateID: try GateID("math--sums"), region: try Region("math.sums"), opening: .named("t"),
            opener: try Token("abacus"), witnesses: witnesses, sender: "operator", result: .failed, at: at,
            origins: origins, kind: origins.map { _ in .outcome }, weight: origins.map { _ in 0.5 },
            verification: origins.map { _ in .named("v") }, undecided: origins.map { _ in [.named("u")] },
            newest: origins.map { _ in .named("n") })
    }

    private static func reports() throws -> [Sample] {
        let (gate, region, math) = (try GateID("math--sums"), try Region("math.sums"), try Token("math"))
        let attended = AttendedGate(
            gateID: gate, region: region, state: .open, potential: 0.7, weight: 0.1, witnesses: 2, openThreshold: 0.6,
            closeThreshold: -0.6, releaseFraction: 0.4, openedAt: at)
        return [
            sample("sparse", Attention(mode: .idle, openGates: [], regions: 0, wavesPerSecond: 0), from: .thalamus),
            sample(
                "full",
                Attention(
                    mode: .focused, openGates: [attended], risingGates: [attended], regions: 3, wavesPerSecond: 12.5,
                    waves: 100, openings: 2, collapses: 2, escalations: 1, rejected: 1, lost: 4), from: .thalamus),
            sample("sparse", NerveState(nerve: math, fromState: "IDLE", toState: "DETECT", at: at), from: .nerve),
            sample(
                "full",
                NerveState(
                    nerve: math, fromState: "IDLE", toState: "DETECT", reason: "too near", lifeforceCost: 0.5, at: at,
                    details: ["distance": 0.25]), from: .nerve),
            sample("sparse", Reject(service: math, subject: "dev.x", reason: "not JSON", excerpt: ""), from: .service),
            sample(
                "full",
                Reject(
                    service: math, subject: "dev.nervous.cells.math.wave", reason: "body.domain must be a token",
                    field: "body.domain", excerpt: "{\"header\"", rejected: 7), from: .thalamus),
        ]
    }

    private static func commands() throws -> [Sample] {
        [
            sample("sparse", Command(command: "stop"), from: .service),
            sample(
                "full",
                Command(
                    command: "turn", payload: opaque, deadlineMilliseconds: 250, cause: "decision 7", tier: 4,
                    leaseMilliseconds: 1500),
                from: .boundary),
            sample("sparse", CommandResult(status: .refused), from: .cell),
            sample("full", CommandResult(status: .error, result: opaque, error: "too hot"), from: .organ),
        ]
    }
}

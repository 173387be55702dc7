import NimmerMemory
import NimmerWave

/// One whole decision, as the system would have published it: two waves that agree open a gate, collapse, are asked
/// about, answered and verified. Every id follows from the seed.
public struct DecisionFixture: Sendable {
    /// The environment of all entries.
    public var environment: Environment
    /// The gate.
    public var gate: GateID
    /// Time at which the gate opened.
    public var at: Timestamp
    /// The opening.
    public var transition: Envelope<GateTransition>
    /// The gate's release, three seconds later.
    public var release: Envelope<GateTransition>
    /// Collapse of the witnesses.
    public var collapse: Envelope<Collapse>
    /// Correlation event.
    public var correlation: Envelope<CorrelationEvent>
    /// Request.
    public var request: Envelope<CognitiveRequest>
    /// Response.
    public var response: Envelope<CognitiveResponse>
    /// Verification.
    public var verification: Envelope<VerificationOutcome>

    /// The time of a fixture unless another is given: 2026-02-14T18:30:00.123456Z.
    public static let time = Timestamp(nanoseconds: 1_771_093_800_123_456_000)

    /// A decision about a gate.
    ///
    /// - Parameters:
    ///   - seed: every id is made from it.
    ///   - gate: the gate's name, a token.
    ///   - at: when it opened.
    ///   - cost: what the opening cost, in LF.
    ///   - source: the first witness's name.
    ///   - content: what the first witness saw, as JSON text that must come back byte for byte.
    ///   - outcome: what reality reported.
    public init(
        seed: String, gate: String = "math", at: Timestamp = DecisionFixture.time, cost: Double = 1,
        source: String = "math-1", content: String = #"{ "a" : 1.50, "é": "\u00e9" }"#,
        outcome: VerificationResult = .confirmed, environment: Environment = .dev
    ) throws {
        func id(_ name: String) -> MessageID { MessageID.named("\(seed) \(name)") }
        let gateID = try GateID(gate)
        let domain = try Token("math")
        let thalamus = Source(entityID: "thalamus-1", entityType: .thalamus, garden: .real, tier: 1)
        let bridge = Source(entityID: "bridge-1", entityType: .boundary, garden: .real, tier: 3)
        let earlier = at.advanced(milliseconds: -400)
        self.environment = environment
        self.gate = gateID
        self.at = at
        let signals = [
            TriggerSignal(
                source: source, origin: try Token("one"), confidence: 0.6, polarity: 1, timestamp: earlier, push: 0),
            TriggerSignal(
                source: "math-2", origin: try Token("two"), confidence: 0.5, polarity: 1, timestamp: at, push: 0.6),
        ]
        transition = Envelope(
            id: id("transition"), at: at, from: thalamus,
            GateTransition(
                gateID: gateID, domain: domain, region: Region(domain), fromState: .stable, toState: .open,
                stateValue: 0.6, weight: 0.1, opener: try Token("two"), trust: 0.375, correlationScore: 0.6,
                triggerSignals: signals, routedToTier: 2,
                lifeforceCost: cost, at: at, intervalMilliseconds: 60_000))
        let later = at.advanced(milliseconds: 3_000)
        release = Envelope(
            id: id("release"), at: later, from: thalamus,
            GateTransition(
                gateID: gateID, domain: domain, region: Region(domain), fromState: .open, toState: .stable,
                stateValue: 0.25, weight: 0.1, at: later))
        collapse = Envelope(
            id: id("collapse message"), at: at, from: thalamus,
            Collapse(
                collapseID: id("collapse"), region: Region(domain), gateID: gateID, transitionID: id("transition"),
                confidence: 0.8, windowStart: earlier, windowEnd: at,
                witnesses: [
                    Witness(
                        source: source, origin: try Token("one"), confidence: 0.6, similarity: 1,
                        semanticContent: .raw(Array(content.utf8)))
                ]))
        correlation = Envelope(
            id: id("correlation"), at: at,
            from: Source(entityID: "thalamus-1", entityType: .thalamus, garden: .virtual, tier: 1),
            CorrelationEvent(
                gateID: gateID, windowStart: earlier, windowEnd: at,
                signalsInWindow: signals.map {
                    WindowSignal(
                        source: $0.source, origin: $0.origin, confidence: $0.confidence, timestamp: $0.timestamp)
                }, correlationMatrix: [[1, 1], [1, 1]], aggregateCorrelation: 0.6, result: .opened,
                variant: domain, opening: id("virtual opening")))
        request = Envelope(
            id: id("request message"), at: at, from: bridge,
            CognitiveRequest(
                requestID: id("request"), collapseID: id("collapse"), eventType: "math_question", domain: domain,
                confidence: 0.8, structuredInput: .raw(Array(content.utf8)),
                suggestedActions: [SuggestedAction(action: "answer", confidence: 0.9)], processingBudgetLF: 5,
                responseTimeoutMilliseconds: 2_000, expiresAt: at.advanced(milliseconds: 2_000)))
        response = Envelope(
            id: id("response message"), at: at.advanced(milliseconds: 12), from: bridge,
            CognitiveResponse(
                requestID: id("request"), decision: "answer it:\ttab, \"quotes\", back\\slash\nnew line",
                result: .raw(Array(content.utf8)),
                downstreamCommands: [
                    DownstreamCommand(target: "math", command: "add", payload: .raw(Array("{}".utf8)))
                ],
                mind: Mind(model: "tiny", server: "http://127.0.0.1:1"), boundary: .model, lifeforceSpent: 2.5,
                processingTimeMilliseconds: 11.5, outcome: .answered))
        verification = Envelope(
            id: id("verification"), at: at.advanced(milliseconds: 60_000),
            from: Source(entityID: "inspector", entityType: .service, garden: .real, tier: 0),
            VerificationOutcome(
                originalSignalID: id("transition"), domain: domain, outcome: outcome,
                actualResult: .raw(Array(#"{"sum": 42}"#.utf8)), expectedResult: .raw(Array(#"{"sum": 42}"#.utf8)),
                discrepancy: 0,
                verificationSource: "inspector", feedbackToVirtual: VirtualFeedback(gateWeightDelta: 0.02)))
    }

    /// The whole decision in the order of its making.
    public var entries: [MemoryEntry] {
        [
            entry(.transition(transition), transition), entry(.collapse(collapse), collapse),
            entry(.correlation(correlation), correlation), entry(.request(request), request),
            entry(.response(response), response), entry(.transition(release), release),
            entry(.verification(verification, gate: gate), verification),
        ]
    }

    /// The opening alone.
    public var opening: MemoryEntry { entry(.transition(transition), transition) }

    /// Outcome of the response's command.
    public var act: MemoryEntry {
        let message = Envelope(
            id: .named("act/\(request.body.requestID.text)"), at: at.advanced(milliseconds: 40),
            from: response.header.source,
            Act(
                requestID: request.body.requestID, outcome: .done,
                commands: [
                    ActedCommand(target: "math", command: "add", status: .ok, result: .raw(Array(#"{"sum": 42}"#.utf8)))
                ], word: "ada", at: at.advanced(milliseconds: 39)))
        return entry(.act(message), message)
    }

    private static let thalamus: Token = {
        guard let token = try? Token("thalamus") else { preconditionFailure("'thalamus' is a token") }
        return token
    }()

    /// A minute in which something was spent, from the decision's time on.
    ///
    /// - Parameter regions: what was spent.
    public func spent(_ regions: [RegionSpending]) -> MemoryEntry {
        let until = at.advanced(milliseconds: 60_000)
        let message = Envelope(
            id: .spent(by: "thalamus", from: at, until: until, part: 0), at: until, from: transition.header.source,
            LifeforceSpent(since: at, until: until, regions: regions))
        return entry(.spent(message), message)
    }

    /// The verification as the thalamus took it into its trust, a second later.
    ///
    /// - Parameters:
    ///   - result: the result that it took; that of the verification unless given.
    ///   - place: sequence of the verification in its stream.
    ///   - lifeforce: what it gives back, in LF.
    public func accepted(
        _ result: VerificationResult? = nil, place: UInt64 = 1, lifeforce: Double = 0
    ) -> MemoryEntry {
        let body = transition.body
        let message = Envelope(
            id: .accepted(transition.header.messageID, sequence: place),
            at: verification.header.timestamp.advanced(milliseconds: Double(place) * 1_000),
            from: transition.header.source,
            AcceptedOutcome(
                gateID: gate, region: body.region, opening: transition.header.messageID,
                opener: body.triggerSignals[1].origin, witnesses: body.triggerSignals.map(\.origin),
                sender: "inspector", result: result ?? verification.body.outcome,
                at: verification.header.timestamp.advanced(milliseconds: Double(place) * 1_000)))
        return entry(.accepted(message, lifeforce: lifeforce), message)
    }

    /// The verification alone.
    public var verdict: MemoryEntry { entry(.verification(verification, gate: gate), verification) }

    /// Later message of the thalamus about the opening.
    ///
    /// - Parameters:
    ///   - kind: a withdrawal or a replacement, also of a withdrawn outcome an outcome.
    ///   - milliseconds: time after the first outcome.
    public func later(
        _ kind: OutcomeKind, _ result: VerificationResult, after milliseconds: Double, weight: Double? = nil
    ) -> MemoryEntry {
        let first = accepted()
        guard case .accepted(var message, let lifeforce) = first.row else { return first }
        message.body.kind = kind
        message.body.result = result
        message.body.weight = weight
        message.body.at = message.body.at.advanced(milliseconds: milliseconds)
        message.header.messageID = .named("\(message.header.messageID)/\(kind.rawValue)/\(milliseconds)")
        return entry(.accepted(message, lifeforce: lifeforce), message)
    }

    private func entry<Body: MessageBody>(_ row: MemoryRow, _ message: Envelope<Body>) -> MemoryEntry {
        let subject =
            switch row {
            case .transition: Subject.transition(environment, gate: gate)
            case .collapse: Subject.collapse(environment)
            case .correlation: Subject.correlation(environment)
            case .request: Subject.cognitiveRequest(environment)
            case .response: Subject.cognitiveResponse(environment)
            case .act: Subject.act(environment)
            case .accepted: Subject.acceptedOutcome(environment, gate: gate)
            case .spent: Subject.lifeforce(environment, of: Self.thalamus)
            case .verification, .rejected: Subject.feedback(environment, gate: gate)
            }
        return MemoryEntry(environment: environment, subject: subject.text, payload: message.encoded(), row: row)
    }
}

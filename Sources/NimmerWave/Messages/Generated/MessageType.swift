// Written by Messages/generate.py from Messages/Declarations/*.toml: change that.
// swift-format-ignore-file

/// The message types of protocol.md, Bodies.
public enum MessageType: String, CaseIterable, Sendable, Hashable {
    /// A cell's or nerve's observation and how sure it is.
    case waveSignal = "WaveSignal"
    /// A lasting change in what a cell senses begins or ends; for people, never for gates; since 2.1.
    case changeEvent = "ChangeEvent"
    /// A gate changed its state.
    case gateTransition = "GateTransition"
    /// Waves of independent origins that agreed became one amplified signal.
    case collapse = "Collapse"
    /// A question to a mind about one collapse.
    case cognitiveRequest = "CognitiveRequest"
    /// The answer to a request: a decision and the commands that it asks for.
    case cognitiveResponse = "CognitiveResponse"
    /// Outcome of the commands of a decision.
    case act = "Act"
    /// The open and the rising gates, the mode and the rates; once a second.
    case attention = "Attention"
    /// A nerve changed the state of its behaviour.
    case nerveState = "NerveState"
    /// Correlation within one window, for training; virtual garden only.
    case correlationEvent = "CorrelationEvent"
    /// Ground truth: whether reality confirmed an opening.
    case verificationOutcome = "VerificationOutcome"
    /// An outcome that the thalamus took into its trust; since 2.1.
    case acceptedOutcome = "AcceptedOutcome"
    /// A decision about the home of a region that waves name; since 2.1.
    case regionAssignment = "RegionAssignment"
    /// Energy that was spent in regions over a span of time; since 2.1.
    case lifeforceSpent = "LifeforceSpent"
    /// An order to a cell, nerve or organ.
    case command = "Command"
    /// Result of a command.
    case commandResult = "CommandResult"
    /// A message that was refused, and why.
    case reject = "Reject"
    /// A mind is alive, and how busy it is.
    case heartbeat = "Heartbeat"
}

/// A message of any type, for readers that take whatever comes: the tail, the checker, the recorder.
public enum AnyMessage: Sendable, Hashable {
    /// A cell's or nerve's observation and how sure it is.
    case waveSignal(Envelope<WaveSignal>)
    /// A lasting change in what a cell senses begins or ends; for people, never for gates; since 2.1.
    case changeEvent(Envelope<ChangeEvent>)
    /// A gate changed its state.
    case gateTransition(Envelope<GateTransition>)
    /// Waves of independent origins that agreed became one amplified signal.
    case collapse(Envelope<Collapse>)
    /// A question to a mind about one collapse.
    case cognitiveRequest(Envelope<CognitiveRequest>)
    /// The answer to a request: a decision and the commands that it asks for.
    case cognitiveResponse(Envelope<CognitiveResponse>)
    /// Outcome of the commands of a decision.
    case act(Envelope<Act>)
    /// The open and the rising gates, the mode and the rates; once a second.
    case attention(Envelope<Attention>)
    /// A nerve changed the state of its behaviour.
    case nerveState(Envelope<NerveState>)
    /// Correlation within one window, for training; virtual garden only.
    case correlationEvent(Envelope<CorrelationEvent>)
    /// Ground truth: whether reality confirmed an opening.
    case verificationOutcome(Envelope<VerificationOutcome>)
    /// An outcome that the thalamus took into its trust; since 2.1.
    case acceptedOutcome(Envelope<AcceptedOutcome>)
    /// A decision about the home of a region that waves name; since 2.1.
    case regionAssignment(Envelope<RegionAssignment>)
    /// Energy that was spent in regions over a span of time; since 2.1.
    case lifeforceSpent(Envelope<LifeforceSpent>)
    /// An order to a cell, nerve or organ.
    case command(Envelope<Command>)
    /// Result of a command.
    case commandResult(Envelope<CommandResult>)
    /// A message that was refused, and why.
    case reject(Envelope<Reject>)
    /// A mind is alive, and how busy it is.
    case heartbeat(Envelope<Heartbeat>)

    /// Reads the body that a head names.
    init(_ header: Header, _ body: JSONObject) throws(Refusal) {
        switch header.messageType {
        case .waveSignal: self = .waveSignal(try Envelope(header, body))
        case .changeEvent: self = .changeEvent(try Envelope(header, body))
        case .gateTransition: self = .gateTransition(try Envelope(header, body))
        case .collapse: self = .collapse(try Envelope(header, body))
        case .cognitiveRequest: self = .cognitiveRequest(try Envelope(header, body))
        case .cognitiveResponse: self = .cognitiveResponse(try Envelope(header, body))
        case .act: self = .act(try Envelope(header, body))
        case .attention: self = .attention(try Envelope(header, body))
        case .nerveState: self = .nerveState(try Envelope(header, body))
        case .correlationEvent: self = .correlationEvent(try Envelope(header, body))
        case .verificationOutcome: self = .verificationOutcome(try Envelope(header, body))
        case .acceptedOutcome: self = .acceptedOutcome(try Envelope(header, body))
        case .regionAssignment: self = .regionAssignment(try Envelope(header, body))
        case .lifeforceSpent: self = .lifeforceSpent(try Envelope(header, body))
        case .command: self = .command(try Envelope(header, body))
        case .commandResult: self = .commandResult(try Envelope(header, body))
        case .reject: self = .reject(try Envelope(header, body))
        case .heartbeat: self = .heartbeat(try Envelope(header, body))
        }
    }

    /// Header: its sender and time.
    public var header: Header {
        switch self {
        case .waveSignal(let message): message.header
        case .changeEvent(let message): message.header
        case .gateTransition(let message): message.header
        case .collapse(let message): message.header
        case .cognitiveRequest(let message): message.header
        case .cognitiveResponse(let message): message.header
        case .act(let message): message.header
        case .attention(let message): message.header
        case .nerveState(let message): message.header
        case .correlationEvent(let message): message.header
        case .verificationOutcome(let message): message.header
        case .acceptedOutcome(let message): message.header
        case .regionAssignment(let message): message.header
        case .lifeforceSpent(let message): message.header
        case .command(let message): message.header
        case .commandResult(let message): message.header
        case .reject(let message): message.header
        case .heartbeat(let message): message.header
        }
    }

    /// Every type of body.
    public static let bodies: [any MessageBody.Type] = [
        WaveSignal.self,
        ChangeEvent.self,
        GateTransition.self,
        Collapse.self,
        CognitiveRequest.self,
        CognitiveResponse.self,
        Act.self,
        Attention.self,
        NerveState.self,
        CorrelationEvent.self,
        VerificationOutcome.self,
        AcceptedOutcome.self,
        RegionAssignment.self,
        LifeforceSpent.self,
        Command.self,
        CommandResult.self,
        Reject.self,
        Heartbeat.self,
    ]

    /// Records that stand where any value may, each with its own schema.
    public static let records: [any PublishedRecord.Type] = [
        EscalationInput.self,
        DecisionRecord.self,
    ]
}

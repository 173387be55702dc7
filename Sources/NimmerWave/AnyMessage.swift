/// A message of any type, for readers that take whatever comes: the tail, the checker, the recorder.
public enum AnyMessage: Sendable, Hashable {
    /// A wave.
    case waveSignal(Envelope<WaveSignal>)
    /// A gate changed its state.
    case gateTransition(Envelope<GateTransition>)
    /// Waves that agreed became one signal.
    case collapse(Envelope<Collapse>)
    /// A question to a mind.
    case cognitiveRequest(Envelope<CognitiveRequest>)
    /// Its answer.
    case cognitiveResponse(Envelope<CognitiveResponse>)
    /// What became of its commands.
    case act(Envelope<Act>)
    /// What is open.
    case attention(Envelope<Attention>)
    /// A nerve changed its state.
    case nerveState(Envelope<NerveState>)
    /// What correlated.
    case correlationEvent(Envelope<CorrelationEvent>)
    /// What became of an opening.
    case verificationOutcome(Envelope<VerificationOutcome>)
    /// What the thalamus took of it into its trust.
    case acceptedOutcome(Envelope<AcceptedOutcome>)
    /// An order.
    case command(Envelope<Command>)
    /// What came of it.
    case commandResult(Envelope<CommandResult>)
    /// A refused message.
    case reject(Envelope<Reject>)
    /// A mind is alive.
    case heartbeat(Envelope<Heartbeat>)

    /// Reads a message of any type.
    ///
    /// - Throws: a ``Refusal`` that names the field and what was expected.
    public static func decode(_ bytes: [UInt8]) throws(Refusal) -> AnyMessage {
        let (header, body) = try WireText.parts(bytes)
        switch header.messageType {
        case .waveSignal:
            var view = WaveView()
            try WaveDecoder.decode(bytes.span.bytes, into: &view)
            return .waveSignal(try Envelope(header, body))
        case .gateTransition: return .gateTransition(try Envelope(header, body))
        case .collapse: return .collapse(try Envelope(header, body))
        case .cognitiveRequest: return .cognitiveRequest(try Envelope(header, body))
        case .cognitiveResponse: return .cognitiveResponse(try Envelope(header, body))
        case .act: return .act(try Envelope(header, body))
        case .attention: return .attention(try Envelope(header, body))
        case .nerveState: return .nerveState(try Envelope(header, body))
        case .correlationEvent: return .correlationEvent(try Envelope(header, body))
        case .verificationOutcome: return .verificationOutcome(try Envelope(header, body))
        case .acceptedOutcome: return .acceptedOutcome(try Envelope(header, body))
        case .command: return .command(try Envelope(header, body))
        case .commandResult: return .commandResult(try Envelope(header, body))
        case .reject: return .reject(try Envelope(header, body))
        case .heartbeat: return .heartbeat(try Envelope(header, body))
        }
    }

    /// Who said it, and when.
    public var header: Header {
        switch self {
        case .waveSignal(let message): message.header
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
        case .command(let message): message.header
        case .commandResult(let message): message.header
        case .reject(let message): message.header
        case .heartbeat(let message): message.header
        }
    }

    /// Every type's JSON Schema, by the type's name.
    public static var jsonSchemas: [(name: String, schema: JSON)] {
        let bodies: [any MessageBody.Type] = [
            WaveSignal.self, GateTransition.self, Collapse.self, CognitiveRequest.self, CognitiveResponse.self,
            Act.self, Attention.self, NerveState.self, CorrelationEvent.self, VerificationOutcome.self,
            AcceptedOutcome.self, Command.self, CommandResult.self, Reject.self, Heartbeat.self,
        ]
        return bodies.map { ($0.type.rawValue, $0.jsonSchema) }
    }
}

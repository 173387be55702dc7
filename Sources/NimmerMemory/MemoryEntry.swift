import NimmerWave

/// One thing to be remembered: a message of the system, decoded, as it came.
public struct MemoryEntry: Sendable, Hashable {
    /// The environment that it belongs to.
    public var environment: Environment
    /// The subject that it arrived on.
    public var subject: String
    /// The message as it arrived: what is set aside is kept byte for byte.
    public var payload: [UInt8]
    /// Contents.
    public var row: MemoryRow

    /// Creates an entry.
    public init(environment: Environment, subject: String, payload: [UInt8], row: MemoryRow) {
        self.environment = environment
        self.subject = subject
        self.payload = payload
        self.row = row
    }

    /// Decodes a message of one of the types that are remembered (memory.md).
    ///
    /// - Parameters:
    ///   - payload: the message.
    ///   - subject: where it arrived, which decides its type, gate and sender; an outcome takes its gate and its
    ///     sender from it.
    ///   - environment: the environment of the reader.
    /// - Throws: a ``Refusal`` when the message is not understood or is not one that is remembered.
    public init(decoding payload: [UInt8], subject: String, environment: Environment) throws(Refusal) {
        let row: MemoryRow
        switch try AnyMessage.decode(payload, on: subject) {
        case .gateTransition(let message): row = .transition(message)
        case .collapse(let message): row = .collapse(message)
        case .correlationEvent(let message): row = .correlation(message)
        case .cognitiveRequest(let message): row = .request(message)
        case .cognitiveResponse(let message): row = .response(message)
        case .act(let message): row = .act(message)
        case .acceptedOutcome(let message): row = .accepted(message, lifeforce: 0)
        case .lifeforceSpent(let message): row = .spent(message)
        case .verificationOutcome(let message):
            row = .verification(try message.verified(on: subject), gate: try MemoryEntry.gate(of: subject))
        case let other:
            throw Refusal(
                .type, field: "header.message_type", "header.message_type must be a type that is stored",
                found: other.header.messageType.rawValue)
        }
        self.init(environment: environment, subject: subject, payload: payload, row: row)
    }

    /// The entries of a message: one, or of an opening that carries its collapse the transition, the collapse and, where it goes up,
    /// the request, as if each had come by itself (decision 0012).
    ///
    /// - Throws: a ``Refusal`` when the message is not understood or is not one that is remembered.
    public static func entries(
        decoding payload: [UInt8], subject: String, environment: Environment
    ) throws(Refusal) -> [MemoryEntry] {
        let entry = try MemoryEntry(decoding: payload, subject: subject, environment: environment)
        guard case .transition(var opening) = entry.row, let collapse = opening.collapsed else { return [entry] }
        let request = opening.escalated
        // Contents stand in one row.
        opening.body.collapse = nil
        opening.body.escalation = nil
        let rows = [.transition(opening), .collapse(collapse)] + (request.map { [MemoryRow.request($0)] } ?? [])
        return rows.map { MemoryEntry(environment: environment, subject: subject, payload: payload, row: $0) }
    }

    /// An entry that sets a message aside.
    public init(rejecting payload: [UInt8], subject: String, environment: Environment, because refusal: Refusal) {
        // A readable message that its subject forbids comes from a sender that may not choose a row's place.
        let isReadable = (try? AnyMessage.decode(payload)) != nil
        let rejected = RejectedMessage(
            id: isReadable ? .contradiction(payload, on: subject) : Self.identity(of: payload),
            code: refusal.code.rawValue,
            field: refusal.field,
            reason: refusal.description)
        self.init(environment: environment, subject: subject, payload: payload, row: .rejected(rejected))
    }

    /// The same message, set aside because the store cannot hold it.
    public func setAside(because reason: String) -> MemoryEntry {
        var other = self
        other.row = .rejected(RejectedMessage(id: row.messageID, code: "store", field: "", reason: reason))
        return other
    }

    /// The message id that a message claims, or else a name-based id of its bytes.
    public static func identity(of payload: [UInt8]) -> MessageID {
        let claimed = (try? JSON(parsing: payload))?["header"]?["message_id"]?.string
        if let claimed, let id = try? MessageID(claimed) { return id }
        return .rejected(payload)
    }

    private static func gate(of subject: String) throws(Refusal) -> GateID {
        guard let gate = try Subject(foreign: subject).feedbackGate else {
            throw Refusal(
                .name, field: "subject",
                "the subject of a VerificationOutcome must be <env>.nervous.outcomes.<gate>.feedback, optionally followed by its "
                    + "sender", found: subject)
        }
        return gate
    }
}

extension Envelope where Body == VerificationOutcome {
    /// The outcome with its verifier as the subject names it; what the body calls that one stands behind it, as a mere label.
    fileprivate func verified(on subject: String) throws(Refusal) -> Envelope {
        guard let sender = try Provenance(of: subject).sender else { return self }
        var other = self
        other.body.verificationSource = sender.text.labelled(body.verificationSource)
        return other
    }
}

/// Contents of an entry: the message types that are remembered, and dead letters.
public enum MemoryRow: Sendable, Hashable {
    /// A gate changed its state.
    case transition(Envelope<GateTransition>)
    /// Waves became one amplified signal.
    case collapse(Envelope<Collapse>)
    /// Correlation within one window.
    case correlation(Envelope<CorrelationEvent>)
    /// A mind was asked.
    case request(Envelope<CognitiveRequest>)
    /// It answered.
    case response(Envelope<CognitiveResponse>)
    /// Outcome of its commands.
    case act(Envelope<Act>)
    /// A sender reports that reality confirmed it or did not; the gate comes from the subject.
    case verification(Envelope<VerificationOutcome>, gate: GateID)
    /// The thalamus counted an outcome, took one back, or forgot what they had shown; with what it gives back, in LF.
    case accepted(Envelope<AcceptedOutcome>, lifeforce: Double)
    /// Energy was spent.
    case spent(Envelope<LifeforceSpent>)
    /// A message that was not accepted.
    case rejected(RejectedMessage)

    /// The message's id.
    public var messageID: MessageID {
        switch self {
        case .transition(let message): message.header.messageID
        case .collapse(let message): message.header.messageID
        case .correlation(let message): message.header.messageID
        case .request(let message): message.header.messageID
        case .response(let message): message.header.messageID
        case .act(let message): message.header.messageID
        case .verification(let message, _): message.header.messageID
        case .accepted(let message, _): message.header.messageID
        case .spent(let message): message.header.messageID
        case .rejected(let message): message.id
        }
    }

    /// Key that makes the row unique: a second row with the same key changes nothing (memory.md, Tables).
    public var key: MessageID {
        switch self {
        case .collapse(let message): message.body.collapseID
        case .request(let message): message.body.requestID
        case .response(let message): message.body.requestID
        case .act(let message): message.body.requestID
        case .transition, .correlation, .verification, .accepted, .spent, .rejected: messageID
        }
    }
}

/// Reason why a message was not accepted.
public struct RejectedMessage: Sendable, Hashable {
    /// The message's id where one could be read, else a name-based id of its bytes.
    public var id: MessageID
    /// Kind of rule that was broken: a ``Refusal/Code``, or `store` when the store could not hold it.
    public var code: String
    /// The field at fault; empty for the message as a whole.
    public var field: String
    /// Description of what was expected and found, in one line.
    public var reason: String

    /// Creates a rejection.
    public init(id: MessageID, code: String, field: String, reason: String) {
        self.id = id
        self.code = code
        self.field = field
        self.reason = reason
    }
}

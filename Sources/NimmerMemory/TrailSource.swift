import NimmerWave

/// Key by which a collapse, request, response or verification is looked up.
public enum TrailKey: Sendable, Hashable {
    /// By its own id or its message's id.
    case own(MessageID)
    /// By the id of what it follows from.
    case cause(MessageID)
}

/// The look-ups that a trail is made of; stores provide them, ``follow(_:)`` connects them.
public protocol TrailSource {
    /// The transition with a message id.
    func transition(_ id: MessageID) throws(MemoryError) -> Remembered<GateTransition>?
    /// The next transition of the same gate.
    func transition(following earlier: GateTransition, in environment: Environment) throws(MemoryError)
        -> Envelope<GateTransition>?
    /// A collapse; its cause is a transition.
    func collapse(_ key: TrailKey) throws(MemoryError) -> Remembered<Collapse>?
    /// A request; its cause is a collapse.
    func request(_ key: TrailKey) throws(MemoryError) -> Remembered<CognitiveRequest>?
    /// A response; its cause is a request.
    func response(_ key: TrailKey) throws(MemoryError) -> Remembered<CognitiveResponse>?
    /// Outcome of the commands of a decision; its cause is a request.
    func act(_ key: TrailKey) throws(MemoryError) -> Remembered<Act>?
    /// Verifications, oldest first; their cause is a transition.
    func verifications(_ key: TrailKey) throws(MemoryError) -> [Remembered<VerificationOutcome>]
}

/// A message as a store gives it back.
public struct Remembered<Body: MessageBody>: Sendable, Hashable {
    /// The environment.
    public var environment: Environment
    /// The message.
    public var message: Envelope<Body>

    /// Creates a remembered message.
    public init(environment: Environment, message: Envelope<Body>) {
        self.environment = environment
        self.message = message
    }
}

extension TrailSource {
    /// Follows a decision from any of its ids, upwards to its waves and downwards to its verification.
    public func follow(_ id: MessageID) throws(MemoryError) -> MemoryTrail? {
        var trail = MemoryTrail(asked: id, environment: .dev)
        var found: Environment?

        var response = try response(.own(id))
        var request = try request(.own(id))
        if request == nil, let answered = response?.message.body.requestID {
            request = try self.request(.own(answered))
        }
        var collapse = try collapse(.own(id))
        if collapse == nil, let asked = request?.message.body.collapseID { collapse = try self.collapse(.own(asked)) }
        let verified = try verifications(.own(id)).first
        let transitionID = verified?.message.body.originalSignalID ?? collapse?.message.body.transitionID ?? id

        if collapse == nil { collapse = try self.collapse(.cause(transitionID)) }
        if request == nil, let cause = collapse?.message.body.collapseID { request = try self.request(.cause(cause)) }
        if response == nil, let cause = request?.message.body.requestID { response = try self.response(.cause(cause)) }
        trail.transition = try transition(transitionID)?.remember(&found)
        trail.collapse = collapse?.remember(&found)
        trail.request = request?.remember(&found)
        trail.response = response?.remember(&found)
        if let cause = request?.message.body.requestID { trail.act = try act(.cause(cause))?.remember(&found) }
        for outcome in try verifications(.cause(transitionID)) { trail.verifications.append(outcome.remember(&found)) }

        guard let environment = found else { return nil }
        trail.environment = environment
        if let body = trail.transition?.body { trail.next = try self.transition(following: body, in: environment) }
        return trail
    }
}

extension Remembered {
    fileprivate func remember(_ environment: inout Environment?) -> Envelope<Body> {
        environment = self.environment
        return message
    }
}

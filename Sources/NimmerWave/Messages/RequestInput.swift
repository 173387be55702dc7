// What stands in the opaque parts of requests and responses, for those who act on it.

/// The input of a request: typed for one that follows from an opening, any JSON for others.
public enum RequestInput: Sendable, Hashable {
    /// The input of an opening.
    case escalation(EscalationInput)
    /// An input of another form; any client may publish a request with one.
    case other(JSON)

    /// The input in a request's `structured_input`.
    public init(_ json: JSON) {
        // Contents of witnesses stay as they were written.
        let json =
            if case .raw(let bytes) = json { (try? JSON(parsing: bytes, keepingRaw: ["content"])) ?? json } else {
                json
            }
        if let object = json.object, let input = try? EscalationInput(object) {
            self = .escalation(input)
        } else {
            self = .other(json)
        }
    }

    /// The input of an opening; nil for one of another form.
    public var escalation: EscalationInput? {
        if case .escalation(let input) = self { input } else { nil }
    }
}

extension CognitiveRequest {
    /// The input, typed where the request follows from an opening.
    public var input: RequestInput { RequestInput(structuredInput) }

    /// The region that the request is about: that of its opening; the domain where it follows from none.
    public var region: Region { input.escalation?.region ?? Region(domain) }
}

extension CognitiveResponse {
    /// Origin of the decision and fate of its commands; nil where the result is of another form.
    public var record: DecisionRecord? { result.object.flatMap { try? DecisionRecord($0) } }
}

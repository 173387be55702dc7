import NimmerWave
import Seeds

/// Messages whose every number and time is at an edge of what the wire allows, or near it: made from the declarations that the
/// decoder checks by, so that a new field is among them at once.
public struct Extremes {
    private var chance: Seeded
    /// Whether what is made now stands in something opaque.
    private var isNested = false

    /// The same messages each time from the same seed.
    public init(_ seed: UInt64) { chance = Seeded(seed) }

    /// Times at the edges of the wire, with zones that carry them beyond, around 1970, and on an ordinary day.
    public static let times = [
        "1678-01-01T00:00:00Z", "1678-01-01T23:59:00+23:59", "2261-12-31T23:59:59.999999999Z",
        "2261-12-31T00:00:00-23:59", "1969-12-31T23:59:59.999999999Z", "1970-01-01T00:00:00Z",
        "1999-12-31T23:59:59.999999Z", "2026-02-14T18:30:00Z", "2026-02-14T18:30:00.3Z",
    ]
    /// Numbers at the edges of doubles and of whole numbers.
    public static let numbers: [Double] = [
        0, 1, -1, 0.5, 1e308, -1e308, 5e-308, 9.3e18, -9.3e18, 1.9e19, 9_007_199_254_740_992, 1e15, -0.0,
    ]
    /// Every type of message.
    public static let bodies: [any MessageBody.Type] = [
        WaveSignal.self, ChangeEvent.self, GateTransition.self, Collapse.self, CognitiveRequest.self,
        CognitiveResponse.self,
        Act.self, Attention.self, NerveState.self, CorrelationEvent.self, VerificationOutcome.self, Command.self,
        CommandResult.self, Reject.self, Heartbeat.self,
    ]

    /// A message of one type.
    public mutating func message(_ body: any MessageBody.Type) -> [UInt8] {
        var header = object(Header.fields)
        header["message_type"] = .string(body.type.rawValue)
        header["version"] = "2.0"
        var fields = object(body.fields)
        agree(&header, &fields, with: body.type)
        return JSON.object(["header": .object(header), "body": .object(fields)]).bytes
    }

    /// Has a message say of itself what ``subject(of:)`` says of it; else it is refused before anything is reckoned with.
    private func agree(_ header: inout JSONObject, _ body: inout JSONObject, with type: MessageType) {
        if type == .reject { body["service"] = "a" }
        guard [.gateTransition, .collapse, .attention, .cognitiveResponse, .act].contains(type) else { return }
        var source = header["source"]?.object ?? [:]
        source["entity_type"] = [.act, .cognitiveResponse].contains(type) ? "boundary" : "thalamus"
        header["source"] = .object(source)
        guard [.gateTransition, .collapse].contains(type) else { return }
        body["gate_id"] = "plant"
        body["region"] = "plant"
    }

    /// A message of any type, and a subject that it may come on.
    public mutating func message() -> (subject: String, payload: [UInt8]) {
        let body = Self.bodies[Int.random(in: 0..<Self.bodies.count, using: &chance)]
        return (Self.subject(of: body.type), message(body))
    }

    /// A subject that messages of a type come on.
    public static func subject(of type: MessageType) -> String {
        switch type {
        case .waveSignal: "dev.nervous.cells.a.wave"
        case .changeEvent: "dev.nervous.cells.a.change"
        case .gateTransition: "dev.nervous.gates.plant.transition"
        case .collapse: "dev.nervous.thalamus.collapse"
        case .cognitiveRequest: "dev.cognitive.bridge.request"
        case .cognitiveResponse: "dev.cognitive.bridge.response"
        case .verificationOutcome: "dev.nervous.outcomes.plant.feedback"
        case .attention: "dev.nervous.thalamus.attention"
        case .act: "dev.cognitive.bridge.act"
        case .nerveState: "dev.nervous.nerves.a.state"
        case .correlationEvent: "dev.nervous.traces.correlation"
        case .command: "dev.nervous.cells.a.request"
        case .commandResult: "dev.nervous.cells.a.response"
        case .heartbeat: "dev.cognitive.bridge.heartbeat"
        case .reject: "dev.nervous.rejects.a"
        case .acceptedOutcome: "dev.nervous.gates.plant.outcome"
        case .lifeforceSpent: "dev.nervous.lifeforce.thalamus"
        case .regionAssignment: "dev.nervous.regions.plant"
        }
    }

    /// A moment at an edge.
    public mutating func time() -> Timestamp {
        (try? Timestamp(rfc3339: pick(Self.times))) ?? .earliest
    }

    /// A number at an edge, within bounds.
    public mutating func number(in bounds: ClosedRange<Double> = -.infinity ... .infinity) -> Double {
        let number = pick(Self.numbers)
        return min(max(number, max(bounds.lowerBound, -1e308)), min(bounds.upperBound, 1e308))
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &chance)]
    }

    private mutating func object(_ fields: [Field]) -> JSONObject {
        var object: JSONObject = [:]
        for field in fields where field.isRequired || chance.chance(0.8) { object[field.key] = value(field.kind) }
        return object
    }

    private mutating func value(_ kind: FieldKind) -> JSON {
        switch kind {
        case .token, .region: .string(pick(["plant", "math", "a", "b"]))
        case .text, .name: .string(pick(["x", "plant", "2261-12-31T23:59:59Z"]))
        case .number(let bounds): .number(number(in: bounds))
        case .energy: .number(number(in: 0 ... .infinity))
        case .positive(let most): .number(number(in: .leastNonzeroMagnitude...most))
        case .whole(let bounds):
            .number(Double(pick([bounds.lowerBound, max(bounds.lowerBound, bounds.upperBound - 1023)])))
        case .polarity: .number(pick([1, -1]))
        case .truth: .bool(chance.chance(0.5))
        case .digest: .string(ArtifactDigest(of: [UInt8(truncatingIfNeeded: chance.next())]).text)
        case .media: .string(["image/png", "a/b", "application/vnd.x-y+json"][Int(chance.next() % 3)])
        case .uuid: .string(MessageID.v7(at: .earliest, using: &chance).text)
        case .time: .string(pick(Self.times))
        case .word(let words): .string(pick(words))
        case .opaque, .anything: .object(content())
        case .vector(let most): .array((0..<min(most, 3)).map { _ in .number(number()) })
        case .list(let kind, let most): .array((0..<min(most, 3)).map { _ in value(kind) })
        case .record(let fields): .object(object(fields))
        }
    }

    /// What the system's own readers look for in what others may write at will.
    private mutating func content() -> JSONObject {
        if !isNested, chance.chance(0.5) {
            isNested = true
            defer { isNested = false }
            return object(chance.chance(0.5) ? EscalationInput.fields : DecisionRecord.fields)
        }
        var content: JSONObject = [:]
        for key in ["age_ms", "value", "metres", "distance_m", "ms", "lf", "tokens", "confidence", "merged"] {
            content[key] = .number(number())
        }
        for key in ["opened_at", "commands_until", "expired_at"] { content[key] = .string(pick(Self.times)) }
        content["region"] = "plant"
        content["commands"] = .string(pick(["act", "confirm", "dry-run"]))
        content["asked"] = .array(
            (0..<2).map { _ in
                ["mind": "small", "verdict": "valid", "tokens": .number(number()), "lf": .number(number())]
            })
        content["witnesses"] = .array(
            (0..<2).map { _ in
                [
                    "source": "a", "origin": "a", "confidence": .number(number()), "age_ms": .number(number()),
                    "content": [:],
                ]
            })
        return content
    }
}

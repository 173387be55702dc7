import NimmerWave

/// A request to an organ, read from the payload of a command (protocol.md, `<env>.organs.<organ>.<verb>`).
public enum OrganRequest: Sendable, Hashable {
    /// Work for the model: `ask` and `embed`.
    case work(OrganJob.Work)
    /// `state`: how it stands.
    case state
    /// `release`: another organ needs the card.
    case release

    /// The verbs.
    public static let verbs = ["ask", "embed", "state", "release"]
    /// Texts that one `embed` may hold.
    public static let maximumTexts = 64
    /// Bytes that each of them may have.
    public static let maximumTextBytes = 2_000
    /// Bytes that an answer's text may have, so that the answer fits into a message.
    public static let maximumAnswerBytes = 32_768

    /// Reads a request.
    ///
    /// - `ask`: `{"prompt": text, "system": text?, "schema": object?, "max_tokens": whole?, "temperature": 0…2?}`
    /// - `embed`: `{"texts": [text, …]}`, at most ``maximumTexts`` of at most ``maximumTextBytes``
    ///
    /// - Parameters:
    ///   - verb: the last token of the subject.
    ///   - payload: the command's arguments.
    ///   - maximumTokens: what an answer may have at most; also the default.
    ///   - id: the request's id.
    /// - Throws: a ``Refusal`` that names the field and what was expected.
    public init(_ verb: String, _ payload: JSON, maximumTokens: Int, id: MessageID) throws(Refusal) {
        switch verb {
        case "state": self = .state
        case "release": self = .release
        case "ask": self = .work(.ask(try Self.question(payload, maximumTokens: maximumTokens, id: id)))
        case "embed": self = .work(.embed(try Self.texts(payload)))
        default:
            throw Refusal.wrong("command", "must be one of \(Self.verbs.joined(separator: ", "))", found: verb)
        }
    }

    private static func question(_ payload: JSON, maximumTokens: Int, id: MessageID) throws(Refusal) -> MindQuestion {
        try refuseUnknown(payload, known: ["prompt", "system", "schema", "max_tokens", "temperature"])
        guard let prompt = payload["prompt"]?.string, !prompt.isEmpty else {
            throw Refusal.wrong(
                "payload.prompt", "must be a text that is not empty", found: Self.found(payload["prompt"]))
        }
        var system = ""
        if let value = payload["system"] {
            guard let text = value.string else {
                throw Refusal.wrong("payload.system", "must be a text", found: Self.found(value))
            }
            system = text
        }
        if let schema = payload["schema"] {
            if let unknown = SchemaCheck.unknownKeyword(in: schema) {
                throw Refusal.wrong("payload.schema", "has a keyword that cannot be checked: \(unknown.excerpted)")
            }
        }
        var tokens = maximumTokens
        if let value = payload["max_tokens"] {
            guard let number = value.int, (1...maximumTokens).contains(number) else {
                throw Refusal.wrong(
                    "payload.max_tokens", "must be a whole number from 1 to \(maximumTokens)",
                    found: Self.found(value))
            }
            tokens = number
        }
        var temperature = 0.0
        if let value = payload["temperature"] {
            guard let number = value.double, (0...2).contains(number) else {
                throw Refusal.wrong("payload.temperature", "must be a number from 0 to 2", found: Self.found(value))
            }
            temperature = number
        }
        return MindQuestion(
            requestID: id, system: system, user: prompt, schema: payload["schema"]?.resolved, schemaName: "answer",
            maximumTokens: tokens, temperature: temperature, maximumAnswerBytes: maximumAnswerBytes)
    }

    private static func texts(_ payload: JSON) throws(Refusal) -> [String] {
        try refuseUnknown(payload, known: ["texts"])
        let texts = (payload["texts"]?.array ?? []).compactMap(\.string)
        guard (1...maximumTexts).contains(texts.count), texts.count == payload["texts"]?.array?.count else {
            throw Refusal.wrong(
                "payload.texts", "must be a list of 1 to \(maximumTexts) texts", found: Self.found(payload["texts"]))
        }
        for (place, text) in texts.enumerated() where !(1...maximumTextBytes).contains(text.utf8.count) {
            throw Refusal.wrong(
                "payload.texts[\(place)]", "must be a text of 1 to \(maximumTextBytes) bytes",
                found: "\(text.utf8.count) bytes")
        }
        return texts
    }

    private static func found(_ value: JSON?) -> String { value.map { String($0.text.prefix(60)) } ?? "nothing" }

    private static func refuseUnknown(_ payload: JSON, known: [String]) throws(Refusal) {
        guard let object = payload.object else {
            throw Refusal.wrong("payload", "must be an object", found: Self.found(payload))
        }
        for key in object.keys where !known.contains(key) {
            throw Refusal(
                .value, field: "payload.\(key.excerpted)",
                "is not known; expected only \(known.joined(separator: ", "))")
        }
    }
}

extension CommandResult {
    /// Result of a question to an organ.
    ///
    /// An answer under a schema is parsed and checked by our own check: the server's word that it kept to it is not believed. What
    /// does not fit is an `error` that names what is wrong, and the text is not passed on.
    public init(answer: MindAnswer, to question: MindQuestion) {
        var result: JSONObject = [
            "model": .string(answer.model), "processing_time_ms": .number(answer.milliseconds.rounded()),
        ]
        result["prompt_tokens"] = answer.promptTokens.map { .number(Double($0)) }
        result["completion_tokens"] = answer.completionTokens.map { .number(Double($0)) }
        switch answer.finish {
        case .stop: result["finish"] = "stop"
        case .length: result["finish"] = "length"
        case .other(let word): result["finish"] = .string(word)
        }
        guard let schema = question.schema else {
            result["text"] = .string(String(decoding: answer.text, as: UTF8.self))
            self.init(status: .ok, result: .object(result))
            return
        }
        do throws(Refusal) {
            let value = try JSON(parsing: answer.text)
            let problems = SchemaCheck.problems(of: value, against: schema)
            guard problems.isEmpty else {
                self.init(
                    status: .error, result: .object(result),
                    error: String("the answer breaks its schema: \(problems.joined(separator: "; "))".prefix(1000)))
                return
            }
            result["value"] = value
            self.init(status: .ok, result: .object(result))
        } catch {
            self.init(
                status: .error, result: .object(result),
                error: "the answer breaks its schema: it is no JSON: \(error.message)")
        }
    }
}

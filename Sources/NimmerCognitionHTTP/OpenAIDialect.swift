import NimmerCognition
import NimmerSystem
import NimmerWave

/// `/v1/chat/completions` with `response_format: json_schema` and server-sent events: llama.cpp's server, vLLM and others.
///
/// A server that does not stream answers with one JSON object, which is read as well.
struct OpenAIDialect: Dialect {
    let settings: MindSettings

    var path: String { "/v1/chat/completions" }
    var types: [String] { ["text/event-stream", "application/json"] }

    func body(_ question: MindQuestion) -> JSON {
        var body: JSONObject = [
            "model": .string(settings.model),
            "messages": [
                ["role": "system", "content": .string(question.system)],
                ["role": "user", "content": content(question)],
            ],
            "max_tokens": .number(Double(question.maximumTokens)),
            "temperature": .number(question.temperature),
            "seed": .number(Double(question.seed)),
            "stream": true,
            "stream_options": ["include_usage": true],
        ]
        if let schema = question.schema {
            body["response_format"] = [
                "type": "json_schema",
                "json_schema": ["name": .string(question.schemaName), "strict": true, "schema": schema],
            ]
        }
        return .object(body)
    }

    /// The user text; with pictures a list of parts, in which each is a data URI.
    private func content(_ question: MindQuestion) -> JSON {
        guard !question.images.isEmpty else { return .string(question.user) }
        let text: JSON = ["type": "text", "text": .string(question.user)]
        return .array(
            [text]
                + question.images.map { image in
                    let uri = "data:\(image.type);base64,\(Base64.text(image.bytes))"
                    return ["type": "image_url", "image_url": ["url": .string(uri)]]
                })
    }

    func piece(_ json: JSON) throws(MindError) -> AnswerPiece {
        guard json.object != nil else {
            throw MindError(.malformed, "the server sent \(json.kind); expected an object")
        }
        if let error = json["error"], !error.isNull {
            let kind = ServerWords.kind(error)
            throw MindError(.serverError, "the server failed while it answered\(kind.isEmpty ? "" : " (\(kind))")")
        }
        guard let choices = json["choices"]?.array else {
            throw MindError(.malformed, "the server sent an object without 'choices'")
        }
        var piece = AnswerPiece()
        if let choice = choices.first {
            // `delta` in a stream, `message` in one piece; reasoning and tool calls beside it are not part of the answer.
            let message = choice["delta"] ?? choice["message"]
            guard let message, message.object != nil else {
                throw MindError(.malformed, "the server sent a choice without 'delta' or 'message'")
            }
            if let content = message["content"], !content.isNull {
                guard let text = content.string else {
                    throw MindError(.malformed, "the server sent \(content.kind) as content; expected a text")
                }
                piece.text = text
            }
            piece.finish = choice["finish_reason"]?.string
        }
        piece.model = json["model"]?.string
        piece.promptTokens = json["usage"]?["prompt_tokens"]?.tokenCount
        piece.completionTokens = json["usage"]?["completion_tokens"]?.tokenCount
        piece.tokensPerSecond = json["timings"]?["predicted_per_second"]?.speed
        return piece
    }
}

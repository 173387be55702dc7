import NimmerCognition
import NimmerSystem
import NimmerWave

/// ollama's `/api/chat` with `format`, one JSON object a line.
///
/// `think` is not sent: with some models `think: false` makes ollama drop the schema silently. What a model thinks comes
/// in a field of its own and is not part of the answer. `num_ctx` is always the same for a mind, since another one makes ollama load
/// the model again, and large enough for its prompts, since ollama truncates longer ones silently.
struct OllamaDialect: Dialect {
    let settings: MindSettings

    var path: String { "/api/chat" }
    var types: [String] { ["application/x-ndjson", "application/json"] }

    func body(_ question: MindQuestion) -> JSON {
        var user: JSONObject = ["role": "user", "content": .string(question.user)]
        if !question.images.isEmpty { user["images"] = .array(question.images.map { .string(Base64.text($0.bytes)) }) }
        var body: JSONObject = [
            "model": .string(settings.model),
            "messages": [
                ["role": "system", "content": .string(question.system)],
                .object(user),
            ],
            "stream": true,
            "options": [
                "num_predict": .number(Double(question.maximumTokens)),
                "num_ctx": .number(Double(context)),
                "temperature": .number(question.temperature),
                "seed": .number(Double(question.seed)),
            ],
        ]
        if let schema = question.schema { body["format"] = schema }
        if let seconds = settings.keepAliveSeconds { body["keep_alive"] = .string("\(seconds)s") }
        return .object(body)
    }

    /// Tokens of context: two bytes a token is less than text and numbers need.
    var context: Int { (settings.promptBytes / 2 + settings.mostTokens + 1023) / 1024 * 1024 }

    func piece(_ json: JSON) throws(MindError) -> AnswerPiece {
        guard json.object != nil else {
            throw MindError(.malformed, "the server sent \(json.kind); expected an object")
        }
        if let error = json["error"], !error.isNull {
            throw MindError(.serverError, "the server failed while it answered")
        }
        guard let message = json["message"], message.object != nil else {
            throw MindError(.malformed, "the server sent an object without 'message'")
        }
        var piece = AnswerPiece()
        if let content = message["content"], !content.isNull {
            guard let text = content.string else {
                throw MindError(.malformed, "the server sent \(content.kind) as content; expected a text")
            }
            piece.text = text
        }
        piece.model = json["model"]?.string
        if json["done"]?.bool == true {
            piece.isLast = true
            piece.finish = json["done_reason"]?.string ?? "stop"
            piece.promptTokens = json["prompt_eval_count"]?.tokenCount
            piece.completionTokens = json["eval_count"]?.tokenCount
            if let count = piece.completionTokens, let nanoseconds = json["eval_duration"]?.double, nanoseconds > 0 {
                piece.tokensPerSecond = JSON.number(Double(count) / (nanoseconds / 1e9)).speed
            }
        }
        return piece
    }
}

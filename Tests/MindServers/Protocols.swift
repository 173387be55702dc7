/// The two protocols, as a server writes them.
public enum ServedProtocol: String, Sendable, CaseIterable {
    case openai, ollama

    /// The media type of a stream.
    public var streamType: String { self == .openai ? "text/event-stream" : "application/x-ndjson" }

    /// One piece of a streamed answer.
    public func piece(_ text: String) -> String {
        switch self {
        case .openai:
            event(#"{"choices":[{"index":0,"delta":{"content":\#(quoted(text))},"finish_reason":null}],"model":"m"}"#)
        case .ollama: event(#"{"model":"m","message":{"role":"assistant","content":\#(quoted(text))},"done":false}"#)
        }
    }

    /// The end of a streamed answer.
    public func end(finish: String = "stop") -> String {
        switch self {
        case .openai:
            event(#"{"choices":[{"index":0,"delta":{},"finish_reason":\#(quoted(finish))}],"model":"m"}"#)
                + event(
                    #"{"choices":[],"model":"m","usage":{"prompt_tokens":11,"completion_tokens":7},"timings":{"predicted_per_second":25.5}}"#
                )
                + "data: [DONE]\n\n"
        case .ollama:
            event(
                #"{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":\#(quoted(finish)),"prompt_eval_count":11,"eval_count":7,"eval_duration":500000000}"#
            )
        }
    }

    /// An answer in one piece.
    public func whole(_ text: String, finish: String = "stop") -> String {
        switch self {
        case .openai:
            #"{"choices":[{"index":0,"message":{"role":"assistant","content":\#(quoted(text))},"finish_reason":\#(quoted(finish))}],"model":"m","usage":{"prompt_tokens":11,"completion_tokens":7}}"#
        case .ollama:
            #"{"model":"m","message":{"role":"assistant","content":\#(quoted(text))},"done":true,"done_reason":\#(quoted(finish)),"prompt_eval_count":11,"eval_count":7,"eval_duration":500000000}"#
        }
    }

    /// One JSON text as an element of a stream.
    public func event(_ json: String) -> String { self == .openai ? "data: \(json)\n\n" : json + "\n" }

    /// A well-behaved streamed answer, in pieces of a few characters.
    public func stream(_ text: String, finish: String = "stop") -> [FaultServer.Step] {
        var steps = [Reply.head(type: streamType)]
        var rest = text[...]
        while !rest.isEmpty {
            steps.append(Reply.chunk(piece(String(rest.prefix(9)))))
            rest = rest.dropFirst(9)
        }
        return steps + [Reply.chunk(end(finish: finish)), Reply.lastChunk]
    }
}

/// Pieces of HTTP.
public enum Reply {
    /// The head of a chunked answer.
    public static func head(_ status: String = "200 OK", type: String?) -> FaultServer.Step {
        .send("HTTP/1.1 \(status)\r\n\(type.map { "Content-Type: \($0)\r\n" } ?? "")Transfer-Encoding: chunked\r\n\r\n")
    }

    public static func chunk(_ text: String) -> FaultServer.Step {
        .send("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n")
    }

    public static let lastChunk = FaultServer.Step.send("0\r\n\r\n")

    /// A whole answer with its length.
    public static func page(
        _ status: String = "200 OK", type: String? = "application/json", headers: String = "", _ body: String
    ) -> [FaultServer.Step] {
        [
            .send(
                "HTTP/1.1 \(status)\r\n\(type.map { "Content-Type: \($0)\r\n" } ?? "")\(headers)"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        ]
    }
}

/// A text as JSON writes it.
public func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": out += "\\\""
        case "\\": out += "\\\\"
        case "\n": out += "\\n"
        case _ where scalar.value < 0x20:
            out += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        default: out.unicodeScalars.append(scalar)
        }
    }
    return out + "\""
}

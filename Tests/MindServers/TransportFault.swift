/// Ways in which a server fails to give an answer, whatever the answer would be.
public enum TransportFault: String, Sendable, CaseIterable {
    case internalError, overloaded, tooManyRequests, wrongKey, unknownModel, schemaRefused, emptyStatus
    case redirect, temporaryRedirect
    case silent, silentWithin, slow, chatter
    case closed, brokenOff, endsEarly, shortBody
    case hugeText, hugeLine, endless, hugeHeader
    case webPage, noType, proseAsJSON, proseAsStream, compressed, noHTTP, badUTF8, deepJSON, wrongShape, contentIsNumber
    case errorWithin

    /// What the server does, for people.
    public var meaning: String {
        switch self {
        case .internalError: "answers 500"
        case .overloaded: "answers 503"
        case .tooManyRequests: "answers 429 with Retry-After: 7"
        case .wrongKey: "answers 401 and repeats the key"
        case .unknownModel: "answers 404"
        case .schemaRefused: "answers 400: it cannot compile the schema"
        case .emptyStatus: "answers 204"
        case .redirect: "answers 302 to another server"
        case .temporaryRedirect: "answers 307 to another server"
        case .silent: "accepts the request and never answers"
        case .silentWithin: "begins an answer and falls silent"
        case .slow: "sends a letter now and then, forever"
        case .chatter: "sends empty lines, forever"
        case .closed: "closes the connection"
        case .brokenOff: "closes the connection within a piece"
        case .endsEarly: "ends the stream in order, but before the answer's end"
        case .shortBody: "promises more bytes than it sends"
        case .hugeText: "answers with 10 MB of text"
        case .hugeLine: "sends a line of 10 MB"
        case .endless: "sends pieces as fast as it can, forever"
        case .hugeHeader: "sends a header of 1 MB"
        case .webPage: "answers with a web page"
        case .noType: "answers without a content type"
        case .proseAsJSON: "answers with prose and calls it JSON"
        case .proseAsStream: "answers with prose and calls it a stream"
        case .compressed: "answers with compressed bytes that were not requested"
        case .noHTTP: "does not speak HTTP"
        case .badUTF8: "sends bytes that are not UTF-8"
        case .deepJSON: "sends 100,000 opening brackets"
        case .wrongShape: "sends JSON of another protocol"
        case .contentIsNumber: "sends a number where the text belongs"
        case .errorWithin: "answers 200 and reports an error within the stream"
        }
    }

    /// Indicates whether only the deadline ends it.
    public var takesForEver: Bool { [.silent, .silentWithin, .slow, .chatter].contains(self) }

    /// What the server does with a question.
    ///
    /// - Parameters:
    ///   - served: the protocol that it speaks.
    ///   - request: the question; its key is repeated by ``wrongKey``.
    ///   - elsewhere: where redirects point.
    public func steps(
        _ served: ServedProtocol, _ request: FaultServer.Request, elsewhere: String
    ) -> [FaultServer.Step] {
        let head = Reply.head(type: served.streamType)
        let start = [head, Reply.chunk(served.piece("{\"decision\""))]
        let error = #"{"error":{"message":"it broke","type":"server_error","code":500}}"#
        switch self {
        case .internalError: return Reply.page("500 Internal Server Error", error)
        case .overloaded: return Reply.page("503 Service Unavailable", #"{"error":{"message":"Loading model"}}"#)
        case .tooManyRequests: return Reply.page("429 Too Many Requests", headers: "Retry-After: 7\r\n", error)
        case .wrongKey:
            let key = request.headers["authorization"] ?? ""
            return Reply.page(
                "401 Unauthorized", #"{"error":{"message":"wrong key: \#(key)","type":"\#(key)","code":"x"}}"#)
        case .unknownModel: return Reply.page("404 Not Found", #"{"error":"model 'm' not found"}"#)
        case .schemaRefused:
            return Reply.page(
                "400 Bad Request",
                #"{"error":{"code":400,"message":"JSON schema error at #","type":"invalid_request_error"}}"#)
        case .emptyStatus: return [.send("HTTP/1.1 204 No Content\r\n\r\n")]
        case .redirect: return Reply.page("302 Found", headers: "Location: \(elsewhere)\r\n", "")
        case .temporaryRedirect: return Reply.page("307 Temporary Redirect", headers: "Location: \(elsewhere)\r\n", "")
        case .silent: return [.hang]
        case .silentWithin: return start + [.hang]
        case .slow: return [head, .sendForEver(Self.chunk(served.piece("a")), pause: .milliseconds(40))]
        case .chatter: return [head, .sendForEver(Self.chunk("\n"), pause: .milliseconds(20))]
        case .closed: return [.close]
        case .brokenOff: return start + [.send("ff\r\n{"), .close]
        case .endsEarly: return start + [Reply.lastChunk]
        case .shortBody:
            let text = served.whole("{}").prefix(30)
            return [
                .send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n\(text)"),
                .close,
            ]
        case .hugeText:
            let piece = Reply.chunk(served.piece(String(repeating: "a", count: 10_000)))
            return [head] + Array(repeating: piece, count: 1_000) + [Reply.chunk(served.end()), Reply.lastChunk]
        case .hugeLine:
            return [head, Reply.chunk(served.piece(String(repeating: "a", count: 10_000_000))), Reply.lastChunk]
        case .endless: return [head, .sendForEver(Self.chunk(served.event(Self.empty(served))), pause: .zero)]
        case .hugeHeader:
            return [.send("HTTP/1.1 200 OK\r\nX-Long: \(String(repeating: "a", count: 1_000_000))\r\n\r\n"), .hang]
        case .webPage: return Reply.page(type: "text/html; charset=utf-8", "<html>Welcome</html>")
        case .noType: return Reply.page(type: nil, served.whole("{}"))
        case .proseAsJSON: return Reply.page("200 OK", "I am sorry, I cannot do that.")
        case .proseAsStream: return [head, Reply.chunk(served.event("I am sorry, I cannot do that.")), Reply.lastChunk]
        case .compressed:
            return Reply.page(
                headers: "Content-Encoding: gzip\r\n", "\u{1f}\u{8b}\u{8}\u{0}\u{0}\u{0}\u{0}\u{0}")
        case .noHTTP: return [.send("SSH-2.0-OpenSSH_9.2\r\n\r\n"), .hang]
        case .badUTF8:
            let bytes = Array(served.event("{\"error\":\"").utf8) + [0xff, 0xfe] + Array("\"}\n\n".utf8)
            return [
                .send(
                    "HTTP/1.1 200 OK\r\nContent-Type: \(served.streamType)\r\nContent-Length: \(bytes.count)\r\n\r\n"),
                .send(bytes),
            ]
        case .deepJSON:
            return [head, Reply.chunk(served.event(String(repeating: "[", count: 100_000))), Reply.lastChunk]
        case .wrongShape: return [head, Reply.chunk(served.event(#"{"answer":"yes"}"#)), Reply.lastChunk]
        case .contentIsNumber:
            let text =
                served == .openai
                ? #"{"choices":[{"delta":{"content":7},"finish_reason":"stop"}]}"#
                : #"{"message":{"content":7},"done":true}"#
            return [head, Reply.chunk(served.event(text)), Reply.lastChunk]
        case .errorWithin: return start + [Reply.chunk(served.event(error)), Reply.lastChunk]
        }
    }

    private static func chunk(_ text: String) -> [UInt8] {
        Array("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n".utf8)
    }

    /// A piece that adds nothing.
    private static func empty(_ served: ServedProtocol) -> String {
        served == .openai
            ? #"{"choices":[{"index":0,"delta":{"content":"","reasoning_content":"hm"},"finish_reason":null}]}"#
            : #"{"message":{"role":"assistant","content":"","thinking":"hm"},"done":false}"#
    }
}

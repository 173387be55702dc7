import NimmerWave

/// The head of an HTTP/1 request, as much of it as a probe needs (RFC 9112).
struct HTTPRequest: Equatable, Sendable {
    /// The most bytes of a head; longer ones are refused.
    static let longestHead = 8_192

    /// The method, such as `GET`.
    var method: String
    /// The path without what follows a `?`.
    var path: String

    /// Reason why a head is refused, with its status.
    enum Refused: Int, Error { case bad = 400, tooLarge = 431, version = 505 }

    /// Reads a head from what has come so far.
    ///
    /// - Returns: nil while more is needed.
    /// - Throws: ``Refused`` when it is malformed, too long, or of another version of the protocol.
    init?(_ bytes: [UInt8]) throws(Refused) {
        guard let end = Self.end(of: bytes) else {
            if bytes.count >= Self.longestHead { throw .tooLarge }
            // A head begins with a method: what begins otherwise never becomes one.
            if let first = bytes.first, !(0x41...0x5a).contains(first) { throw .bad }
            return nil
        }
        guard end <= Self.longestHead else { throw .tooLarge }
        let line = bytes[..<(bytes.firstIndex(where: { $0 == 0x0d || $0 == 0x0a }) ?? 0)]
        let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy({ (0x41...0x5a).contains($0) }),
            parts[1].first == 0x2f, parts[1].allSatisfy({ (0x21...0x7e).contains($0) })
        else { throw .bad }
        let version = String(decoding: parts[2], as: UTF8.self)
        guard version.hasPrefix("HTTP/") else { throw .bad }
        guard version == "HTTP/1.1" || version == "HTTP/1.0" else { throw .version }
        method = String(decoding: parts[0], as: UTF8.self)
        path = String(decoding: parts[1].prefix { $0 != 0x3f }, as: UTF8.self)
    }

    /// End of the head: behind the first empty line.
    private static func end(of bytes: [UInt8]) -> Int? {
        var lineIsEmpty = false
        for index in bytes.indices {
            switch bytes[index] {
            case 0x0a where lineIsEmpty: return index + 1
            case 0x0a: lineIsEmpty = true
            case 0x0d: continue
            default: lineIsEmpty = false
            }
        }
        return nil
    }
}

/// An answer, complete with its head; the connection ends with it.
struct HTTPAnswer: Equatable, Sendable {
    var status: Int
    var type = "text/plain; charset=utf-8"
    var body: [UInt8]

    /// One line; whatever it quotes can be seen.
    init(_ status: Int, _ text: String) {
        self.init(status, Array((text.visible() + "\n").utf8))
    }

    init(_ status: Int, _ body: [UInt8], type: String = "text/plain; charset=utf-8") {
        self.status = status
        self.body = body
        self.type = type
    }

    /// The bytes for the wire; without the body for HEAD.
    func bytes(withBody: Bool) -> [UInt8] {
        var head = "HTTP/1.1 \(status) \(reason)\r\nContent-Type: \(type)\r\nContent-Length: \(body.count)\r\n"
        if status == 405 { head += "Allow: GET, HEAD\r\n" }
        head += "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
        return Array(head.utf8) + (withBody ? body : [])
    }

    private var reason: String {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 431: "Request Header Fields Too Large"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}

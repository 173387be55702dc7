import NimmerWave

/// A request of a browser, apart from the library that received it.
package struct PageRequest: Sendable {
    package let method: String
    /// Percent-decoded path.
    package let path: String
    package let query: [String: String]
    /// Headers by their names in lower case.
    package let headers: [String: String]
    package let body: [UInt8]
    /// Address of the other side of the connection, without its port; empty where it is unknown.
    package let peer: String
    /// Indicates whether the connection is encrypted.
    package let isEncrypted: Bool

    package init(
        method: String, path: String, query: [String: String] = [:], headers: [String: String] = [:],
        body: [UInt8] = [],
        peer: String = "127.0.0.1", isEncrypted: Bool = false
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.peer = peer
        self.isEncrypted = isEncrypted
    }

    /// The value of a cookie; nil if absent.
    package func cookie(_ name: String) -> String? {
        for part in (headers["cookie"] ?? "").split(separator: ";") {
            let pair = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2, pair[0] == name { return String(pair[1]) }
        }
        return nil
    }

    /// A number of the query; nil if absent.
    ///
    /// - Throws: ``PageError`` that names what was found.
    package func number(_ key: String) throws(PageError) -> Double? {
        guard let text = query[key] else { return nil }
        guard let number = Double(text), number.isFinite else {
            throw PageError("\(key) must be a number; found \(text.prefix(40))")
        }
        return number
    }
}

/// An answer to a browser.
package struct PageResponse: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A JSON object, never cached.
    package static func json(_ object: JSONObject, status: Int = 200) -> PageResponse {
        PageResponse(
            status: status, headers: [("Content-Type", "application/json"), ("Cache-Control", "no-store")],
            body: JSON.object(object).bytes)
    }

    /// A refusal.
    package static func refusal(_ error: PageError) -> PageResponse {
        json(
            [
                "error": .string(error.description.visible(limit: 400)),
                "remedy": .string(error.remedy.visible(limit: 400)),
            ],
            status: error.status)
    }

    /// Another address of this server.
    package static func redirect(to path: String) -> PageResponse {
        PageResponse(status: 303, headers: [("Location", path), ("Cache-Control", "no-store")])
    }
}

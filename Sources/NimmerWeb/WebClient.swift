import NimmerWave

/// A client of servers that speak HTTP, as cells use it: bounded in time and size, certificates checked, no proxy of the environment.
public protocol WebClient: Sendable {
    /// A client; touches nothing.
    init(_ settings: WebClientSettings)

    /// Reads every file that the settings name, so that a wrong one is known at the start.
    ///
    /// - Throws: a `Refusal` that names the setting and the file, and never a part of a token.
    func checkFiles() throws(Refusal)

    /// Sends a request and waits for the answer; ends when its task is cancelled.
    ///
    /// - Throws: why there is no answer.
    func send(_ request: WebRequest) async throws(WebFailure) -> WebAnswer
}

/// Files that a client reads, and how a token is sent.
public struct WebClientSettings: Sendable, Hashable {
    /// PEM file of the authorities that are believed instead of the machine's; nil: those of the machine.
    public var authorities: String?
    /// File whose first line is a token, read again for each request; nil: none is sent.
    public var tokenFile: String?
    /// Header of the token. In `authorization` it is a bearer token; in any other it is the value.
    public var tokenHeader: String

    /// Settings of a client.
    ///
    /// - Throws: a `Refusal` that names `token_header` where it is no name of a header that may be set.
    public init(authorities: String?, tokenFile: String?, tokenHeader: String) throws(Refusal) {
        let name = tokenHeader.lowercased()
        let marks = "!#$%&'*+-.^_`|~"
        let isName =
            (1...64).contains(name.utf8.count)
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || marks.contains($0)) }
        let reserved = ["host", "content-length", "content-type", "transfer-encoding", "connection", "expect"]
        guard isName, !reserved.contains(name) else {
            throw Refusal(
                .value, field: "token_header",
                "token_header must be the name of a header, such as authorization or x-api-key, and none that HTTP itself needs",
                found: "'\(tokenHeader.prefix(40))'")
        }
        (self.authorities, self.tokenFile, self.tokenHeader) = (authorities, tokenFile, name)
    }
}

/// One request.
public struct WebRequest: Sendable, Hashable {
    /// Address.
    public var address: WebAddress
    /// JSON that is posted; nil asks for a page.
    public var body: [UInt8]?
    /// Time until the end of the answer, redirects included, in milliseconds.
    public var timeout: Int
    /// Bytes of the answer's body at most; the rest is not read. Nil reads none: the answer is over with its head.
    public var bodyLimit: Int?
    /// Redirects that are followed at most; 0: a redirect is the answer. A post never follows one.
    public var redirects: Int

    /// A request.
    public init(_ address: WebAddress, body: [UInt8]? = nil, timeout: Int, bodyLimit: Int?, redirects: Int = 0) {
        (self.address, self.body, self.timeout) = (address, body, timeout)
        (self.bodyLimit, self.redirects) = (bodyLimit, redirects)
    }
}

/// An answer, whatever its status.
public struct WebAnswer: Sendable, Hashable {
    /// Status: 200 to 599.
    public var status: Int
    /// Its body, up to the request's limit; empty where none was asked for.
    public var body: [UInt8]
    /// Indicates whether the body was longer than the limit.
    public var isCut: Bool
    /// Encoding of the body (`gzip`), which no request asks for; nil without one.
    public var encoding: String?
    /// Time until the head of the answer was there, in milliseconds: name, connection, TLS, redirects and the server's own time.
    public var latency: Double

    /// An answer.
    public init(status: Int, body: [UInt8], isCut: Bool, encoding: String? = nil, latency: Double) {
        (self.status, self.body, self.isCut, self.latency) = (status, body, isCut, latency)
        self.encoding = encoding
    }
}

/// Reason why there is no answer.
public struct WebFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// Kind of reason, as waves name it.
    public enum Kind: String, Sendable {
        /// No connection: refused, no such host, no route, or no connection in time.
        case unreachable
        /// No whole answer in time.
        case timeout
        /// TLS could not be agreed: most often a certificate that no believed authority has signed.
        case tls
        /// The server closed the connection before its answer was whole.
        case closed
        /// The answer is no HTTP.
        case malformed
        /// More redirects than are followed, or one that must not be followed.
        case redirect
        /// A file of the settings can no longer be read.
        case file
        /// The request was withdrawn.
        case cancelled
    }

    /// Kind of reason.
    public var kind: Kind
    /// A description in a few words, without anything that a server or a token has in it.
    public var description: String
    /// Indicates whether a part of the request may have reached the server.
    public var mayHaveArrived: Bool

    /// A reason.
    public init(_ kind: Kind, _ description: String, mayHaveArrived: Bool) {
        (self.kind, self.description, self.mayHaveArrived) = (kind, description, mayHaveArrived)
    }
}

/// A client without a network: for replay, where answers come from a recording.
public struct NoWebClient: WebClient {
    public init(_ settings: WebClientSettings) {}
    public func checkFiles() throws(Refusal) {}
    public func send(_ request: WebRequest) async throws(WebFailure) -> WebAnswer {
        throw WebFailure(.unreachable, "there is no network in replay", mayHaveArrived: false)
    }
}

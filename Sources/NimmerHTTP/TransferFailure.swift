import CCurl

/// Reasons for which a transfer ended without a whole answer.
package enum TransferFailure: Error, Equatable, Sendable, CustomStringConvertible {
    case cancelled
    case timeout
    /// No connection within the time for one.
    case connectTimeout
    case tlsTimeout
    case tls
    case unreachable
    /// The server closed the connection before the head of its answer.
    case closed
    /// The proxy refused to connect.
    case proxy
    case invalidAddress
    case notHTTP
    /// A file of `tls:` that could be read at the start and no longer can.
    case unreadableFile
    /// Another reason, in libcurl's constant words.
    case other(String)

    /// A one-line description.
    package var description: String {
        switch self {
        case .cancelled: "it was cancelled"
        case .timeout: "no whole answer in time"
        case .connectTimeout: "no connection in time"
        case .tlsTimeout: "no TLS connection in time"
        case .tls: "no TLS connection"
        case .unreachable: "the server cannot be reached"
        case .closed: "the server closed the connection"
        case .proxy: "the proxy refused to connect"
        case .invalidAddress: "the address cannot be understood"
        case .notHTTP: "the answer is not HTTP"
        case .unreadableFile: "a file of tls can no longer be read"
        case .other(let words): words
        }
    }

    /// State of a failed transfer, from which its error is chosen.
    struct Facts: Equatable {
        /// Indicates whether the address begins with `https`.
        var usesTLS = false
        var usesProxy = false
        /// Indicates whether the connection to the server, or to the proxy before it, was made.
        var isConnected = false
        /// Indicates whether the whole time of the transfer is over.
        var isOverDeadline = false
        /// Indicates whether the connection was ready to take the request.
        var isReady = false
        /// The status of the proxy's answer to CONNECT; 0 for none.
        var proxyStatus = 0
        /// Indicates whether libcurl's details name TLS: an alert after the handshake, or a handshake that takes too long (some versions
        /// count the connection as made only after it).
        var namesTLS = false
    }

    /// The meaning of libcurl's code.
    init(_ code: CURLcode, _ facts: Facts) {
        if facts.usesProxy, facts.proxyStatus != 0, facts.proxyStatus / 100 != 2 {
            self = .proxy
            return
        }
        switch code {
        case CURLE_OPERATION_TIMEDOUT:
            if facts.isOverDeadline || facts.isReady {
                self = .timeout
            } else if facts.usesTLS, facts.namesTLS || facts.isConnected, !facts.usesProxy || facts.proxyStatus != 0 {
                self = .tlsTimeout
            } else {
                self = .connectTimeout
            }
        case CURLE_PROXY: self = .proxy
        case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: self = .unreachable
        case CURLE_GOT_NOTHING: self = .closed
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE:
            self = facts.usesTLS && facts.namesTLS ? .tls : .closed
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT, CURLE_SSL_ENGINE_NOTFOUND:
            self = .tls
        case CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM: self = .unreadableFile
        case CURLE_URL_MALFORMAT: self = .invalidAddress
        // An answer without a status line, or with a header longer than libcurl takes.
        case CURLE_UNSUPPORTED_PROTOCOL: self = facts.isReady ? .notHTTP : .invalidAddress
        case CURLE_WEIRD_SERVER_REPLY, CURLE_OUT_OF_MEMORY, CURLcode(rawValue: 100): self = .notHTTP
        default: self = .other(String(cString: curl_easy_strerror(code)))
        }
    }
}

import CCurl
import COpenSSL

/// Reasons for which a transfer ended without a whole answer.
package enum TransferFailure: Error, Equatable, Sendable, CustomStringConvertible {
    case cancelled
    case timeout
    /// No connection within the time for one.
    case connectTimeout
    case tlsTimeout
    case tls
    /// The server showed a certificate that is not believed.
    case certificate(CertificateFault)
    /// The name of the server, or of the proxy before it, cannot be resolved.
    case unknownHost
    /// No process listens at the port.
    case refused
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

    /// Reason why a certificate is not believed.
    package enum CertificateFault: Sendable {
        /// It is for other names than the one that was asked.
        case otherName
        /// None of the authorities has signed it.
        case unknownAuthority
        /// Its time is over, or has not begun.
        case outOfTime
    }

    /// A one-line description.
    package var description: String {
        switch self {
        case .cancelled: "it was cancelled"
        case .timeout: "no whole answer in time"
        case .connectTimeout: "no connection in time"
        case .tlsTimeout: "no TLS connection in time"
        case .tls: "no TLS connection"
        case .certificate(.otherName): "the server's certificate is for another name"
        case .certificate(.unknownAuthority): "the server's certificate is signed by an unknown authority"
        case .certificate(.outOfTime): "the server's certificate has expired or is not valid yet"
        case .unknownHost: "the server's name cannot be resolved"
        case .refused: "connection refused"
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
        /// Indicates whether the system's last error was a refused connection.
        var isRefused = false
        /// OpenSSL's result of checking the server's certificate (`X509_V_…`); unspecified where it was not asked for.
        var verification = 0
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
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: self = .unknownHost
        case CURLE_COULDNT_CONNECT: self = facts.isRefused && !facts.usesProxy ? .refused : .unreachable
        case CURLE_GOT_NOTHING: self = .closed
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE:
            self = facts.usesTLS && facts.namesTLS ? .tls : .closed
        case CURLE_PEER_FAILED_VERIFICATION:
            self = CertificateFault(facts.verification).map { .certificate($0) } ?? .tls
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR,
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

extension TransferFailure.CertificateFault {
    /// The fault that OpenSSL's result means; nil for any other. libcurl itself compares the name before it asks for the result,
    /// which it has set to "unspecified" until then.
    fileprivate init?(_ verification: Int) {
        switch Int32(clamping: verification) {
        case X509_V_OK, X509_V_ERR_UNSPECIFIED: self = .otherName
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: self = .outOfTime
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_SIGNATURE_FAILURE, X509_V_ERR_CERT_UNTRUSTED:
            self = .unknownAuthority
        default: return nil
        }
    }
}

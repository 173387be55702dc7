import NimmerCognition
import NimmerHTTP

extension MindError {
    /// An error before the head of an answer.
    init(transport failure: TransferFailure, server: String) {
        switch failure {
        case .cancelled: self.init(.cancelled, "the question to \(server) was withdrawn")
        case .timeout: self.init(.timeout, "\(server) gave no answer in time")
        case .connectTimeout: self.init(.unreachable, "\(server) cannot be reached: no connection in time")
        case .tlsTimeout: self.init(.tls, "\(server) did not agree on TLS in time")
        case .tls:
            self.init(
                .tls,
                "no TLS connection with \(server) could be agreed; is the certificate one that tls: ca has signed?")
        case .certificate(.otherName):
            self.init(.tls, "the certificate of \(server) is for another name than that of the url")
        case .certificate(.unknownAuthority):
            self.init(
                .tls,
                "the certificate of \(server) is signed by an unknown authority; is it one that tls: ca has signed?")
        case .certificate(.outOfTime):
            self.init(.tls, "the certificate of \(server) has expired, or is not valid yet")
        case .unknownHost: self.init(.unreachable, "\(server) cannot be reached: the name cannot be resolved")
        case .refused:
            self.init(
                .unreachable,
                "\(server) cannot be reached: connection refused; does the server run, and is the port right?")
        case .unreachable:
            self.init(.unreachable, "\(server) cannot be reached; does the server run, and is the url right?")
        case .closed: self.init(.unreachable, "\(server) closed the connection before it answered")
        case .proxy: self.init(.unreachable, "the proxy before \(server) does not let the question through")
        case .invalidAddress:
            self.init(.misconfigured, "\(server) is not an address; expected http://HOST:PORT or https://…")
        case .notHTTP: self.init(.malformed, "\(server) does not speak HTTP")
        case .unreadableFile:
            self.init(
                .misconfigured, "a file that tls: names, or the machine's authorities, can no longer be read as PEM")
        case .other(let words): self.init(.malformed, "\(server) and HTTP do not go together: \(words)")
        }
    }

    /// An error within the body of an answer.
    init(reading failure: TransferFailure, server: String) {
        switch failure {
        case .cancelled, .timeout: self.init(transport: failure, server: server)
        default: self.init(.truncated, "\(server) broke off its answer")
        }
    }
}

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NimmerCognition

extension MindError {
    /// What went wrong before the head of an answer.
    init(transport error: any Error, server: String) {
        if error is CancellationError {
            self.init(.cancelled, "the question to \(server) was withdrawn")
            return
        }
        if error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError {
            self.init(
                .tls,
                "no TLS connection with \(server) could be agreed; is the certificate one that tls: ca has signed?")
            return
        }
        if let error = error as? HTTPClientError {
            switch error {
            case .deadlineExceeded, .readTimeout, .writeTimeout:
                self.init(.timeout, "\(server) gave no answer in time")
            case .connectTimeout, .getConnectionFromPoolTimeout, .httpProxyHandshakeTimeout:
                self.init(.unreachable, "\(server) cannot be reached: no connection in time")
            case .tlsHandshakeTimeout:
                self.init(.tls, "\(server) did not agree on TLS in time")
            case .cancelled:
                self.init(.cancelled, "the question to \(server) was withdrawn")
            case .remoteConnectionClosed:
                self.init(.unreachable, "\(server) closed the connection before it answered")
            case .proxyAuthenticationRequired, .invalidProxyResponse:
                self.init(.unreachable, "the proxy before \(server) does not let the question through")
            case .invalidURL, .emptyHost, .emptyScheme:
                self.init(.misconfigured, "\(server) is no address: expected http://HOST:PORT or https://…")
            default:
                self.init(.malformed, "\(server) and HTTP do not go together: \(error.shortDescription)")
            }
            return
        }
        if error is HTTPParserError {
            self.init(.malformed, "\(server) does not speak HTTP")
            return
        }
        self.init(.unreachable, "\(server) cannot be reached; does the server run, and is the url right?")
    }

    /// What went wrong within the body of an answer.
    init(reading error: any Error, server: String) {
        let before = MindError(transport: error, server: server)
        switch before.code {
        case .cancelled, .timeout: self = before
        default: self.init(.truncated, "\(server) broke off its answer")
        }
    }
}

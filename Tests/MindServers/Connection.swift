import COpenSSL
import Glibc

/// The server's side of TLS.
struct TLSSide: Sendable {
    /// Many threads may make sessions from one context (OpenSSL, SSL_CTX_new: "internally … thread safe").
    nonisolated(unsafe) private let context: OpaquePointer

    struct Unusable: Error, CustomStringConvertible {
        let description: String
    }

    /// Lives as long as the process: a test's server, never released.
    init(chain: String, key: String, clients: String?) throws {
        guard let context = SSL_CTX_new(TLS_server_method()),
            SSL_CTX_use_certificate_chain_file(context, chain) == 1,
            SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1
        else { throw Unusable(description: "\(chain) and \(key) are no certificate and key") }
        if let clients {
            guard SSL_CTX_load_verify_locations(context, clients, nil) == 1 else {
                throw Unusable(description: "\(clients) holds no authority")
            }
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        }
        self.context = context
    }

    /// A session over a socket; nil when the client does not agree.
    fileprivate func session(_ socket: Int32) -> OpaquePointer? {
        guard let session = SSL_new(context) else { return nil }
        SSL_set_fd(session, socket)
        guard SSL_accept(session) == 1 else {
            SSL_free(session)
            // Closed with bytes of the client unread, the connection would be reset, and the alert lost.
            shutdown(socket, Int32(SHUT_WR))
            var byte: UInt8 = 0
            while read(socket, &byte, 1) > 0 {}
            return nil
        }
        return session
    }
}

/// One connection of a client, used by one thread. Its socket is the listener's, which closes it.
struct Connection: ~Copyable {
    private let socket: Int32
    private let session: OpaquePointer?

    /// Nil when TLS is not agreed.
    init?(_ socket: Int32, _ tls: TLSSide?) {
        self.socket = socket
        session = tls?.session(socket)
        guard tls == nil || session != nil else { return nil }
    }

    deinit {
        if let session {
            SSL_shutdown(session)
            SSL_free(session)
        }
    }

    /// Indicates whether the client, or the end of the server, closed the connection.
    var isGone: Bool {
        var poll = pollfd(fd: socket, events: Int16(0x2000 /* POLLRDHUP */), revents: 0)
        return Glibc.poll(&poll, 1, 0) != 0
    }

    /// Waits; less long when the connection is closed meanwhile.
    func wait(_ time: Duration) {
        let milliseconds = Int(time / .milliseconds(1))
        var poll = pollfd(fd: socket, events: Int16(0x2000 /* POLLRDHUP */), revents: 0)
        if milliseconds > 0 { _ = Glibc.poll(&poll, 1, Int32(milliseconds)) }
    }

    /// More of what the client sends; nil at the end.
    func receive() -> ArraySlice<UInt8>? {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let count =
            session.map { Int(SSL_read($0, &buffer, Int32(buffer.count))) } ?? read(socket, &buffer, buffer.count)
        return count > 0 ? buffer[..<count] : nil
    }

    /// Sends everything; false when the client is gone.
    func send(_ bytes: [UInt8]) -> Bool {
        if bytes.isEmpty { return !isGone }
        if let session { return SSL_write(session, bytes, Int32(bytes.count)) == bytes.count }
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                Glibc.send(socket, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}

import COpenSSL
import Glibc
import NimmerPage

/// One connection of a browser, encrypted or not, and the plain one behind it: bytes go both ways, at most 16 KiB wait in each. Used by one thread.
final class FrontConnection {
    let address: [UInt8]
    private let client: Int32
    /// Nil where the connection is plain.
    private let ssl: OpaquePointer?
    private let upstreamPath: String
    private var server: Int32 = -1
    private let deadline: ContinuousClock.Instant
    private(set) var hasEnded = false
    /// Indicates whether the head of the first request has come.
    private(set) var hasRequest = false
    private var tail: [UInt8] = []
    /// Bytes of the client since the server's last one: a request, however it is cut.
    private var unanswered = 0
    /// Bounds on the frames of the client once it is a WebSocket; nil before.
    private var frames: SocketFrames?
    private var moved: ContinuousClock.Instant
    private var delivered: ContinuousClock.Instant
    private var isShut = false

    private var toServer: [UInt8] = []
    private var toClient: [UInt8] = []
    private var isAccepted = false
    private var serverEnded = false
    private var clientEnded = false
    private var wantsWrite = false

    private static let room = 16_384
    private static let switching = Array("HTTP/1.1 101 ".utf8)

    init?(
        _ client: Int32, _ context: TLSContext?, upstream: String, address: [UInt8], deadline: ContinuousClock.Instant
    ) {
        var ssl: OpaquePointer?
        if let context {
            ssl = SSL_new(context.context)
            guard ssl != nil else { return nil }
        }
        self.client = client
        self.ssl = ssl
        self.address = address
        self.deadline = deadline
        upstreamPath = upstream
        moved = .now
        delivered = .now
        guard let ssl else { return }
        SSL_set_fd(ssl, client)
        SSL_set_accept_state(ssl)
    }

    /// Events that it waits for. A descriptor with none is left out: poll would report its end again and again.
    var polled: [pollfd] {
        var events = Int32(0)
        if toServer.count < Self.room, !clientEnded { events |= POLLIN }
        if !toClient.isEmpty || wantsWrite { events |= POLLOUT }
        var found = [pollfd(fd: events == 0 ? -1 : client, events: Int16(events), revents: 0)]
        if server >= 0 {
            var events = Int32(0)
            if toClient.count < Self.room, !serverEnded { events |= POLLIN }
            if !toServer.isEmpty { events |= POLLOUT }
            found.append(pollfd(fd: events == 0 ? -1 : server, events: Int16(events), revents: 0))
        }
        return found
    }

    /// Indicates whether the head of its first request is overdue, nothing has moved for long, or its client takes nothing.
    func isLate(_ now: ContinuousClock.Instant) -> Bool {
        if !hasRequest { return now >= deadline }
        if !toClient.isEmpty, now - delivered > Front.writeTimeout { return true }
        return frames == nil && now - moved > Front.idleTimeout
    }

    /// Moves what can be moved.
    ///
    /// - Returns: whether it continues.
    func advance() -> Bool {
        wantsWrite = false
        if !isAccepted {
            if let ssl {
                let result = SSL_do_handshake(ssl)
                guard result == 1 else { return isWaiting(ssl, result) }
            }
            isAccepted = true
            guard connectUpstream() else { return false }
        }
        repeat {
            guard readClient(), writeServer(), readServer(), writeClient() else { return false }
            // What OpenSSL has read already, no poll reports.
        } while ssl.map { SSL_pending($0) > 0 } ?? false && toServer.count < Self.room
        if serverEnded, toClient.isEmpty {
            if let ssl { SSL_shutdown(ssl) }
            return false
        }
        if clientEnded, toServer.isEmpty, !isShut {
            // The answer to a client that has closed its side is yet to come.
            isShut = true
            shutdown(server, Int32(SHUT_WR))
        }
        return true
    }

    private func isWaiting(_ ssl: OpaquePointer, _ result: Int32) -> Bool {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return true
        case SSL_ERROR_WANT_WRITE:
            wantsWrite = true
            return true
        default:
            ERR_clear_error()
            return false
        }
    }

    private func readClient() -> Bool {
        while toServer.count < Self.room, !clientEnded {
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count: Int
            if let ssl {
                let read = SSL_read(ssl, &chunk, Int32(chunk.count))
                guard read > 0 else {
                    guard SSL_get_error(ssl, read) == SSL_ERROR_ZERO_RETURN else { return isWaiting(ssl, read) }
                    clientEnded = true
                    return true
                }
                count = Int(read)
            } else {
                count = recv(client, &chunk, chunk.count, 0)
                if count < 0 { return errno == EAGAIN || errno == EINTR }
                clientEnded = count == 0
            }
            guard watch(chunk[..<count]) else { return false }
            toServer += chunk[..<count]
        }
        return true
    }

    /// Bounds requests and frames of WebSockets, which FlyingFox would read without end.
    private func watch(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard !bytes.isEmpty else { return true }
        moved = .now
        if frames != nil { return frames?.take(bytes) ?? false }
        unanswered += bytes.count
        if !hasRequest {
            let joined = tail + bytes
            let ends: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a]
            hasRequest = joined.indices.contains { joined[$0...].starts(with: ends) }
            tail = Array(joined.suffix(3))
            guard hasRequest || unanswered <= Front.maximumHead else { return false }
        }
        return unanswered <= Front.maximumRequest
    }

    private func writeServer() -> Bool {
        while !toServer.isEmpty {
            let count = toServer.withUnsafeBytes { send(server, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return errno == EAGAIN || errno == EINTR }
            toServer.removeFirst(count)
        }
        return true
    }

    private func readServer() -> Bool {
        while toClient.count < Self.room, !serverEnded {
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = read(server, &chunk, chunk.count)
            if count == 0 {
                serverEnded = true
                return true
            }
            guard count > 0 else { return errno == EAGAIN || errno == EINTR }
            if toClient.isEmpty { delivered = .now }
            moved = .now
            unanswered = 0
            if frames == nil, chunk.starts(with: Self.switching) { frames = SocketFrames() }
            toClient += chunk[..<count]
        }
        return true
    }

    private func writeClient() -> Bool {
        while !toClient.isEmpty {
            if let ssl {
                let count = toClient.withUnsafeBytes { SSL_write(ssl, $0.baseAddress, Int32($0.count)) }
                guard count > 0 else { return isWaiting(ssl, count) }
                toClient.removeFirst(Int(count))
                delivered = .now
            } else {
                let count = toClient.withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                guard count > 0 else { return errno == EAGAIN || errno == EINTR }
                toClient.removeFirst(count)
                delivered = .now
            }
        }
        return true
    }

    private func connectUpstream() -> Bool {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        server = socket(AF_UNIX, kind, 0)
        let own = FrontPeer.path(of: address, number: client, beside: upstreamPath)
        guard server >= 0, let place = Self.place(upstreamPath), let ownPlace = Self.place(own) else { return false }
        unlink(own)
        // Its own address on that socket: what FlyingFox takes for the client's.
        guard Self.use(ownPlace, { bind(server, $0, $1) }) == 0 else { return false }
        let result = Self.use(place, { connect(server, $0, $1) })
        unlink(own)
        guard result == 0 else { return false }
        return fcntl(server, F_SETFL, O_NONBLOCK) == 0
    }

    /// The address of a Unix socket; nil where the path is too long for one.
    private static func place(_ path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array(path.utf8)
        guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        return address
    }

    private static func use(
        _ place: sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafeBytes(of: place) { bytes in
            bytes.baseAddress.map {
                body($0.assumingMemoryBound(to: sockaddr.self), socklen_t(MemoryLayout<sockaddr_un>.size))
            } ?? -1
        }
    }

    /// Closes both ways.
    func end() {
        guard !hasEnded else { return }
        hasEnded = true
        if let ssl { SSL_free(ssl) }
        close(client)
        if server >= 0 { close(server) }
    }
}

/// The frames of a client's WebSocket as far as their lengths (RFC 6455, section 5.2): a page sends short reports only.
struct SocketFrames {
    /// Bytes of a frame's payload at most.
    static let maximum = 4096

    private var head: [UInt8] = []
    /// Bytes of the present frame that are yet to come.
    private var left = 0

    /// Takes in bytes.
    ///
    /// - Returns: false where a frame is longer than it may be.
    mutating func take(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let skipped = min(left, rest.count)
            left -= skipped
            rest = rest.dropFirst(skipped)
            guard left == 0, let byte = rest.popFirst() else { continue }
            head.append(byte)
            guard head.count >= 2 else { continue }
            let stated = Int(head[1] & 0x7f)
            let size = stated == 126 ? 4 : stated == 127 ? 10 : 2
            guard stated < 127 else { return false }
            guard head.count == size else { continue }
            let length = stated == 126 ? Int(head[2]) << 8 | Int(head[3]) : stated
            guard length <= Self.maximum else { return false }
            left = length + (head[1] & 0x80 == 0 ? 0 : 4)
            head = []
        }
        return true
    }
}

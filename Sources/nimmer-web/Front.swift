import COpenSSL
import Glibc
import NimmerPage
import NimmerPlatform
import Synchronization

/// Listener that browsers connect to: accepts, decrypts by OpenSSL where there is a certificate, and hands on to FlyingFox over a Unix socket that
/// only this user can open (decision 0034). One thread, a bounded number of connections; one that does not finish the handshake or the
/// head of its first request in time makes room.
final class Front: Sendable {
    /// Open connections at most, and of one address.
    static let maximumConnections = 256
    static let maximumOfAddress = 64
    /// Time for the handshake and the head of the first request.
    static let headTimeout = Duration.seconds(10)
    /// Bytes of the head of the first request at most, and of a whole request.
    static let maximumHead = 16_384
    static let maximumRequest = 65_536
    /// Time for which a connection that is no WebSocket may be idle, and for which a client may take nothing.
    static let idleTimeout = Duration.seconds(75)
    static let writeTimeout = Duration.seconds(30)

    /// The port that it listens on.
    let port: UInt16
    private let listener: Int32
    private let context: TLSContext?
    private let upstream: String
    /// Proxies, each of which connects for many.
    private let trusted: [AddressRange]
    private let wakeUp: WakeUp
    private let ended = Atomic<Bool>(false)
    private let refusedConnections = Atomic<Int>(0)

    /// Opens the port.
    ///
    /// - Parameters:
    ///   - former: port of a former start, which is taken where it is free and any port may be: open pages find it again.
    ///   - upstream: path of the Unix socket behind it.
    /// - Throws: ``PageError`` where the port cannot be opened, or the certificate cannot be used.
    init(
        _ address: ListenAddress, preferring former: UInt16? = nil, tls: (certificate: String, key: String)?,
        trusted: [AddressRange], upstream: String
    ) throws(PageError) {
        var context: TLSContext?
        if let tls { context = try TLSContext(certificate: tls.certificate, key: tls.key) }
        self.context = context
        self.upstream = upstream
        self.trusted = trusted
        let again = address.port == 0 ? former.map { ListenAddress(host: address.host, port: $0) } : nil
        if let again, let opened = try? Self.listen(again) {
            (listener, port) = opened
        } else {
            (listener, port) = try Self.listen(address)
        }
        do throws(SystemCallError) { wakeUp = try WakeUp() } catch {
            close(listener)
            throw PageError("cannot listen on \(address): \(error)", status: 503)
        }
    }

    deinit { close(listener) }

    /// Connections that were refused or ended since they were too many, too slow or not TLS.
    var refused: Int { refusedConnections.load(ordering: .relaxed) }

    /// Serves on a thread of its own until ``stop()``.
    func start() throws(PageError) {
        do throws(SystemCallError) {
            try OwnThread.start("front", stack: 512 * 1024) { self.serve() }
        } catch { throw PageError("\(error)", status: 503) }
    }

    /// Ends every connection.
    func stop() {
        ended.store(true, ordering: .sequentiallyConsistent)
        wakeUp.raise()
    }

    private static func listen(_ address: ListenAddress) throws(PageError) -> (Int32, UInt16) {
        let isSix = address.host.contains(":")
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(isSix ? AF_INET6 : AF_INET, kind, 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var four = sockaddr_in()
        four.sin_family = sa_family_t(AF_INET)
        four.sin_port = address.port.bigEndian
        var six = sockaddr_in6()
        six.sin6_family = sa_family_t(AF_INET6)
        six.sin6_port = address.port.bigEndian
        let isParsed =
            isSix ? inet_pton(AF_INET6, address.host, &six.sin6_addr) : inet_pton(AF_INET, address.host, &four.sin_addr)
        func bound(_ place: UnsafeRawPointer, _ size: Int) -> Bool {
            let at = place.assumingMemoryBound(to: sockaddr.self)
            return bind(descriptor, at, socklen_t(size)) == 0 && Glibc.listen(descriptor, 128) == 0
        }
        let isOpen =
            descriptor >= 0 && isParsed == 1
            && (isSix
                ? withUnsafeBytes(of: six) {
                    $0.baseAddress.map { bound($0, MemoryLayout<sockaddr_in6>.size) } ?? false
                }
                : withUnsafeBytes(of: four) {
                    $0.baseAddress.map { bound($0, MemoryLayout<sockaddr_in>.size) } ?? false
                })
        guard isOpen else {
            let reason = SystemCallError("cannot listen on \(address)", code: errno)
            if descriptor >= 0 { close(descriptor) }
            throw PageError("\(reason)", status: 503)
        }
        var name = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        _ = withUnsafeMutableBytes(of: &name) { bytes in
            bytes.baseAddress.map { getsockname(descriptor, $0.assumingMemoryBound(to: sockaddr.self), &length) }
        }
        // The port stands at the same place in both families.
        return (descriptor, UInt16(bigEndian: name.sin6_port))
    }

    // MARK: - The thread

    private func serve() {
        signal(SIGPIPE, SIG_IGN)
        var connections: [FrontConnection] = []
        defer { for connection in connections { connection.end() } }
        while !ended.load(ordering: .sequentiallyConsistent) {
            var polled = [
                pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            for connection in connections { polled += connection.polled }
            _ = poll(&polled, nfds_t(polled.count), connections.isEmpty ? -1 : 1000)
            let now = ContinuousClock.now
            for connection in connections {
                // TLS and the sockets wait for different things: each turn tries both ways.
                if !connection.advance() || connection.isLate(now) {
                    if !connection.hasRequest { refusedConnections.add(1, ordering: .relaxed) }
                    connection.end()
                }
            }
            connections.removeAll { $0.hasEnded }
            if polled[0].revents != 0 { accept(into: &connections, now) }
        }
    }

    private func accept(into connections: inout [FrontConnection], _ now: ContinuousClock.Instant) {
        while true {
            var peer = sockaddr_in6()
            var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            let descriptor = withUnsafeMutableBytes(of: &peer) { bytes in
                bytes.baseAddress.map { Glibc.accept(listener, $0.assumingMemoryBound(to: sockaddr.self), &length) }
                    ?? -1
            }
            guard descriptor >= 0 else {
                if errno == EMFILE || errno == ENFILE { usleep(50_000) }
                return
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            let address = Self.address(peer)
            // A host has a whole network of IPv6 addresses.
            let network = address.count == 4 ? address[...] : address.prefix(8)
            let isTrusted = trusted.contains { $0.contains(FrontPeer.text(address)) }
            guard connections.count < Self.maximumConnections,
                isTrusted
                    || connections.lazy.filter({ $0.address.starts(with: network) }).count < Self.maximumOfAddress,
                let connection = FrontConnection(
                    descriptor, context, upstream: upstream, address: address, deadline: now + Self.headTimeout)
            else {
                close(descriptor)
                refusedConnections.add(1, ordering: .relaxed)
                continue
            }
            connections.append(connection)
        }
    }

    /// The bytes of an address without its port.
    private static func address(_ peer: sockaddr_in6) -> [UInt8] {
        withUnsafeBytes(of: peer) { bytes in
            Int32(peer.sin6_family) == AF_INET ? Array(bytes[4..<8]) : Array(bytes[8..<24])
        }
    }
}

/// A certificate and its key, ready for connections.
///
/// Unchecked: the pointer is set once, and OpenSSL counts its references with locks of its own.
final class TLSContext: @unchecked Sendable {
    let context: OpaquePointer

    init(certificate: String, key: String) throws(PageError) {
        guard let context = SSL_CTX_new(TLS_server_method()) else {
            throw PageError("OpenSSL has no memory", status: 503)
        }
        self.context = context
        nimmer_require_tls12(context)
        guard SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else {
            throw PageError("tls_certificate \(certificate) cannot be used: \(Self.reason)")
        }
        guard SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1, SSL_CTX_check_private_key(context) == 1
        else {
            throw PageError("tls_key \(key) cannot be used with \(certificate): \(Self.reason)")
        }
    }

    deinit { SSL_CTX_free(context) }

    private static var reason: String {
        defer { ERR_clear_error() }
        return ERR_reason_error_string(ERR_peek_last_error()).map { String(cString: $0) } ?? "OpenSSL states no reason"
    }
}

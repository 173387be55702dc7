import CNATS
import Glibc
import NimmerBus
import NimmerWave

/// First line of a server, before the client has sent anything: its `INFO` line.
///
/// nats.c 3.4 reads it and keeps the version to itself, so it is read once more, over a connection of a few milliseconds.
enum Greeting {
    static func identity(of server: ServerURL, _ connection: NATSConnection) -> ServerIdentity {
        // A server that requires TLS first sends nothing; any other does, on a busy machine not at once.
        let limit = Duration.milliseconds(server.isSecure ? 500 : 2_000)
        let info = read(server.host, server.port, within: limit).flatMap { try? JSON(parsing: $0) }
        let version = info?["version"]?.string ?? "unknown"
        return ServerIdentity(
            name: info?["server_name"]?.string ?? connection.url, id: info?["server_id"]?.string ?? "",
            version: version, url: connection.url,
            maximumPayload: info?["max_payload"]?.int ?? connection.maximumPayload,
            features: ServerFeatures.of(version, info))
    }

    /// The JSON after `INFO `; nil when the server sends nothing within the limit (it may require TLS first).
    private static func read(_ host: String, _ port: UInt16, within limit: Duration) -> [UInt8]? {
        guard let descriptor = connection(to: host, port, isBlocking: false) else { return nil }
        defer { close(descriptor) }
        guard let line = line(from: descriptor, within: limit), line.starts(with: Array("INFO ".utf8)) else {
            return nil
        }
        return Array(line.dropFirst(5))
    }

    /// A socket to a server, which the caller closes; a blocking one gives up after two seconds.
    static func connection(to host: String, _ port: UInt16, isBlocking: Bool) -> Int32? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0 else { return nil }
        defer { freeaddrinfo(found) }
        var candidate = found
        while let address = candidate {
            defer { candidate = address.pointee.ai_next }
            let type = address.pointee.ai_socktype | Int32(SOCK_CLOEXEC.rawValue)
            let descriptor = socket(
                address.pointee.ai_family, isBlocking ? type : type | Int32(SOCK_NONBLOCK.rawValue), 0)
            guard descriptor >= 0 else { continue }
            if isBlocking {
                var timeout = timeval(tv_sec: 2, tv_usec: 0)
                let size = socklen_t(MemoryLayout<timeval>.size)
                setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
                setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, size)
            }
            let status = connect(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen)
            if status == 0 || errno == EINPROGRESS { return descriptor }
            close(descriptor)
        }
        return nil
    }

    /// Reads the server's first line byte by byte, so that nothing of what follows (a handshake) is taken away.
    static func skipLine(of socket: Int32) -> Bool {
        var byte: UInt8 = 0
        for _ in 0..<65_536 {
            guard Glibc.read(socket, &byte, 1) == 1 else { return false }
            if byte == UInt8(ascii: "\n") { return true }
        }
        return false
    }

    private static func line(from descriptor: Int32, within limit: Duration) -> [UInt8]? {
        let deadline = ContinuousClock.now.advanced(by: limit)
        var line: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while line.count < 65_536 {
            let left = ContinuousClock.now.duration(to: deadline).nanoseconds / 1_000_000
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard left > 0, poll(&request, 1, Int32(left)) > 0 else { return nil }
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return nil }
            line += buffer[0..<count]
            if let end = line.firstIndex(of: 0x0d) { return Array(line[..<end]) }
        }
        return nil
    }
}

import Glibc
import NimmerPlatform
import Synchronization

/// Free TCP ports of 127.0.0.1 for private servers.
public enum LoopbackPort {
    private static let given = Mutex<Set<UInt16>>([])

    /// A free port that this process was not given before.
    ///
    /// It lies below the range from which the kernel takes the ports of outgoing connections: a client that keeps
    /// reconnecting to a stopped server inside that range ends up connected to itself, and the server cannot return.
    ///
    /// - Throws: a ``ServerError`` when none is free.
    public static func free() throws(ServerError) -> UInt16 {
        let bounds = (SmallFile.read("/proc/sys/net/ipv4/ip_local_port_range") ?? "")
            .split(whereSeparator: \.isWhitespace).compactMap { UInt16($0) }
        let outgoing = bounds.first ?? 32_768
        let candidates: ClosedRange<UInt16> = outgoing > 12_000 ? 10_000...(outgoing - 1) : 49_152...65_535
        for _ in 0..<512 {
            let port = UInt16.random(in: candidates)
            guard isFree(port), given.withLock({ $0.insert(port).inserted }) else { continue }
            return port
        }
        throw ServerError(
            .port, "no free port on 127.0.0.1 between \(candidates.lowerBound) and \(candidates.upperBound)")
    }

    /// Returns whether a server could listen on this port of 127.0.0.1 now.
    ///
    /// The port is bound and not listened on: a child that another thread starts in this moment holds a copy of the socket until its `exec`,
    /// which keeps no server from the port that sets `SO_REUSEADDR`, as all do here, nor the next look.
    public static func isFree(_ port: UInt16) -> Bool {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return false }
        defer { close(socket) }
        var yes: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        return withAddress(port) { bind(socket, $0, $1) } == 0
    }

    /// A connected socket, which the caller closes; nil when nothing listens. Blocks.
    static func connection(to port: UInt16) -> Int32? {
        let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard connection >= 0 else { return nil }
        guard withAddress(port, { connect(connection, $0, $1) }) == 0 else {
            close(connection)
            return nil
        }
        return connection
    }

    /// Connects, and reads the first line that the server sends; nil when nothing listens or nothing comes in time. Blocks.
    static func greeting(of port: UInt16, within limit: Duration) -> String? {
        firstLine(from: port, sending: "", within: limit)
    }

    /// The status of a page over HTTP; nil when nothing listens or nothing comes in time. Blocks.
    static func status(of path: String, on port: UInt16, within limit: Duration) -> Int? {
        let question = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n\r\n"
        let words = firstLine(from: port, sending: question, within: limit)?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/") else { return nil }
        return Int(words[1])
    }

    private static func firstLine(from port: UInt16, sending question: String, within limit: Duration) -> String? {
        guard let connection = connection(to: port) else { return nil }
        defer { close(connection) }
        let bytes = Array(question.utf8)
        guard send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return nil }
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        let end = ContinuousClock.now + limit
        while !text.contains(0x0A) {
            var polled = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
            guard ContinuousClock.now < end, poll(&polled, 1, 100) >= 0 else { return nil }
            guard polled.revents != 0 else { continue }
            let count = read(connection, &chunk, chunk.count)
            guard count > 0 else { return nil }
            text += chunk[..<count]
        }
        return String(decoding: text.prefix { $0 != 0x0A }, as: UTF8.self)
    }

    private static func withAddress(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                body(pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

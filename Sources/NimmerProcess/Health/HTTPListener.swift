import Glibc
import NimmerPlatform
import Synchronization

/// A small HTTP/1 server for probes: one thread, a bounded number of connections, a time limit on each, one request per
/// connection. (SwiftNIO would more than double a cell.)
///
/// A client cannot harm the process: a connection ends after ``timeout`` however slowly it talks, the oldest makes
/// room for a new one, a head is at most 8 KiB, and whatever is not a request is answered with its status and counted.
final class HTTPListener: Sendable {
    /// Maximum number of open connections.
    static let room = 16
    /// Maximum duration of a connection.
    static let connectionTimeout = Duration.seconds(5)

    /// Requests by the status of their answer; 0 for those that ended without one.
    struct Counters: Sendable, Hashable {
        var answers: [Int: UInt64] = [:]
        /// Connections closed to make room for new ones.
        var evicted: UInt64 = 0
    }

    /// The port that it listens on.
    let port: UInt16
    private let listener: Int32
    private let wakeUp: WakeUp
    private let answer: @Sendable (HTTPRequest) -> HTTPAnswer
    private let state = Mutex(Counters())
    private let ended = Atomic<Bool>(false)

    /// Opens the port; requests are answered from ``start()`` on.
    ///
    /// - Throws: `ProcessFailure` (unavailable) when the port cannot be opened.
    init(_ address: HTTPAddress, answer: @escaping @Sendable (HTTPRequest) -> HTTPAnswer) throws(ProcessFailure) {
        let (opened, trouble) = address.first(passive: true) { family, at, length -> Int32? in
            let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
            let listener = socket(family, kind, 0)
            guard listener >= 0 else { return nil }
            var yes: Int32 = 1
            var no: Int32 = 0
            setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
            if family == AF_INET6, address.host == nil {
                setsockopt(listener, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &no, socklen_t(MemoryLayout<Int32>.size))
            }
            guard bind(listener, at, length) == 0, listen(listener, 64) == 0 else {
                let reason = errno
                close(listener)
                errno = reason
                return nil
            }
            return listener
        }
        guard let opened else {
            throw ProcessFailure(.unavailable, "NIMMERVERSE_HTTP_PORT: cannot listen on \(address): \(trouble)")
        }
        listener = opened
        do throws(SystemCallError) {
            wakeUp = try WakeUp()
        } catch {
            close(opened)
            throw ProcessFailure(.unavailable, "NIMMERVERSE_HTTP_PORT: cannot listen on \(address): \(error)")
        }
        port = Self.port(of: opened) ?? address.port
        self.answer = answer
    }

    deinit {
        close(listener)
    }

    var counters: Counters { state.withLock { $0 } }

    /// Answers from now on, on a thread of its own, until ``stop()``.
    func start() {
        // Without a thread nothing answers, which a probe reports as a failure.
        try? OwnThread.start("health", stack: 512 * 1024) { self.serve() }
    }

    /// Stops answering.
    func stop() {
        ended.store(true, ordering: .sequentiallyConsistent)
        wakeUp.raise()
    }

    // MARK: The thread

    private struct Connection {
        let socket: Int32
        let deadline: ContinuousClock.Instant
        var head: [UInt8] = []
        var out: ArraySlice<UInt8> = []
        /// Answered: further input is read and dropped, so that the answer is not lost with it.
        var isDone = false
    }

    private func serve() {
        var connections: [Connection] = []
        defer { for connection in connections { close(connection.socket) } }
        while !ended.load(ordering: .sequentiallyConsistent) {
            var polled = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
            polled.append(pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0))
            for connection in connections {
                let events = connection.out.isEmpty ? POLLIN : POLLOUT
                polled.append(pollfd(fd: connection.socket, events: Int16(events), revents: 0))
            }
            _ = poll(&polled, nfds_t(polled.count), wait(connections))
            let now = ContinuousClock.now
            for (index, entry) in polled.dropFirst(2).enumerated() where entry.revents != 0 {
                if !advance(&connections[index]) { end(&connections[index]) }
            }
            for index in connections.indices where connections[index].deadline <= now { expire(&connections[index]) }
            connections.removeAll { $0.head == Self.gone }
            if polled[0].revents != 0 { accept(into: &connections, now) }
        }
    }

    /// Milliseconds until the first deadline; forever without a connection.
    private func wait(_ connections: [Connection]) -> Int32 {
        guard let next = connections.map(\.deadline).min() else { return -1 }
        let left = ContinuousClock.now.duration(to: next).components
        return Int32(max(0, left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000)) + 1
    }

    /// No head: a request never begins with a zero.
    private static let gone: [UInt8] = [0]

    private func end(_ connection: inout Connection) {
        close(connection.socket)
        if !connection.isDone { count(0) }
        connection.head = Self.gone
    }

    private func expire(_ connection: inout Connection) {
        if connection.head == Self.gone { return }
        if !connection.isDone, connection.out.isEmpty {
            count(408)
            connection.isDone = true
            _ = send(connection.socket, HTTPAnswer(408, "no request came in time").bytes(withBody: true)[...])
        }
        end(&connection)
    }

    private func count(_ status: Int) { state.withLock { $0.answers[status, default: 0] += 1 } }

    private func accept(into connections: inout [Connection], _ now: ContinuousClock.Instant) {
        while true {
            let socket = Glibc.accept(listener, nil, nil)
            guard socket >= 0 else {
                // Without a file descriptor to spare the listener stays readable: do not spin on it.
                if errno == EMFILE || errno == ENFILE { usleep(50_000) }
                return
            }
            _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
            _ = fcntl(socket, F_SETFL, O_NONBLOCK)
            if connections.count >= Self.room {
                end(&connections[0])
                connections.removeFirst()
                state.withLock { $0.evicted += 1 }
            }
            connections.append(Connection(socket: socket, deadline: now.advanced(by: Self.connectionTimeout)))
        }
    }

    /// - Returns: whether the connection continues.
    private func advance(_ connection: inout Connection) -> Bool {
        if connection.out.isEmpty {
            var chunk = [UInt8](repeating: 0, count: 2048)
            let count = read(connection.socket, &chunk, chunk.count)
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            if count == 0 { return false }
            if connection.isDone { return true }
            connection.head += chunk[..<count]
            guard let (answer, withBody) = reply(to: connection.head) else { return true }
            self.count(answer.status)
            connection.out = answer.bytes(withBody: withBody)[...]
            connection.isDone = true
            connection.head = []
        }
        guard let sent = send(connection.socket, connection.out) else { return false }
        connection.out = connection.out.dropFirst(sent)
        if connection.out.isEmpty { shutdown(connection.socket, Int32(SHUT_WR)) }
        return true
    }

    private func reply(to head: [UInt8]) -> (HTTPAnswer, withBody: Bool)? {
        do throws(HTTPRequest.Refused) {
            guard let request = try HTTPRequest(head) else { return nil }
            guard request.method == "GET" || request.method == "HEAD" else {
                return (HTTPAnswer(405, "only GET and HEAD"), true)
            }
            return (answer(request), request.method == "GET")
        } catch {
            let reason =
                switch error {
                case .bad: "not an HTTP request"
                case .tooLarge: "a request's head may have \(HTTPRequest.longestHead) bytes"
                case .version: "only HTTP/1.1"
                }
            return (HTTPAnswer(error.rawValue, reason), true)
        }
    }

    /// - Returns: how much was taken, nil when the other side is gone.
    private func send(_ socket: Int32, _ bytes: ArraySlice<UInt8>) -> Int? {
        let sent = bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if sent < 0 { return errno == EAGAIN || errno == EINTR ? 0 : nil }
        return sent
    }

    private static func port(of socket: Int32) -> UInt16? {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
        }
        guard status == 0 else { return nil }
        return withUnsafeBytes(of: &address) { bytes in
            // The port lies behind the family in both kinds of address.
            UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        }
    }
}

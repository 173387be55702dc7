import Glibc

/// Request of `--health`: the `/readyz` of the process that runs beside it, for probes without a shell.
enum HealthQuestion {
    /// A page that was answered.
    struct Page: Sendable {
        var status: Int
        var body: [UInt8]
        /// Its first line with something on it, or its status.
        var line: String {
            let lines = body.split { $0 == 0x0a || $0 == 0x0d }
            return lines.first.map { String(decoding: $0, as: UTF8.self) } ?? "status \(status)"
        }
    }

    /// The most bytes of an answer.
    private static let room = 4 << 20

    /// Asks, and gives what is to be printed and whether the process is ready.
    ///
    /// - Parameter limit: in milliseconds.
    static func ask(_ text: String?, limit: Int32 = 3_000) -> (line: String, isReady: Bool) {
        guard let text, !text.isEmpty else {
            return ("NIMMERVERSE_HTTP_PORT is not set: the health of the process is unknown", false)
        }
        do throws(ProcessFailure) {
            let answer = try page("/readyz", at: try HTTPAddress(text), limit: limit)
            return (answer.line, answer.status == 200)
        } catch { return (error.message, false) }
    }

    /// Asks for a page.
    ///
    /// - Parameter limit: in milliseconds.
    /// - Throws: `ProcessFailure` (unavailable) with the reason why there is no answer.
    static func page(_ path: String, at address: HTTPAddress, limit: Int32) throws(ProcessFailure) -> Page {
        var address = address
        // One that listens everywhere listens here.
        if address.host == nil || address.host == "0.0.0.0" { address.host = "127.0.0.1" }
        if address.host == "::" { address.host = "::1" }
        let (connection, trouble) = address.first(passive: false) { family, at, length -> Int32? in
            let connection = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard connection >= 0 else { return nil }
            var timeout = timeval(tv_sec: Int(limit / 1000), tv_usec: Int(limit % 1000) * 1000)
            for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
                setsockopt(connection, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
            }
            guard connect(connection, at, length) == 0 else {
                let reason = errno
                close(connection)
                errno = reason
                return nil
            }
            return connection
        }
        guard let connection else { throw ProcessFailure(.unavailable, "no answer on \(address): \(trouble)") }
        defer { close(connection) }
        let question = Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
        guard send(connection, question, question.count, Int32(MSG_NOSIGNAL)) == question.count else {
            throw ProcessFailure(.unavailable, "no answer on \(address): \(String(cString: strerror(errno)))")
        }
        guard let answer = read(answerOf: connection, limit: limit) else {
            throw ProcessFailure(.unavailable, "no HTTP answer on \(address)")
        }
        return answer
    }

    private static func read(answerOf connection: Int32, limit: Int32) -> Page? {
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        let end = ContinuousClock.now + .milliseconds(Int(limit))
        while answer.count < room, ContinuousClock.now < end {
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { break }
            answer += chunk[..<count]
        }
        return parse(answer)
    }

    /// One of several questions that are asked at once.
    private struct Asked {
        let connection: Int32
        var question: ArraySlice<UInt8>
        var answer: [UInt8] = []
        /// Indicates whether nothing more comes.
        var isOver: Bool

        /// Takes the next step that the connection is ready for.
        mutating func advance(_ chunk: inout [UInt8]) {
            if !question.isEmpty {
                let count = question.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                if count < 0 { isOver = errno != EAGAIN && errno != EINTR }
                question = question.dropFirst(max(0, count))
                return
            }
            let count = recv(connection, &chunk, chunk.count, 0)
            if count > 0 { answer += chunk[..<count] }
            isOver = count == 0 || count < 0 && errno != EAGAIN && errno != EINTR || answer.count >= room
        }
    }

    /// Asks for the same page on several ports of this machine at once.
    ///
    /// - Parameter limit: in milliseconds, for all of them.
    /// - Returns: the page of each port; nil for one that did not answer in time.
    static func pages(_ path: String, onPorts ports: [UInt16], limit: Int32) -> [Page?] {
        let end = ContinuousClock.now + .milliseconds(Int(limit))
        let question = Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
        var all = ports.map { port in
            let connection = connecting(to: port)
            return Asked(connection: connection, question: question[...], isOver: connection < 0)
        }
        defer { for asked in all where asked.connection >= 0 { close(asked.connection) } }
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let open = all.indices.filter { !all[$0].isOver }
            let left = ContinuousClock.now.duration(to: end) / .milliseconds(1)
            guard !open.isEmpty, left > 0 else { break }
            var polled = open.map { place in
                let events = all[place].question.isEmpty ? POLLIN : POLLOUT
                return pollfd(fd: all[place].connection, events: Int16(events), revents: 0)
            }
            _ = poll(&polled, nfds_t(polled.count), Int32(left.rounded(.up)))
            for (place, entry) in zip(open, polled) where entry.revents != 0 { all[place].advance(&chunk) }
        }
        return all.map { $0.isOver ? parse($0.answer) : nil }
    }

    /// A socket that connects to a port of 127.0.0.1; -1 where there can be none.
    private static func connecting(to port: UInt16) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let connection = socket(AF_INET, kind, 0)
        guard connection >= 0 else { return -1 }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if status == 0 || errno == EINPROGRESS { return connection }
        close(connection)
        return -1
    }

    /// The status and the body of an answer.
    static func parse(_ answer: [UInt8]) -> Page? {
        var place = 0
        var head: [String] = []
        while let end = answer[place...].firstIndex(of: 0x0a) {
            let line = answer[place..<end]
            let text = String(decoding: line.last == 0x0d ? line.dropLast() : line, as: UTF8.self)
            place = end + 1
            guard !text.isEmpty else {
                guard let first = head.first, first.hasPrefix("HTTP/1."),
                    let status = first.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
                else { return nil }
                return Page(status: status, body: Array(answer[place...]))
            }
            head.append(text)
        }
        return nil
    }
}

import Glibc

/// Request of `--health`: the `/readyz` of the process that runs beside it, for probes without a shell.
enum HealthQuestion {
    /// Asks, and gives what is to be printed and whether the process is ready.
    ///
    /// - Parameter limit: in milliseconds.
    static func ask(_ text: String?, limit: Int32 = 3_000) -> (line: String, isReady: Bool) {
        guard let text, !text.isEmpty else {
            return ("NIMMERVERSE_HTTP_PORT is not set: the health of the process is unknown", false)
        }
        do throws(ProcessFailure) {
            var address = try HTTPAddress(text)
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
            guard let connection else { return ("no answer on \(address): \(trouble)", false) }
            defer { close(connection) }
            let question = Array("GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
            guard send(connection, question, question.count, Int32(MSG_NOSIGNAL)) == question.count else {
                return ("no answer on \(address): \(String(cString: strerror(errno)))", false)
            }
            return read(answerOf: connection, limit: limit) ?? ("no HTTP answer on \(address)", false)
        } catch { return (error.message, false) }
    }

    private static func read(answerOf connection: Int32, limit: Int32) -> (line: String, isReady: Bool)? {
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 2048)
        let end = ContinuousClock.now + .milliseconds(Int(limit))
        while answer.count < 65_536, ContinuousClock.now < end {
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { break }
            answer += chunk[..<count]
        }
        return parse(answer)
    }

    /// The line and the verdict of an answer.
    static func parse(_ answer: [UInt8]) -> (line: String, isReady: Bool)? {
        let lines = answer.split(omittingEmptySubsequences: false) { $0 == 0x0a }.map { line in
            String(decoding: line.last == 0x0d ? line.dropLast() : line, as: UTF8.self)
        }
        guard let head = lines.first, head.hasPrefix("HTTP/1."), let empty = lines.firstIndex(of: "") else {
            return nil
        }
        let status = head.split(separator: " ").dropFirst().first ?? ""
        let line = lines[(empty + 1)...].first { !$0.isEmpty } ?? "status \(status)"
        return (line, status == "200")
    }
}

import Glibc
import IdentifiedServers
import NimmerPlatform
import Synchronization

@testable import NimmerServers

/// A NATS client of its own, in the least that the protocol asks for: what these tests see on the wire must not depend
/// on the client under test. Reconnects until it is closed.
final class WireTap: Sendable {
    struct Message: Sendable {
        let subject: String
        let payload: [UInt8]
        var text: String { String(decoding: payload, as: UTF8.self) }
    }

    private struct State {
        var socket: Int32 = -1
        var isClosed = false
        var messages: [Message] = []
        /// Counts connections, so that a test can wait for the next one.
        var connections = 0
    }

    private let port: UInt16
    private let pattern: String
    private let state = Mutex(State())

    init(port: UInt16, pattern: String) throws {
        self.port = port
        self.pattern = pattern
        try OwnThread.start("wire-tap") { [self] in
            while !state.withLock({ $0.isClosed }) {
                listen()
                usleep(10_000)
            }
        }
    }

    var messages: [Message] { state.withLock { $0.messages } }
    var connections: Int { state.withLock { $0.connections } }

    func close() {
        state.withLock { state in
            state.isClosed = true
            if state.socket >= 0 { shutdown(state.socket, Int32(SHUT_RDWR)) }
        }
    }

    /// Publishes on the living connection; waits for one without one.
    func publish(_ subject: String, _ payload: [UInt8]) async -> Bool {
        let bytes = Array("PUB \(subject) \(payload.count)\r\n".utf8) + payload + Array("\r\n".utf8)
        return await eventually(within: .seconds(120)) { [self] in
            state.withLock { $0.socket >= 0 && Self.send(bytes, over: $0.socket) }
        }
    }

    private static func send(_ bytes: [UInt8], over socket: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// One connection, from its start to its end.
    private func listen() {
        guard let socket = LoopbackPort.connection(to: port) else { return }
        defer {
            state.withLock { $0.socket = -1 }
            Glibc.close(socket)
        }
        var input = Input(socket: socket)
        guard input.line()?.hasPrefix("INFO ") == true else { return }
        let own = IdentifiedServer.ownUser
        let hello =
            "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"user\":\"\(own)\",\"pass\":\"\(own)\"}\r\nSUB \(pattern) 1\r\nPING\r\n"
        guard Self.send(Array(hello.utf8), over: socket) else { return }
        while let line = input.line() {
            let words = line.split(separator: " ")
            switch words.first {
            case "PING": _ = state.withLock { _ in Self.send(Array("PONG\r\n".utf8), over: socket) }
            case "PONG":
                state.withLock { state in
                    state.socket = state.isClosed ? -1 : socket
                    state.connections += 1
                }
            case "MSG", "HMSG":
                guard let size = words.last.flatMap({ Int($0) }), let body = input.bytes(size + 2) else { return }
                let header = words.first == "HMSG" ? Int(words[words.count - 2]) ?? 0 : 0
                let message = Message(subject: String(words[1]), payload: Array(body[header..<size]))
                state.withLock { $0.messages.append(message) }
            default: break
            }
        }
    }

    private struct Input {
        let socket: Int32
        var buffer: [UInt8] = []
        var start = 0

        mutating func line() -> String? {
            var from = start
            while true {
                if let end = buffer[from...].firstIndex(of: 0x0A) {
                    defer { start = end + 1 }
                    return String(decoding: buffer[start..<end].filter { $0 != 0x0D }, as: UTF8.self)
                }
                from = buffer.count
                guard fill() else { return nil }
            }
        }

        mutating func bytes(_ count: Int) -> [UInt8]? {
            while buffer.count - start < count {
                guard fill() else { return nil }
            }
            defer { start += count }
            return Array(buffer[start..<(start + count)])
        }

        private mutating func fill() -> Bool {
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = read(socket, &chunk, chunk.count)
            guard count > 0 else { return false }
            buffer += chunk[..<count]
            return true
        }
    }
}

/// Returns whether the condition comes true within the limit; asked often, on a thread of its own.
func eventually(within limit: Duration, _ condition: @escaping @Sendable () -> Bool) async -> Bool {
    await OwnThread.run("eventually") { ProcessIdentity.poll(for: limit, until: condition) }
}

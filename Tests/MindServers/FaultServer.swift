import Loopback
import Synchronization

/// A real HTTP server on a free loopback port that answers as its script says, byte for byte: well, or in any wrong way.
public final class FaultServer: Sendable {
    /// One request as it came.
    public struct Request: Sendable {
        /// `POST /v1/chat/completions`
        public let line: String
        /// Names in lower case.
        public let headers: [String: String]
        public let body: [UInt8]

        public var bodyText: String { String(decoding: body, as: UTF8.self) }
    }

    /// What is done with a connection after a request.
    public enum Step: Sendable {
        case send([UInt8])
        case wait(Duration)
        /// Waits until something holds.
        case until(@Sendable () -> Bool)
        /// Sends these bytes again and again until the client goes away.
        case sendForEver([UInt8], pause: Duration)
        /// Keeps the connection and says nothing until the client goes away.
        case hang
        case close

        public static func send(_ text: String) -> Step { .send(Array(text.utf8)) }
    }

    public typealias Script = @Sendable (Request) -> [Step]

    public let port: Int
    private let script: Mutex<Script>
    private let seen = Mutex<[Request]>([])
    private let left = Mutex(0)
    private let isTLS: Bool

    public var url: String { "\(isTLS ? "https" : "http")://127.0.0.1:\(port)" }
    /// Every request so far.
    public var requests: [Request] { seen.withLock { $0 } }
    /// Questions so far: requests with a body.
    public var questions: Int { seen.withLock { $0.count { $0.line.hasPrefix("POST ") } } }
    /// Connections that the client closed before the script was over.
    public var abandoned: Int { left.withLock { $0 } }

    public func answer(_ script: @escaping Script) { self.script.withLock { $0 = script } }

    private init(port: Int, isTLS: Bool, script: @escaping Script) {
        self.port = port
        self.isTLS = isTLS
        self.script = Mutex(script)
    }

    /// Runs a server as long as the body runs.
    ///
    /// - Parameters:
    ///   - certificate: PEM files of a certificate and its key; nil for plain HTTP.
    ///   - clients: the PEM file of the authority whose certificates clients must show; nil asks for none.
    public static func run<Value: Sendable>(
        certificate: (chain: String, key: String)? = nil, clients: String? = nil,
        script: @escaping Script = { _ in [.close] }, _ body: @Sendable (FaultServer) async throws -> Value
    ) async throws -> Value {
        let tls = try certificate.map { try TLSSide(chain: $0.chain, key: $0.key, clients: clients) }
        let listener = try Listener()
        let server = FaultServer(port: listener.port, isTLS: tls != nil, script: script)
        listener.serve { socket in
            if let connection = Connection(socket, tls) { server.serve(connection) }
        }
        do {
            let value = try await body(server)
            await listener.close()
            return value
        } catch {
            await listener.close()
            throw error
        }
    }

    private func serve(_ connection: borrowing Connection) {
        var bytes: [UInt8] = []
        while true {
            while let (request, length) = Self.request(bytes) {
                bytes.removeFirst(length)
                seen.withLock { $0.append(request) }
                guard perform(script.withLock { $0 }(request), connection) else { return }
            }
            guard let piece = connection.receive() else { return }
            bytes += piece
        }
    }

    /// Returns whether the connection stays for another request.
    private func perform(_ steps: [Step], _ connection: borrowing Connection) -> Bool {
        func isLeft() -> Bool {
            left.withLock { $0 += 1 }
            return false
        }
        for (index, step) in steps.enumerated() {
            switch step {
            case .send(let bytes): guard connection.send(bytes) else { return isLeft() }
            case .wait(let time): connection.wait(time)
            case .until(let holds): while !holds(), !connection.isGone { connection.wait(.milliseconds(5)) }
            case .sendForEver(let bytes, let pause):
                while !connection.isGone, connection.send(bytes) { connection.wait(pause) }
                return isLeft()
            case .hang:
                while !connection.isGone { connection.wait(.milliseconds(20)) }
                return isLeft()
            case .close: return false
            }
            if connection.isGone { return index + 1 < steps.count ? isLeft() : false }
        }
        return true
    }

    /// The first whole request of these bytes, and how long it is.
    private static func request(_ bytes: [UInt8]) -> (Request, Int)? {
        guard let end = bytes.indices.dropLast(3).first(where: { bytes[$0...].starts(with: [13, 10, 13, 10]) }) else {
            return nil
        }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        let length = end + 4 + (headers["content-length"].flatMap { Int($0) } ?? 0)
        guard bytes.count >= length else { return nil }
        let request = Request(line: String(lines.first ?? ""), headers: headers, body: Array(bytes[(end + 4)..<length]))
        return (request, length)
    }
}

import NIOCore
import NIOPosix
import NIOSSL
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
    public static func run<Value: Sendable>(
        certificate: (chain: String, key: String)? = nil, script: @escaping Script = { _ in [.close] },
        _ body: @Sendable (FaultServer) async throws -> Value
    ) async throws -> Value {
        var tls: NIOSSLContext?
        if let certificate {
            tls = try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: try NIOSSLCertificate.fromPEMFile(certificate.chain).map { .certificate($0) },
                    privateKey: .privateKey(try NIOSSLPrivateKey(file: certificate.key, format: .pem))))
        }
        let context = tls
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: false)
                    )
                }
            }
        let port = listener.channel.localAddress?.port ?? 0
        let server = FaultServer(port: port, isTLS: tls != nil, script: script)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await listener.executeThenClose { connections in
                    await withDiscardingTaskGroup { serving in
                        do {
                            for try await connection in connections {
                                serving.addTask { await server.serve(connection) }
                            }
                        } catch {}
                        serving.cancelAll()
                    }
                }
            }
            defer { group.cancelAll() }
            return try await body(server)
        }
    }

    private func serve(_ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async {
        try? await connection.executeThenClose { inbound, outbound in
            var pieces = inbound.makeAsyncIterator()
            var bytes: [UInt8] = []
            while true {
                while let (request, length) = Self.request(bytes) {
                    bytes.removeFirst(length)
                    seen.withLock { $0.append(request) }
                    guard try await self.perform(script.withLock { $0 }(request), connection.channel, outbound) else {
                        return
                    }
                }
                guard let piece = try await pieces.next() else { return }
                bytes += piece.readableBytesView
            }
        }
    }

    /// Whether the connection stays for another request.
    private func perform(
        _ steps: [Step], _ channel: any Channel, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async throws -> Bool {
        do {
            for (index, step) in steps.enumerated() {
                switch step {
                case .send(let bytes): try await outbound.write(ByteBuffer(bytes: bytes))
                case .wait(let time): try await Task.sleep(for: time)
                case .sendForEver(let bytes, let pause):
                    while channel.isActive {
                        try await outbound.write(ByteBuffer(bytes: bytes))
                        try await Task.sleep(for: pause)
                    }
                    left.withLock { $0 += 1 }
                    return false
                case .hang:
                    // A test that gives up closes nothing: its group's cancellation must end this too.
                    while channel.isActive { try await Task.sleep(for: .milliseconds(20)) }
                    left.withLock { $0 += 1 }
                    return false
                case .close: return false
                }
                if !channel.isActive {
                    if index + 1 < steps.count { left.withLock { $0 += 1 } }
                    return false
                }
            }
        } catch {
            left.withLock { $0 += 1 }
            return false
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

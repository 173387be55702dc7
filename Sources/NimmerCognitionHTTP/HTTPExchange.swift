import AsyncHTTPClient
import Dispatch
import NIOCore
import NIOHTTP1
import NIOSSL
import NimmerCognition
import NimmerWave

/// Files of a TLS connection, in PEM.
struct TLSFiles: Sendable {
    var authority: String?
    var certificate: String?
    var key: String?
}

/// One server over HTTP: sends a question, and hands out the answer as it comes. Follows no redirect, retries nothing.
final class HTTPExchange: Sendable {
    /// `http://host:port`, without a slash at the end.
    let base: String
    private let client: HTTPClient

    init(address: String, tls: TLSFiles, proxy: String?) throws(MindError) {
        base = address.hasSuffix("/") ? String(address.dropLast()) : address
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: try tls.configuration, redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(5)),
            proxy: try proxy.map { text throws(MindError) in try Self.proxy(text) }, decompression: .disabled)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        // A server may close an idle connection just when the next question is sent over it; nobody could tell then whether
        // it was taken. Questions are rare and answers long: each has a connection of its own.
        configuration.maximumUsesPerConnection = 1
        client = HTTPClient(configuration: configuration)
    }

    deinit {
        // Shutting down twice is an error that tells nothing here.
        client.shutdown { _ in }
    }

    func close() async { try? await client.shutdown() }

    /// Sends a body and returns when the head of the answer is there.
    func post(
        _ path: String, _ body: JSON, headers: [(String, String)], deadline: ContinuousClock.Instant
    ) async throws(MindError) -> HTTPReply {
        var request = HTTPClientRequest(url: base + path)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: body.bytes))
        return try await send(&request, headers, deadline)
    }

    /// Asks for a page and returns when the head of the answer is there.
    func get(
        _ path: String, headers: [(String, String)], deadline: ContinuousClock.Instant
    ) async throws(MindError) -> HTTPReply {
        var request = HTTPClientRequest(url: base + path)
        return try await send(&request, headers, deadline)
    }

    private func send(
        _ request: inout HTTPClientRequest, _ headers: [(String, String)], _ deadline: ContinuousClock.Instant
    ) async throws(MindError) -> HTTPReply {
        request.headers.add(name: "user-agent", value: "nimmerverse")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        do {
            return HTTPReply(try await client.execute(request, deadline: Self.deadline(deadline)), server: base)
        } catch {
            throw MindError(transport: error, server: base)
        }
    }

    /// Runs a body until the deadline; then its task is cancelled, which closes its connection.
    func within<Value: Sendable>(
        _ deadline: ContinuousClock.Instant,
        _ body: @escaping @Sendable () async throws(MindError) -> Value
    ) async throws(MindError) -> Value {
        let server = base
        let first = await withTaskGroup(of: Result<Value, MindError>?.self) { group in
            group.addTask {
                do throws(MindError) { return .success(try await body()) } catch { return .failure(error) }
            }
            group.addTask {
                // A cancelled sleep is the other task's end: it says nothing.
                guard (try? await Task.sleep(until: deadline)) != nil else { return nil }
                return .failure(MindError(.timeout, "\(server) gave no whole answer in time"))
            }
            var first: Result<Value, MindError>?
            while first == nil, let next = await group.next() { first = next }
            group.cancelAll()
            return first
        }
        if Task.isCancelled { throw MindError(.cancelled, "the question to \(server) was withdrawn") }
        guard let first else { throw MindError(.cancelled, "the question to \(server) was withdrawn") }
        return try first.get()
    }

    private static func deadline(_ instant: ContinuousClock.Instant) -> NIODeadline {
        let left = max(0, ContinuousClock.now.duration(to: instant).nanoseconds)
        // Their sum must fit into 64 bits, too.
        return left > .max / 2 ? .distantFuture : .now() + .nanoseconds(left)
    }

    private static func proxy(_ address: String) throws(MindError) -> HTTPClient.Configuration.Proxy {
        let parts = address.split(separator: "/", omittingEmptySubsequences: true).last ?? ""
        let pair = parts.split(separator: ":")
        guard let host = pair.first, pair.count <= 2, let port = pair.count == 2 ? Int(pair[1]) : 8080,
            (1...65_535).contains(port)
        else {
            throw MindError(
                .misconfigured, "the proxy \(ShownAddress(address)) is no address: expected http://HOST:PORT")
        }
        return .server(host: String(host), port: port)
    }
}

extension TLSFiles {
    var configuration: TLSConfiguration {
        get throws(MindError) {
            var configuration = TLSConfiguration.makeClientConfiguration()
            var reading = ""
            do {
                if let authority {
                    reading = authority
                    configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authority))
                }
                if let certificate {
                    reading = certificate
                    configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate)
                        .map { .certificate($0) }
                }
                if let key {
                    reading = key
                    configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
                }
            } catch {
                throw MindError(.misconfigured, "\(reading) cannot be read as PEM")
            }
            guard (certificate == nil) == (key == nil) else {
                throw MindError(.misconfigured, "tls: a certificate and its key go together; one of them is missing")
            }
            return configuration
        }
    }
}

import NimmerCognition
import NimmerHTTP
import NimmerWave
import Synchronization

/// One server over HTTP: sends a question, and hands out the answer as it comes. Follows no redirect, retries nothing.
final class HTTPExchange: Sendable {
    /// `http://host:port`, with a path where the server is behind one, without a slash at the end.
    var base: String { address.base }
    private let address: ServerAddress
    private let tls: TLSFiles
    private let proxy: String?
    private let isClosed = Atomic<Bool>(false)

    init(address: String, tls: TLSFiles, proxy: String?) throws(MindError) {
        self.address = ServerAddress(address)
        do throws(Refusal) { try tls.check() } catch { throw MindError(.misconfigured, error.message) }
        self.tls = tls
        self.proxy = try proxy.map { text throws(MindError) in try Self.proxy(text) }
    }

    /// Closes the connections; questions that are under way fail, and so do later ones.
    func close() async {
        isClosed.store(true, ordering: .sequentiallyConsistent)
        await CurlLoop.shared.removeAll(of: ObjectIdentifier(self))
    }

    /// Sends a body and returns when the head of the answer is there.
    func post(
        _ path: String, _ body: JSON, headers: [(String, String)], deadline: ContinuousClock.Instant
    ) async throws(MindError) -> HTTPReply {
        try await send(path, body.bytes, [("content-type", "application/json")] + headers, deadline)
    }

    /// Asks for a page and returns when the head of the answer is there.
    func get(
        _ path: String, headers: [(String, String)], deadline: ContinuousClock.Instant
    ) async throws(MindError) -> HTTPReply {
        try await send(path, nil, headers, deadline)
    }

    private func send(
        _ path: String, _ body: [UInt8]?, _ headers: [(String, String)], _ deadline: ContinuousClock.Instant
    ) async throws(MindError) -> HTTPReply {
        let transfer = Transfer(
            TransferRequest(
                url: address.url(path), headers: headers + [("user-agent", "nimmerverse")], body: body,
                deadline: deadline,
                tls: tls, proxy: proxy, owner: ObjectIdentifier(self)))
        // The loop is faster than a withdrawal: no part of a withdrawn question may leave.
        if Task.isCancelled || isClosed.load(ordering: .sequentiallyConsistent) {
            throw MindError(transport: .cancelled, server: base)
        }
        CurlLoop.shared.add(transfer)
        // After the order, too, so that a close at the same time sees it or is seen.
        if isClosed.load(ordering: .sequentiallyConsistent) { transfer.cancel() }
        do throws(TransferFailure) {
            return HTTPReply(transfer, head: try await transfer.head(), server: base)
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
                // A cancelled sleep is the other task's end: no result.
                guard (try? await Task.sleep(until: deadline)) != nil else { return nil }
                return .failure(MindError(.timeout, "\(server) did not complete its answer in time"))
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

    private static func proxy(_ address: String) throws(MindError) -> String {
        let parts = address.split(separator: "/", omittingEmptySubsequences: true).last ?? ""
        let pair = parts.split(separator: ":")
        guard let host = pair.first, pair.count <= 2, let port = pair.count == 2 ? Int(pair[1]) : 8080,
            (1...65_535).contains(port)
        else {
            throw MindError(
                .misconfigured, "the proxy \(ShownAddress(address)) is not an address; expected http://HOST:PORT")
        }
        return "http://\(host):\(port)"
    }
}

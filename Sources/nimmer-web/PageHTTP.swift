import FlyingFox
import FlyingSocks
import Foundation
import Glibc
import NimmerPage
import Synchronization

/// HTTP by FlyingFox, the only importer of it: hands requests to the page's server and carries the sockets of tabs.
final class Listener: Sendable {
    private let server: HTTPServer
    private let box: Box
    private let host: String

    /// Requests that come before the page's server stands are refused.
    private final class Box: HTTPHandler {
        let page = Mutex<PageServer?>(nil)
        let isEncrypted: Bool

        init(isEncrypted: Bool) { self.isEncrypted = isEncrypted }

        func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
            guard let page = page.withLock({ $0 }) else { return HTTPResponse(statusCode: .serviceUnavailable) }
            return await BrowserRequest(page: page, request: request, isEncrypted: isEncrypted).answer()
        }
    }

    private let front: Front
    /// Of the socket between the two, for this user alone.
    private let folder: String

    /// A listener at an address, with TLS where a certificate is given.
    ///
    /// - Throws: ``PageError`` for an address that cannot be used, or a certificate that cannot be used.
    init(_ settings: PageSettings) throws(PageError) {
        host = settings.listen.host
        box = Box(isEncrypted: settings.tls != nil)
        let place = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(place)/nimmer-web-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw PageError("no folder can be made in \(place)", remedy: "TMPDIR names another place", status: 503)
        }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let path = "\(folder)/page"
        // The front connects with a path of its own beside it, as long as an address of IPv6.
        guard path.utf8.count + 50 < MemoryLayout<sockaddr_un>.size - 2 else {
            rmdir(folder)
            throw PageError(
                "\(place) is too long a path for a socket", remedy: "TMPDIR names another place", status: 503)
        }
        do {
            front = try Front(
                settings.listen, preferring: settings.sessionFile.flatMap { SessionFile($0).port }, tls: settings.tls,
                trusted: settings.trustedProxies, upstream: path)
        } catch {
            rmdir(folder)
            throw error
        }
        server = HTTPServer(
            config: .init(address: sockaddr_un.unix(path: path), timeout: Self.timeout, logger: .disabled), handler: box
        )
    }

    /// An outcome waits for the thalamus for up to ten seconds.
    private static let timeout = 40.0

    /// Listens, and calls a body with the address that it has; answers by the server that this gives until the task is cancelled.
    ///
    /// - Throws: ``PageError`` where it cannot listen.
    func run(_ body: @escaping @Sendable (ListenAddress) async throws -> PageServer) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [server, host] in
                do { try await server.run() } catch {
                    if Task.isCancelled { return }
                    throw PageError("cannot listen on \(host): \(error.localizedDescription)", status: 503)
                }
            }
            group.addTask { [self] in
                try await server.waitUntilListening(timeout: 5)
                let page = try await body(ListenAddress(host: host, port: front.port))
                box.page.withLock { $0 = page }
                try front.start()
                try? await Task.sleep(for: .seconds(1 << 30))
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Connections that were refused or ended since they were too many, too slow or not TLS.
    var refusedConnections: Int { front.refused }

    /// Stops; open tabs are closed.
    func stop() async {
        front.stop()
        await server.stop(timeout: 1)
        unlink("\(folder)/page")
        rmdir(folder)
    }
}

/// One request and its answer.
private struct BrowserRequest {
    let page: PageServer
    let request: HTTPRequest
    let isEncrypted: Bool

    func answer() async -> HTTPResponse {
        let asked: PageRequest
        do throws(PageError) { asked = try await read() } catch {
            return Self.response(.refusal(error))
        }
        switch await page.answer(asked) {
        case .response(let answer):
            var answer = answer
            if asked.method == "HEAD" { answer.body = [] }
            return Self.response(answer)
        case .socket(let tab, let session):
            let handler = WebSocketHTTPHandler(handler: TabSocket(tab: tab, page: page, session: session))
            guard let response = try? await handler.handleRequest(request), response.statusCode == .switchingProtocols
            else {
                tab.close()
                return Self.response(.refusal(PageError("expected the handshake of a WebSocket")))
            }
            return response
        }
    }

    private func read() async throws(PageError) -> PageRequest {
        var headers: [String: String] = [:]
        for header in request.headers.keys { headers[header.rawValue.lowercased()] = request.headers[header] }
        var query: [String: String] = [:]
        for item in request.query { query[item.name] = item.value }
        guard let path = request.path.removingPercentEncoding, path.utf8.count <= 1024 else {
            throw PageError("the path cannot be read")
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        guard headers["transfer-encoding"] == nil, length <= PageServer.maximumBody else {
            // Read to its end, or it would be taken for the next request; the front ends what is endless.
            do { for try await _ in request.bodySequence {} } catch { throw PageError("the body cannot be read") }
            guard headers["transfer-encoding"] == nil else {
                throw PageError("a body must state its length", status: 411)
            }
            throw PageError("a body must be at most \(PageServer.maximumBody) bytes; found \(length)", status: 413)
        }
        var body: [UInt8] = []
        if length > 0 {
            guard let bytes = try? await request.bodyData else { throw PageError("the body cannot be read") }
            body = Array(bytes)
        }
        var peer = ""
        switch request.remoteAddress {
        case .ip4(let address, _), .ip6(let address, _): peer = address
        case .unix(let path): peer = FrontPeer.address(ofPath: path) ?? ""
        default: break
        }
        return PageRequest(
            method: request.method.rawValue, path: path, query: query, headers: headers, body: body, peer: peer,
            isEncrypted: isEncrypted)
    }

    private static func response(_ answer: PageResponse) -> HTTPResponse {
        var headers = HTTPHeaders()
        for header in answer.headers { headers.addValue(header.value, for: HTTPHeader(header.name)) }
        return HTTPResponse(
            statusCode: HTTPStatusCode(answer.status, phrase: phrases[answer.status] ?? "Status"), headers: headers,
            body: Data(answer.body))
    }

    private static let phrases = [
        200: "OK", 303: "See Other", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
        405: "Method Not Allowed", 409: "Conflict", 411: "Length Required", 413: "Content Too Large",
        415: "Unsupported Media Type", 421: "Misdirected Request", 429: "Too Many Requests",
        500: "Internal Server Error",
        503: "Service Unavailable",
    ]
}

/// The WebSocket of a tab: frames are pulled, so that no more waits for a slow tab than one frame and what the kernel holds.
private struct TabSocket: WSHandler {
    let tab: Tab
    let page: PageServer
    let session: Sessions.Session

    /// Time after which the socket of a proxy's user is closed: the page opens another, and the proxy is asked again who that is.
    private static let proxyTime = Duration.seconds(600)
    /// Bytes of one report of a page at most.
    private static let maximumReport = 4096

    func makeFrames(for client: AsyncThrowingStream<WSFrame, any Error>) async throws -> AsyncStream<WSFrame> {
        let pending = Pending()
        let reader = Task { [tab, page, session] in
            defer { tab.close() }
            for try await frame in client {
                switch frame.opcode {
                case .ping: pending.add(WSFrame(fin: true, opcode: .pong, mask: nil, payload: frame.payload))
                case .pong: break
                case .close: return
                case .text where frame.fin && frame.payload.count <= Self.maximumReport:
                    do throws(PageError) {
                        if let control = try tab.take(Array(frame.payload)) { page.control(control) }
                        if tab.isWatched { page.watched(session) }
                    } catch {
                        pending.add(.close(code: WSCloseCode(1008, reason: String("\(error)".prefix(100)))))
                    }
                default:
                    pending.add(.close(code: WSCloseCode(1003, reason: "a page reports in short texts")))
                }
            }
        }
        let due = ContinuousClock.now + Self.proxyTime
        return AsyncStream {
            if session.isOfProxy, !pending.isClosed, .now >= due {
                pending.close()
                return .close(code: WSCloseCode(Tab.tooSlow, reason: "the proxy is asked again"))
            }
            if pending.isClosed {
                // Before FlyingFox closes the socket, nothing may wait for it any more.
                reader.cancel()
                _ = await reader.result
                tab.close()
                return nil
            }
            if let frame = pending.take() { return frame }
            switch await tab.next({ page.session(session) }) {
            case .text(let bytes)?: return WSFrame(fin: true, opcode: .text, mask: nil, payload: Data(bytes))
            case .binary(let bytes)?: return WSFrame(fin: true, opcode: .binary, mask: nil, payload: Data(bytes))
            case .close(let code, let reason)?:
                pending.close()
                return .close(code: WSCloseCode(code, reason: reason))
            case nil:
                reader.cancel()
                _ = await reader.result
                return nil
            }
        } onCancel: {
            reader.cancel()
            tab.close()
        }
    }

    /// Answers that go out before what the tab is sent.
    private final class Pending: Sendable {
        private let state = Mutex<(frames: [WSFrame], isClosed: Bool)>(([], false))

        var isClosed: Bool { state.withLock { $0.isClosed } }

        func add(_ frame: WSFrame) { state.withLock { if $0.frames.count < 16 { $0.frames.append(frame) } } }

        func close() { state.withLock { $0.isClosed = true } }

        func take() -> WSFrame? {
            state.withLock { state in
                guard !state.frames.isEmpty else { return nil }
                let frame = state.frames.removeFirst()
                if frame.opcode == .close { state.isClosed = true }
                return frame
            }
        }
    }
}

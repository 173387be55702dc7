import NimmerPlatform
import NimmerWave
import NimmerWeb

/// Client of cells: libcurl behind the port `WebClient` (decision 0022). Nothing is retried, no proxy is used.
public final class CurlClient: WebClient {
    private let settings: WebClientSettings
    private var tls: TLSFiles { TLSFiles(authority: settings.authorities) }

    /// A client that transfers by libcurl.
    ///
    /// - Parameter settings: limits, certificates and headers of all its requests.
    public init(_ settings: WebClientSettings) { self.settings = settings }

    public func checkFiles() throws(Refusal) {
        do throws(Refusal) { try tls.check() } catch {
            throw Refusal(.value, field: "tls_ca", "tls_ca: \(error.message)")
        }
        do throws(WebFailure) { _ = try token() } catch {
            throw Refusal(.value, field: "token_file", "token_file: \(error.description)")
        }
    }

    public func send(_ request: WebRequest) async throws(WebFailure) -> WebAnswer {
        let token = try token()
        let began = ContinuousClock.now
        let deadline = began + .milliseconds(request.timeout)
        var address = request.address
        var hops = 0
        while true {
            var headers = [(name: "user-agent", value: "nimmerverse"), (name: "accept", value: "*/*")]
            if request.body != nil { headers.append((name: "content-type", value: "application/json")) }
            // What opens one server is not shown to another.
            if let token, address.isSameServer(as: request.address) { headers.append(token) }
            let transfer = Transfer(
                TransferRequest(
                    url: address.text, headers: headers, body: request.body, deadline: deadline, tls: tls,
                    proxy: nil, owner: ObjectIdentifier(self)))
            defer { transfer.cancel() }
            if Task.isCancelled { throw WebFailure(.cancelled) }
            CurlLoop.shared.add(transfer)
            let head: HTTPHead
            do throws(TransferFailure) { head = try await transfer.head() } catch { throw WebFailure(error, address) }
            let latency = Double((ContinuousClock.now - began).nanoseconds) / 1_000_000
            if request.redirects > 0, request.body == nil, let target = try Self.target(of: head, from: address) {
                hops += 1
                guard hops <= request.redirects else {
                    throw WebFailure(
                        .redirect, "more than \(request.redirects) redirects", mayHaveArrived: true)
                }
                address = target
                continue
            }
            // The head decides, whatever comes of the rest.
            guard let limit = request.bodyLimit else {
                await Self.drain(transfer)
                return WebAnswer(status: head.status, body: [], isCut: false, latency: latency)
            }
            let (body, isCut) = try await Self.body(of: transfer, limit: limit, address)
            return WebAnswer(
                status: head.status, body: body, isCut: isCut, encoding: Self.encoding(of: head), latency: latency)
        }
    }

    private static func body(
        of transfer: Transfer, limit: Int, _ address: WebAddress
    ) async throws(WebFailure) -> ([UInt8], Bool) {
        var body: [UInt8] = []
        while true {
            let piece: [UInt8]?
            do throws(TransferFailure) { piece = try await transfer.next() } catch { throw WebFailure(error, address) }
            guard let piece else { return (body, false) }
            guard body.count + piece.count <= limit else {
                return (body + piece.prefix(limit - body.count), true)
            }
            body += piece
        }
    }

    /// Takes the rest of a short answer, which most servers send with its head or at once: a server whose connection is closed before it was
    /// read logs an error. A longer or slower one is cut off.
    static func drain(_ transfer: Transfer, atMost time: Duration = .milliseconds(200), bytes: Int = 65_536) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var count = 0
                // A failure is the rest's own.
                while count < bytes, let piece = try? await transfer.next() { count += piece.count }
            }
            group.addTask {
                // A cancelled sleep is the other task's end.
                try? await Task.sleep(for: time)
            }
            await group.next()
            group.cancelAll()
        }
    }

    /// Encoding of an answer's body, which was not asked for; nil without one.
    private static func encoding(of head: HTTPHead) -> String? {
        guard let text = head.first("content-encoding")?.lowercased(), !["", "identity"].contains(text) else {
            return nil
        }
        // Only known words of a server are shown.
        return ["gzip", "deflate", "br", "zstd", "compress"].first { text == $0 || text == "x-\($0)" } ?? "unknown"
    }

    /// The address to which an answer sends; nil where it does not.
    private static func target(of head: HTTPHead, from address: WebAddress) throws(WebFailure) -> WebAddress? {
        guard [301, 302, 303, 307, 308].contains(head.status), let location = head.first("location") else { return nil }
        let target: WebAddress
        do throws(Refusal) {
            target = try WebAddress(CurlAddress.resolved(location, from: address.text) ?? "", field: "location")
        } catch {
            throw WebFailure(.redirect, "a redirect to what is no address of HTTP", mayHaveArrived: true)
        }
        guard target.isEncrypted || !address.isEncrypted else {
            throw WebFailure(.redirect, "a redirect from https to http, which is not followed", mayHaveArrived: true)
        }
        return target
    }

    /// The header with the token; nil without one.
    private func token() throws(WebFailure) -> (name: String, value: String)? {
        guard let file = settings.tokenFile else { return nil }
        let text: String
        do throws(SecretFileError) { text = try SecretFile.read(file) } catch {
            throw WebFailure(.file, "\(file) cannot be read: \(error.reason)", mayHaveArrived: false)
        }
        // A line break or a control character could smuggle a header.
        guard text.utf8.count <= 8192, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw WebFailure(
                .file, "\(file) holds no token: expected 1 to 8192 printable characters without spaces",
                mayHaveArrived: false)
        }
        let isBearer = settings.tokenHeader == "authorization"
        return (name: settings.tokenHeader, value: isBearer ? "Bearer \(text)" : text)
    }
}

extension WebFailure {
    fileprivate init(_ kind: Kind) { self.init(kind, "withdrawn", mayHaveArrived: true) }

    /// A failed transfer, in words.
    fileprivate init(_ failure: TransferFailure, _ address: WebAddress) {
        let server = address.server
        switch failure {
        case .cancelled: self.init(.cancelled)
        case .timeout: self.init(.timeout, "\(server) gave no whole answer in time", mayHaveArrived: true)
        case .connectTimeout: self.init(.unreachable, "no connection to \(server) in time", mayHaveArrived: false)
        case .tlsTimeout: self.init(.tls, "\(server) did not agree on TLS in time", mayHaveArrived: false)
        case .tls:
            self.init(.tls, "no TLS with \(server) could be agreed", mayHaveArrived: true)
        case .certificate(let fault):
            let words =
                switch fault {
                case .otherName: "is for another name"
                case .unknownAuthority: "is signed by no authority of this machine, or of tls_ca"
                case .outOfTime: "has expired, or is not valid yet"
                }
            self.init(.tls, "the certificate of \(server) \(words)", mayHaveArrived: false)
        case .unknownHost:
            let name = server.prefix(upTo: server.lastIndex(of: ":") ?? server.endIndex)
            self.init(.unreachable, "the name \(name) cannot be resolved", mayHaveArrived: false)
        case .refused: self.init(.unreachable, "\(server): connection refused", mayHaveArrived: false)
        case .unreachable, .proxy:
            self.init(.unreachable, "\(server) cannot be reached", mayHaveArrived: false)
        case .closed: self.init(.closed, "\(server) closed the connection", mayHaveArrived: true)
        case .invalidAddress: self.init(.unreachable, "\(server) is no address", mayHaveArrived: false)
        case .notHTTP: self.init(.malformed, "\(server) does not speak HTTP", mayHaveArrived: true)
        case .unreadableFile:
            self.init(.file, "the file of authorities can no longer be read as PEM", mayHaveArrived: false)
        case .other(let words): self.init(.malformed, "\(server): \(words)", mayHaveArrived: true)
        }
    }
}

import NimmerCognition
import NimmerHTTP
import NimmerWave

/// The head of an answer, and its body as it comes. Its connection is closed when the last reference goes.
final class HTTPReply: Sendable {
    private let transfer: Transfer
    private let head: HTTPHead
    private let server: String

    /// Bytes of a refusal's body that are checked for the kind of error.
    private static let errorBytes = 16_384

    init(_ transfer: Transfer, head: HTTPHead, server: String) {
        self.transfer = transfer
        self.head = head
        self.server = server
    }

    deinit { transfer.cancel() }

    var status: Int { head.status }

    /// The media type, without parameters, in lower case.
    var type: String {
        let text = head.first("content-type") ?? ""
        return String(text.prefix { $0 != ";" }).lowercased().filter { !$0.isWhitespace }
    }

    /// Name of the server by its own account, cut to a token.
    var serverName: String { ServerWords.plain(head.first("server") ?? "") }

    /// The media type, if it is one of those.
    func type(among types: [String]) throws(MindError) -> String {
        guard types.contains(type) else {
            throw MindError(
                .malformed,
                "\(server) answered with the content type '\(ServerWords.plain(type))'; expected \(types.joined(separator: " or "))",
                status: status)
        }
        return type
    }

    /// Throws what a status other than 200 means.
    func requireSuccess(model: String) async throws(MindError) {
        guard status != 200 else { return }
        let kind = await errorKind()
        let suffix = kind.isEmpty ? "" : " (\(kind))"
        let retry = head.first("retry-after").flatMap { Int($0) }.map {
            min(max($0, 0), 86_400) * 1000
        }
        let (code, meaning): (MindError.Code, String) =
            switch status {
            case 300..<400: (.redirected, "sends elsewhere, which is not followed; set the url to where the server is")
            case 401, 403: (.unauthorized, "refuses the key; look at key_file or key_variable")
            case 404: (.rejected, "knows neither the path nor the model \(model)")
            case 408, 425, 429, 503: (.overloaded, "refuses for now")
            case 400..<500: (.rejected, "does not take the question")
            case 500...: (.serverError, "failed")
            default: (.malformed, "answered with an unexpected status")
            }
        throw MindError(
            code, "\(server) \(meaning): status \(status)\(suffix)", retryAfterMilliseconds: retry, status: status)
    }

    /// The body, piece by piece, until `take` or the end gives a value.
    ///
    /// - Parameters:
    ///   - bound: bytes of the whole body at most.
    ///   - take: gets each piece; a value ends the reading, and the connection with it.
    ///   - end: the body is over.
    func read<Value>(
        bound: Int, take: (ArraySlice<UInt8>) throws(MindError) -> Value?, end: () throws(MindError) -> Value
    ) async throws(MindError) -> Value {
        var count = 0
        // A value may come before the body's end.
        defer { transfer.cancel() }
        while true {
            let piece: [UInt8]?
            do throws(TransferFailure) { piece = try await transfer.next() } catch {
                throw MindError(reading: error, server: server)
            }
            guard let piece else { break }
            count += piece.count
            guard count <= bound else {
                throw MindError(.tooLarge, "\(server) answered with more than \(bound) bytes")
            }
            if let value = try take(piece[...]) { return value }
        }
        return try end()
    }

    /// A whole JSON body.
    func json(bound: Int) async throws(MindError) -> JSON {
        var bytes: [UInt8] = []
        return try await read(bound: bound) { (piece) throws(MindError) -> JSON? in
            bytes += piece
            return nil
        } end: { () throws(MindError) in
            do { return try JSON(parsing: bytes) } catch {
                throw MindError(.malformed, "\(server) answered with a body that is not JSON: \(error)", status: status)
            }
        }
    }

    /// The kind of an error, if it is a known one: a server may repeat the prompt or the key in its own words.
    private func errorKind() async -> String {
        guard let json = try? await json(bound: Self.errorBytes) else { return "" }
        return ServerWords.kind(json["error"] ?? .null)
    }
}

import NimmerWave

/// A piece of an artifact that a cell or nerve hands over: a request on `artifacts.<env>.<sender>` (spec/artifacts.md, Handing over).
package struct ArtifactPiece: Sendable, Hashable {
    /// Bytes of each piece but the last: a chunk, so that what came is stored as it came.
    package static let bytes = StreamArtifactStore.chunkBytes

    /// The part that hands it over, by the subject.
    package var sender: Token
    /// The digest of the whole.
    package var digest: ArtifactDigest
    /// Kind of contents.
    package var type: MediaType
    /// Bytes of the whole.
    package var total: Int64
    /// Place of this piece in it.
    package var offset: Int64
    /// The bytes of this piece.
    package var payload: [UInt8]

    private static let (digest, type, size, offset) = ("Nimmer-Digest", "Nimmer-Type", "Nimmer-Size", "Nimmer-Offset")

    package init(
        sender: Token, digest: ArtifactDigest, type: MediaType, total: Int64, offset: Int64, payload: [UInt8]
    ) {
        self.sender = sender
        self.digest = digest
        self.type = type
        self.total = total
        self.offset = offset
        self.payload = payload
    }

    /// A piece as it came.
    ///
    /// - Throws: a ``Refusal`` that names the header and what was expected of it.
    package init(_ message: BusMessage) throws(Refusal) {
        let name = message.subject.text.split(separator: ".", omittingEmptySubsequences: false).last ?? ""
        sender = try Token(String(name))
        digest = try Self.read(Self.digest, of: message) { text throws(Refusal) in try ArtifactDigest(text) }
        type = try Self.read(Self.type, of: message) { text throws(Refusal) in try MediaType(text) }
        total = try Self.read(Self.size, of: message, Self.number)
        offset = try Self.read(Self.offset, of: message, Self.number)
        payload = message.payload
        let end = offset.addingSaturated(Int64(payload.count))
        guard end <= total else {
            throw .wrong(Self.size, "must be at least \(end), where this piece ends", found: "\(total)")
        }
        // Small pieces would cost a message each.
        guard payload.count == Self.bytes || payload.count < Self.bytes && end == total else {
            throw Refusal(
                .limit, "a piece has \(Self.bytes) bytes, the last of an artifact what is left",
                found: "\(payload.count)")
        }
        guard offset % Int64(Self.bytes) == 0, !payload.isEmpty || total == 0 else {
            throw .wrong(Self.offset, "must be a multiple of \(Self.bytes) below the size", found: "\(offset)")
        }
    }

    private static func read<Value>(
        _ header: String, of message: BusMessage, _ read: (String) throws(Refusal) -> Value
    ) throws(Refusal) -> Value {
        guard let text = message.headers[header] else {
            throw Refusal(.missing, field: header, "the header \(header) is missing")
        }
        do throws(Refusal) { return try read(text) } catch {
            throw Refusal(error.code, field: header, "\(header): \(error.message)", found: error.found)
        }
    }

    private static func number(_ text: String) throws(Refusal) -> Int64 {
        guard (1...15).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int64(text)
        else {
            throw Refusal(.value, "a whole number of at most 15 digits was expected", found: "'\(text.prefix(80))'")
        }
        return number
    }

    /// The headers of the request.
    package var headers: Headers {
        [
            Self.digest: digest.text, Self.type: type.text, Self.size: "\(total)", Self.offset: "\(offset)",
        ]
    }

    /// Indicates whether nothing follows it.
    package var isLast: Bool { offset + Int64(payload.count) == total }
}

/// The answer to a piece.
package enum ArtifactAnswer: Sendable, Hashable {
    /// It is stored; the piece at this place comes next.
    case next(Int64)
    /// All of the artifact is there.
    case stored(ArtifactDigest)
    /// Not now: the same piece again, after so many milliseconds.
    case later(Int, String)
    /// Nothing of it is there (any more): from its beginning.
    case restart
    /// No.
    case refused(String)

    /// The answer as it travels.
    package var json: JSON {
        switch self {
        case .next(let offset): ["status": "ok", "next": .number(Double(offset))]
        case .stored(let digest): ["status": "ok", "digest": .string(digest.text)]
        case .later(let wait, let reason):
            ["status": "busy", "retry_after_ms": .number(Double(wait)), "error": .string(reason)]
        case .restart: ["status": "restart", "next": 0]
        case .refused(let reason): ["status": "refused", "error": .string(reason)]
        }
    }

    /// An answer as it came; nil for another message.
    package init?(_ payload: [UInt8]) {
        guard let json = try? JSON(parsing: payload) else { return nil }
        switch json["status"]?.string {
        case "ok":
            if let digest = json["digest"]?.string.flatMap({ try? ArtifactDigest($0) }) {
                self = .stored(digest)
            } else if let next = json["next"]?.int, next >= 0 {
                self = .next(Int64(next))
            } else {
                return nil
            }
        case "busy":
            self = .later(min(10_000, max(1, json["retry_after_ms"]?.int ?? 1_000)), json["error"]?.string ?? "")
        case "restart": self = .restart
        case "refused": self = .refused(json["error"]?.string ?? "refused")
        default: return nil
        }
    }
}

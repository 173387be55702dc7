import NimmerWave

/// The description of an object as every NATS client writes it (spec/artifacts.md, Objects): a value, read with suspicion, since
/// other clients write it too.
package struct ObjectMetadata: Sendable, Hashable {
    /// The longest description that is read, in bytes.
    package static let longest = 65_536
    /// The longest name, in bytes.
    package static let longestName = 1_024

    /// Another object, whose contents it stands for; without a name a whole bucket.
    package struct Link: Sendable, Hashable {
        package var bucket: String
        package var name: String?
    }

    /// The name, as its client chose it.
    package var name: String
    /// The last token of the subject of its chunks; empty for a link.
    package var nuid: String
    /// Bytes of the object.
    package var bytes: Int64 = 0
    /// Messages that hold them.
    package var chunks: Int64 = 0
    /// The SHA-256 of the bytes; nil for a deletion, a link, and where no or another digest is stated.
    package var digest: ArtifactDigest?
    /// Indicates whether the object was removed.
    package var isDeleted = false
    /// The object that it stands for, if it is a link.
    package var link: Link?
    /// Kind of contents, by its header `Content-Type`.
    package var type: MediaType = .binary
    /// The part that handed it over, by its header `Nimmer-Sender`.
    package var sender: Token?

    private static let digestPrefix = "SHA-256="

    package init(name: String, nuid: String) {
        self.name = name
        self.nuid = nuid
    }

    /// A description as it is stored.
    ///
    /// - Throws: a ``Refusal`` that names the field.
    package init(parsing message: [UInt8]) throws(Refusal) {
        guard message.count <= Self.longest else {
            throw Refusal(.limit, "a description of an object has at most \(Self.longest) bytes")
        }
        let json = try JSON(parsing: message)
        guard json.object != nil else { throw Refusal(.syntax, "a description of an object must be a JSON object") }
        guard let name = json["name"]?.string, (1...Self.longestName).contains(name.utf8.count) else {
            throw .wrong("name", "must be a text of 1 to \(Self.longestName) bytes")
        }
        self.name = name
        if let link = json["options"]?["link"], link.object != nil {
            self.link = Link(bucket: link["bucket"]?.string ?? "", name: link["name"]?.string)
        }
        nuid = json["nuid"]?.string ?? ""
        // It becomes a token of a subject: a wildcard there would read, or remove, the chunks of all.
        guard nuid.utf8.count <= 64, nuid.utf8.allSatisfy(Self.isTokenByte), link != nil || !nuid.isEmpty else {
            throw .wrong("nuid", "must be at most 64 letters, digits, - and _", found: "'\(nuid.prefix(80))'")
        }
        bytes = try Self.count(json, "size")
        chunks = try Self.count(json, "chunks")
        isDeleted = json["deleted"]?.bool ?? false
        let text = json["digest"]?.string ?? ""
        if text.uppercased().hasPrefix(Self.digestPrefix) {
            digest = Base64.decode(url: String(text.dropFirst(Self.digestPrefix.count)))
                .flatMap(ArtifactDigest.init(bytes:))
        }
        if let text = Self.header("Content-Type", of: json) {
            // Parameters of a type, such as its charset, are another client's: what counts is before them.
            let plain = String(text.prefix { $0 != ";" && $0 != " " }).lowercased()
            type = (try? MediaType(plain)) ?? .binary
        }
        sender = Self.header("Nimmer-Sender", of: json).flatMap { try? Token($0) }
    }

    private static func count(_ json: JSON, _ key: String) throws(Refusal) -> Int64 {
        guard let value = json[key], value != .null else { return 0 }
        guard let number = value.int, number >= 0 else {
            throw .wrong(key, "must be a whole number that is not negative", found: String(value.text.prefix(80)))
        }
        return Int64(number)
    }

    /// The first value of a header: clients in Go write lists, those in Python what they were given.
    private static func header(_ name: String, of json: JSON) -> String? {
        let value = json["headers"]?[name]
        return value?.string ?? value?.array?.first?.string
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    /// The description as it is stored.
    package func encoded(bucket: String, at moment: Timestamp) -> [UInt8] {
        var json: JSONObject = [
            "name": .string(name), "bucket": .string(bucket), "nuid": .string(nuid), "size": .number(Double(bytes)),
            "chunks": .number(Double(chunks)),
            "digest": .string(digest.map { Self.digestPrefix + Base64.urlText($0.bytes) } ?? ""),
            "mtime": .string(moment.rfc3339),
        ]
        if isDeleted { json["deleted"] = true }
        if let link {
            var object: JSONObject = ["bucket": .string(link.bucket)]
            if let name = link.name { object["name"] = .string(name) }
            json["options"] = ["link": .object(object)]
        } else {
            json["options"] = ["max_chunk_size": .number(Double(StreamArtifactStore.chunkBytes))]
        }
        var headers: JSONObject = ["Content-Type": [.string(type.text)]]
        if let sender { headers["Nimmer-Sender"] = [.string(sender.text)] }
        json["headers"] = .object(headers)
        return JSON.object(json).bytes
    }
}

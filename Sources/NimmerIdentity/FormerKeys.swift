import NimmerServers
import NimmerWave

/// A key that was replaced and is still accepted for a while, so that its holder has time to read the new one.
public struct FormerKey: Sendable, Hashable {
    /// Owner of the key.
    public var name: String
    /// The public key, `U…`.
    public var publicKey: String
    /// The end of its time. The server itself knows no such end: it refuses the key once the configuration that is written
    /// afterwards has been loaded.
    public var until: Timestamp

    /// A key and its end.
    public init(name: String, publicKey: String, until: Timestamp) {
        self.name = name
        self.publicKey = publicKey
        self.until = until
    }

    /// Returns whether its time is over.
    public func isOverdue(at now: Timestamp) -> Bool { until <= now }
}

/// The file `overlap` of an identity folder: the keys that are still accepted beside the ones that replaced them, one a line
/// (name, public key, end). It holds no secret.
struct FormerKeys: Sendable, Hashable {
    var keys: [FormerKey] = []

    init(_ keys: [FormerKey] = []) { self.keys = keys }

    /// Reads a file's text; a line of another form is an error, since a key that is forgotten here could never be ended.
    init(parsing text: String, of path: String) throws(ServerError) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty && !line.hasPrefix("#") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 3, (try? Token(words[0])) != nil, NKey.isUserPublicKey(words[1]),
                let until = try? Timestamp(rfc3339: words[2])
            else {
                throw ServerError(
                    .folder,
                    "\(path):\(index + 1): found '\(line.prefix(80))', expected a name, a user's public key and a time")
            }
            keys.append(FormerKey(name: words[0], publicKey: words[1], until: until))
        }
    }

    /// The file's text.
    var text: String {
        "# Keys that are accepted beside the ones that replaced them: name, public key, end. Written by `nimmer auth rotate`.\n"
            + keys.map { "\($0.name) \($0.publicKey) \($0.until.rfc3339)\n" }.joined()
    }

    /// The ones of a name, the oldest first.
    func of(_ name: String) -> [FormerKey] { keys.filter { $0.name == name } }

    /// Ends keys: those whose time is over, and all of the names that are given.
    ///
    /// - Returns: the keys that ended.
    mutating func end(_ names: Set<String>, at now: Timestamp) -> [FormerKey] {
        let ended = keys.filter { names.contains($0.name) || $0.isOverdue(at: now) }
        keys.removeAll { ended.contains($0) }
        return ended
    }
}

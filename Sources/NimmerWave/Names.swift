/// One name in a subject: `[a-z0-9][a-z0-9_-]{0,62}` (protocol.md, Subjects).
///
/// Whatever a person or a message supplies becomes a token before it can become part of a subject, so that no dot, space
/// or wildcard travels into one.
public struct Token: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The name as written.
    public let text: String

    /// A token with this text.
    ///
    /// - Throws: a ``Refusal`` naming what was found when the text is not a token.
    public init(_ text: String) throws(Refusal) {
        guard Self.isValid(text) else {
            throw Refusal(.name, "a token must match [a-z0-9][a-z0-9_-]{0,62}", found: "'\(text.excerpt)'")
        }
        self.text = text
    }

    init(trusted text: String) { self.text = text }

    /// Returns whether a text is a token.
    public static func isValid(_ text: String) -> Bool { isValid(text[...]) }

    static func isValid(_ text: Substring) -> Bool {
        let bytes = text.utf8
        return bytes.first.map(isTokenStart) == true && bytes.count <= Wire.maximumToken
            && bytes.allSatisfy(isTokenByte)
    }

    /// A unique name.
    public static func unique() -> Token { Token(trusted: MessageID.v7().text) }

    /// The name as written.
    public var description: String { text }

    /// Order by text.
    public static func < (a: Token, b: Token) -> Bool { a.text < b.text }
}

/// A semantic region: dot-separated tokens, at most 128 bytes, such as `obstacle.front` (protocol.md, WaveSignal).
public struct Region: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The region as written.
    public let text: String

    /// A region with this text.
    ///
    /// - Throws: a ``Refusal`` naming what was found when the text is not a region.
    public init(_ text: String) throws(Refusal) {
        guard text.utf8.count <= Wire.maximumRegion else {
            throw Refusal(.name, "a region must be at most \(Wire.maximumRegion) bytes", found: "'\(text.excerpt)'")
        }
        let tokens = text.split(separator: ".", omittingEmptySubsequences: false)
        guard tokens.allSatisfy(Token.isValid) else {
            throw Refusal(.name, "a region must be dot-separated tokens", found: "'\(text.excerpt)'")
        }
        self.text = text
    }

    init(trusted text: String) { self.text = text }

    /// Its first token.
    package var domain: Token { Token(trusted: String(text.prefix { $0 != "." })) }

    /// The region that a domain names.
    public init(_ domain: Token) { self.text = domain.text }

    /// The region as written.
    public var description: String { text }

    /// Order by text.
    public static func < (a: Region, b: Region) -> Bool { a.text < b.text }
}

/// The name of a gate as it stands in a subject: one token.
///
/// A region without dots is its gate's name; a region with dots is too, each dot written `--` (`obstacle.front` is guarded by
/// `obstacle--front`). A region that holds `--` itself, ends a token in `-`, ends in `-cell` or `-nerve` as the gates of cells and nerves
/// do, or is too long takes its beginning, `---` and eight hexadecimal digits of its digest instead, so that two regions never share a
/// gate, nor a region and a cell.
public struct GateID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The token.
    public let token: Token

    /// The gate of a region.
    public init(region: Region) {
        var (hasDot, isPlain, wasDash) = (false, true, false)
        for byte in region.text.utf8 {
            let isDash = byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            if byte == UInt8(ascii: ".") { hasDot = true }
            if isDash, wasDash { isPlain = false }
            wasDash = isDash
        }
        let flat = hasDot ? region.text.split(separator: ".").joined(separator: "--") : region.text
        let isOwned = Owner.allCases.contains { flat.hasSuffix("-\($0.rawValue)") }
        if isPlain, !isOwned, flat.utf8.count <= Wire.maximumToken {
            token = Token(trusted: flat)
            return
        }
        let hash = SHA1.hash(Array(region.text.utf8)).0
        let digest = (0..<4).map { hexadecimal(UInt8(truncatingIfNeeded: hash >> UInt32(24 - $0 * 8))) }.joined()
        token = Token(trusted: "\(flat.prefix(50))---\(digest)")
    }

    /// A gate by its name.
    public init(_ text: String) throws(Refusal) { token = try Token(text) }

    /// A gate that carries the name of its owner.
    public init(_ token: Token) { self.token = token }

    /// The token's text.
    public var text: String { token.text }
    /// The token's text.
    public var description: String { token.text }
    /// Order by text.
    public static func < (a: GateID, b: GateID) -> Bool { a.token < b.token }
}

@inline(always)
func isTokenStart(_ byte: UInt8) -> Bool { (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) }

@inline(always)
func isTokenByte(_ byte: UInt8) -> Bool { isTokenStart(byte) || byte == 0x5f || byte == 0x2d }

extension String {
    /// The first 80 characters, for an error message.
    var excerpt: String { count <= 80 ? self : "\(prefix(80))…" }
}

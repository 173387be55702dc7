/// Kind of an artifact's contents: `image/png`, `audio/wav` (RFC 9110, section 8.3.1), in lower case and without parameters
/// (spec/artifacts.md, Names).
public struct MediaType: Hashable, Sendable, CustomStringConvertible {
    /// The longest, in bytes.
    public static let longest = 127
    /// Bytes of which nothing is known.
    public static let binary = MediaType(trusted: "application/octet-stream")

    /// The type as it travels.
    public let text: String

    private init(trusted text: String) { self.text = text }

    /// A media type by its text.
    ///
    /// - Throws: a ``Refusal`` when the text is not two names of lower-case letters, digits and `!#$&^_.+-` with a slash between them.
    public init(_ text: String) throws(Refusal) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.longest, parts.count == 2, parts.allSatisfy(Self.isName) else {
            throw Refusal(
                .value, "a media type must be two names with a slash between them, such as image/png, in lower case",
                found: "'\(text.excerpt)'")
        }
        self.text = text
    }

    private static func isName(_ name: Substring.UTF8View) -> Bool {
        guard let first = name.first, isNameByte(first, isFirst: true) else { return false }
        return name.allSatisfy { isNameByte($0, isFirst: false) }
    }

    /// Returns whether a byte may stand in one of its two names.
    static func isNameByte(_ byte: UInt8, isFirst: Bool) -> Bool {
        switch byte {
        case 0x30...0x39, 0x61...0x7a: return true
        // ! # $ & + - . ^ _
        case 0x21, 0x23, 0x24, 0x26, 0x2b, 0x2d, 0x2e, 0x5e, 0x5f: return !isFirst
        default: return false
        }
    }

    /// Indicates whether it is a picture.
    public var isImage: Bool { text.hasPrefix("image/") }

    /// The ending of the name of a file with such bytes; `bin` where it is not one of the usual ones.
    public var fileExtension: String { Self.extensions.first { $0.type == text }?.ending ?? "bin" }

    /// The type that a file's name promises; nil for an ending that is not one of the usual ones.
    public init?(fileName: String) {
        guard let dot = fileName.lastIndex(of: ".") else { return nil }
        let ending = fileName[fileName.index(after: dot)...].lowercased()
        guard let found = Self.extensions.first(where: { $0.ending == ending || $0.other == ending }) else {
            return nil
        }
        text = found.type
    }

    /// The type that the first bytes show: pictures, sounds and documents that begin with a signature; nil for others.
    public init?(beginning bytes: [UInt8]) {
        let begins = { (signature: [UInt8], place: Int) in
            bytes.count >= place + signature.count && bytes[place..<place + signature.count].elementsEqual(signature)
        }
        switch true {
        case begins([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], 0): text = "image/png"
        case begins([0xff, 0xd8, 0xff], 0): text = "image/jpeg"
        case begins(Array("GIF87a".utf8), 0), begins(Array("GIF89a".utf8), 0): text = "image/gif"
        case begins(Array("RIFF".utf8), 0) && begins(Array("WEBP".utf8), 8): text = "image/webp"
        case begins(Array("RIFF".utf8), 0) && begins(Array("WAVE".utf8), 8): text = "audio/wav"
        case begins(Array("OggS".utf8), 0): text = "audio/ogg"
        case begins(Array("fLaC".utf8), 0): text = "audio/flac"
        case begins(Array("%PDF-".utf8), 0): text = "application/pdf"
        default: return nil
        }
    }

    private static let extensions: [(ending: String, other: String, type: String)] = [
        ("png", "png", "image/png"), ("jpg", "jpeg", "image/jpeg"), ("gif", "gif", "image/gif"),
        ("webp", "webp", "image/webp"), ("wav", "wav", "audio/wav"), ("ogg", "oga", "audio/ogg"),
        ("flac", "flac", "audio/flac"), ("mp3", "mp3", "audio/mpeg"), ("mp4", "m4v", "video/mp4"),
        ("csv", "csv", "text/csv"), ("txt", "log", "text/plain"), ("json", "json", "application/json"),
        ("pdf", "pdf", "application/pdf"),
    ]

    /// The type as it travels.
    public var description: String { text }
}

/// The header that data files of meanings share, and their sections (spec/iris.md, Embeddings).
///
/// Every number that is read later is checked here or bounded where it is used, so that no file leads out of its bytes.
struct DataFile: Sendable {
    /// The file's bytes.
    let file: ReadOnlyFile
    /// The digest of all after the header.
    let digest: UInt64
    /// The eight numbers of the header.
    let counts: [Int]
    /// The name in the header.
    let name: String
    private let path: String
    private var next = Self.headerSize

    /// Eight hexadecimal digits of the digest.
    var shortDigest: String {
        let digits = String(UInt32(truncatingIfNeeded: digest), radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    static let headerSize = 128
    static let version: UInt32 = 1

    /// Checks magic, version, size and digest.
    ///
    /// - Throws: ``DataFileError`` naming the field.
    init(_ file: ReadOnlyFile, path: String, magic: StaticString) throws(DataFileError) {
        (self.file, self.path) = (file, path)
        let bytes = file.bytes
        guard bytes.count >= Self.headerSize, bytes.count % 8 == 0 else {
            let expected = "\(Self.headerSize) or more, a multiple of 8"
            throw DataFileError(path, .field("size", found: "\(bytes.count)", expected: expected))
        }
        let expected = magic.withUTF8Buffer { Array($0) }
        guard bytes.prefix(8).elementsEqual(expected) else {
            let found = String(decoding: bytes.prefix(8).map { (0x21...0x7e).contains($0) ? $0 : 0x3f }, as: UTF8.self)
            throw DataFileError(path, .field("magic", found: "'\(found)'", expected: "'\(magic)'"))
        }
        func check(_ name: String, _ found: UInt64, _ expected: UInt64) throws(DataFileError) {
            if found != expected {
                throw DataFileError(path, .field(name, found: "\(found)", expected: "\(expected)"))
            }
        }
        try check("version", UInt64(bytes.number(at: 8)), UInt64(Self.version))
        try check("size of the header", UInt64(bytes.number(at: 12)), UInt64(Self.headerSize))
        try check("size", bytes.long(at: 16), UInt64(bytes.count))
        digest = bytes.long(at: 24)
        let found = Self.digest(bytes)
        guard found == digest else {
            let text = (String(found, radix: 16), String(digest, radix: 16))
            throw DataFileError(path, .field("digest", found: text.0, expected: text.1))
        }
        counts = (0..<8).map { Int(bytes.number(at: 32 + $0 * 4)) }
        let length = Int(bytes.number(at: 64))
        guard length <= Self.headerSize - 68 else {
            throw DataFileError(path, .field("length of the name", found: "\(length)", expected: "at most 60"))
        }
        name = String(decoding: bytes[68..<68 + length], as: UTF8.self)
    }

    /// Takes the next section.
    ///
    /// - Throws: ``DataFileError`` when the file has fewer bytes.
    mutating func section(_ name: String, _ size: Int) throws(DataFileError) -> UnsafeRawBufferPointer {
        guard size <= file.bytes.count - next else {
            let found = "\(file.bytes.count - next) bytes"
            throw DataFileError(path, .field(name, found: found, expected: "\(size) bytes"))
        }
        let section = UnsafeRawBufferPointer(rebasing: file.bytes[next..<next + size])
        next = min(next + (size + 7) / 8 * 8, file.bytes.count)
        return section
    }

    /// Checks a number of the header.
    ///
    /// - Throws: ``DataFileError`` when it is out of bounds.
    func count(_ place: Int, _ name: String, in range: ClosedRange<Int>) throws(DataFileError) -> Int {
        guard range.contains(counts[place]) else {
            let expected = "\(range.lowerBound) to \(range.upperBound)"
            throw DataFileError(path, .field(name, found: "\(counts[place])", expected: expected))
        }
        return counts[place]
    }

    /// FNV-1a over the 64-bit words after the header.
    private static func digest(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325
        var place = headerSize
        while place < bytes.count {
            value = (value ^ bytes.long(at: place)) &* 0x100_0000_01b3
            value ^= value >> 29
            place += 8
        }
        return value
    }
}

extension UnsafeRawBufferPointer {
    /// The number at an offset in bytes.
    @inline(__always)
    func number(at offset: Int) -> UInt32 {
        UInt32(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// The number of 16 bits at an offset in bytes.
    @inline(__always)
    func short(at offset: Int) -> UInt16 {
        UInt16(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// The number of 64 bits at an offset in bytes.
    @inline(__always)
    func long(at offset: Int) -> UInt64 { UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
}

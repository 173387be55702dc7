import Glibc
import NimmerPlatform

/// The table of meanings in the process: a vector for each piece of a vocabulary, and a name's is the mean of its pieces (spec/iris.md, Embeddings).
///
/// Needs no server and no network. Names of the same text have the same vector in every process that has the same file.
public final class EmbeddingTable: Embedder {
    public let model: EmbeddingModel
    private let wordPiece: WordPiece
    private nonisolated(unsafe) let scales: UnsafeRawBufferPointer
    private nonisolated(unsafe) let rows: UnsafeRawBufferPointer
    private let file: ReadOnlyFile

    /// The name of the data file.
    public static let fileName = "minilm.table"
    /// Bytes of a data file at most.
    static let limit = 64 << 20

    /// Reads and checks a data file.
    ///
    /// - Throws: ``DataFileError`` naming what was found and expected.
    public convenience init(path: String) throws(DataFileError) {
        try self.init(ReadOnlyFile(path: path, limit: Self.limit), path: path)
    }

    /// A table of bytes, for tests.
    package convenience init(bytes: [UInt8], name: String) throws(DataFileError) {
        try self.init(ReadOnlyFile(copying: bytes, name: name), path: name)
    }

    private init(_ file: ReadOnlyFile, path: String) throws(DataFileError) {
        var data = try DataFile(file, path: path, magic: "NIMIRIS1")
        let dimensions = try data.count(0, "dimensions", in: 1...4096)
        let pieces = try data.count(1, "pieces", in: 1...65_000)
        let slots = try data.count(2, "slots", in: pieces + 1...1 << 20)
        let size = try data.count(3, "bytes of pieces", in: 1...1 << 24)
        let classes = try data.count(4, "classes", in: 1...1 << 20)
        let folds = try data.count(5, "folds", in: 0...1 << 20)
        let folded = try data.count(6, "folded characters", in: 0...1 << 22)
        let longest = try data.count(7, "longest piece", in: 1...WordPiece.longestWord)
        scales = try data.section("scales", pieces * 4)
        let offsets = try data.section("offsets of pieces", (pieces + 1) * 4)
        let slotBytes = try data.section("slots", slots * 2)
        let classBytes = try data.section("classes", classes * 4)
        let foldBytes = try data.section("folds", (folds + 1) * 8)
        let into = try data.section("folded characters", folded * 4)
        let text = try data.section("pieces", size)
        rows = try data.section("rows", pieces * dimensions)
        wordPiece = WordPiece(
            count: pieces, longest: longest, offsets: offsets, slots: slotBytes, classes: classBytes, folds: foldBytes,
            into: into, text: text)
        let name = data.name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }
        guard name == data.name, !name.isEmpty else {
            throw DataFileError(path, .field("name", found: "'\(name)'", expected: "letters, digits, - and ."))
        }
        model = EmbeddingModel(name: "table/\(name)@\(data.shortDigest)", dimensions: dimensions)
        self.file = file
    }

    /// The vector of a name, of which the first 256 bytes count; nil when the table knows no part of it.
    public func embedding(of name: String) -> Embedding? { embedding(name, limit: RegionText.bound) }

    /// The vector of a text, of which the first 8192 bytes count; nil when the table knows no part of it.
    ///
    /// A name of up to 256 bytes has the same vector as by ``embedding(of:)``.
    public func embedding(ofText text: String) -> Embedding? { embedding(text, limit: RegionText.longBound) }

    /// The vectors of texts, at most 8192 bytes of each.
    ///
    /// - Throws: ``EmbeddingError/unknownText`` when it knows no part of one, ``EmbeddingError/timedOut`` after the deadline.
    public func embed(
        _ texts: [String], deadline: ContinuousClock.Instant
    ) async throws(EmbeddingError) -> [Embedding] {
        var found: [Embedding] = []
        found.reserveCapacity(texts.count)
        for text in texts {
            if ContinuousClock.now >= deadline { throw .timedOut }
            guard let embedding = embedding(ofText: text) else { throw .unknownText }
            found.append(embedding)
        }
        return found
    }

    /// The pieces of a name that the table knows.
    package func pieces(of name: String) -> [String] {
        var found: [String] = []
        wordPiece.pieces(RegionText.bytes(name, limit: RegionText.bound)) { found.append(wordPiece.piece($0)) }
        return found
    }

    private func embedding(_ text: String, limit: Int) -> Embedding? {
        guard let sum = sum(of: RegionText.bytes(text, limit: limit)) else { return nil }
        return try? Embedding(normalizing: sum)
    }

    /// The sum of the rows of a text's pieces; nil when there are no pieces.
    func sum(of text: [UInt8]) -> [Float]? {
        let dimensions = model.dimensions
        var sum = [Float](repeating: 0, count: dimensions)
        var count = 0
        sum.withUnsafeMutableBufferPointer { sum in
            wordPiece.pieces(text) { row in
                count += 1
                let scale = Float(bitPattern: scales.number(at: row * 4))
                let start = row * dimensions
                for place in 0..<dimensions {
                    sum[place] += scale * Float(Int8(bitPattern: rows[start + place]))
                }
            }
        }
        return count > 0 ? sum : nil
    }
}

extension EmbeddingTable {
    /// The data file of a process; nil when nothing is there (spec/iris.md, Embeddings).
    ///
    /// In this order: the path that `NIMMERVERSE_IRIS_TABLE` names, whether or not it exists, so that a wrong one is reported; beside the
    /// executable; in `share/nimmerverse` beside the executable's folder; in `deploy/iris` of the checkout that the executable was built in.
    public static func locate(executable: String, environment: [String: String]) -> String? {
        if let named = environment["NIMMERVERSE_IRIS_TABLE"], !named.isEmpty { return named }
        guard let program = SmallFile.absolute(executable), var folder = parent(program) else { return nil }
        let prefix = parent(folder) ?? ""
        let places = ["\(folder)/\(fileName)", "\(prefix)/share/nimmerverse/\(fileName)"]
        if let found = places.first(where: SmallFile.exists) { return found }
        for _ in 0..<8 {
            guard let above = parent(folder) else { return nil }
            folder = above
            let found = "\(folder)/deploy/iris/\(fileName)"
            // Of a checkout alone, or a folder that another user can write to would be read.
            if SmallFile.exists("\(folder)/Package.swift"), SmallFile.exists(found) { return found }
        }
        return nil
    }

    private static func parent(_ path: String) -> String? {
        guard let slash = path.lastIndex(of: "/"), path.count > 1 else { return nil }
        return slash == path.startIndex ? "" : String(path[..<slash])
    }
}

/// Relation of two names by their words.
public enum NameRelation: Sendable, Hashable {
    /// Each word of one is a word of the other, or means the same as one: `kitchen.temp` and `kitchen.temperature`.
    case linked
    /// No word decides; their vectors may.
    case open
    /// They name other things of one kind, other numbers, or share words and differ in what is left: `pump.1` and `pump.2`, `kitchen` and
    /// `garage`, `tank.level` and `tank.leak`.
    case apart
}

/// Words that mean the same, and words for other things of one kind, out of WordNet and a list written by hand (spec/iris.md, Embeddings;
/// decision 0036).
///
/// Vectors alone cannot distinguish what is the same from what is only related: a door is near a window. Symmetric, and not transitive.
public final class NameLinks: Sendable {
    /// The cosine that the words need which two names do not share, where they share others.
    public static let restJoin = 0.40

    private let file: ReadOnlyFile
    private let table: EmbeddingTable?
    private let count: Int
    private nonisolated(unsafe) let keys: UnsafeRawBufferPointer
    private nonisolated(unsafe) let starts: UnsafeRawBufferPointer
    private nonisolated(unsafe) let groups: UnsafeRawBufferPointer
    /// Digest of the file, eight hexadecimal digits: what decides, besides the model, which names join.
    public let digest: String

    /// The name of the data file, which is beside that of the table.
    public static let fileName = "names.links"
    /// Bytes of a data file at most.
    static let limit = 16 << 20
    /// The group of words that name no thing: `sensor`, `value`.
    private static let generic = UInt32.max

    /// Reads and checks a data file.
    ///
    /// - Parameter table: compares the words that names do not share; without it they are left open.
    /// - Throws: ``DataFileError`` naming what was found and expected.
    public convenience init(path: String, table: EmbeddingTable? = nil) throws(DataFileError) {
        try self.init(ReadOnlyFile(path: path, limit: Self.limit), path: path, table: table)
    }

    /// Reads the file beside a table's.
    ///
    /// - Parameter table: compares the words that names do not share; without it they are left open.
    /// - Throws: ``DataFileError`` naming what was found and expected.
    public convenience init(besideTable path: String, table: EmbeddingTable? = nil) throws(DataFileError) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        try self.init(path: folder + Self.fileName, table: table)
    }

    /// Links of bytes, for tests.
    package convenience init(bytes: [UInt8], name: String) throws(DataFileError) {
        try self.init(ReadOnlyFile(copying: bytes, name: name), path: name, table: nil)
    }

    private init(_ file: ReadOnlyFile, path: String, table: EmbeddingTable?) throws(DataFileError) {
        self.table = table
        var data = try DataFile(file, path: path, magic: "NIMLINK1")
        count = try data.count(0, "names", in: 1...1 << 20)
        let entries = try data.count(1, "groups of names", in: 1...1 << 22)
        keys = try data.section("names", count * 8)
        starts = try data.section("starts of groups", (count + 1) * 4)
        groups = try data.section("groups of names", entries * 4)
        digest = data.shortDigest
        self.file = file
    }

    /// A name's words with the groups that they are in, for many comparisons.
    public func prepared(_ name: String) -> PreparedName {
        let words = words(name)
        let plain = words.indices.filter { !words[$0].isGeneric }
        // Words that name no thing count only where there is no other.
        let counted = (plain.isEmpty ? Array(words.indices) : plain).reduce(UInt16(0)) { $0 | 1 << UInt16($1) }
        return PreparedName(
            units: units(words), counted: counted, numbers: Self.numbers(words),
            sums: table.map { table in words.map { table.sum(of: $0.bytes) } } ?? [])
    }

    /// The relation of two names, of which the first 256 bytes and the first 12 words count.
    public func relation(_ first: String, _ second: String) -> NameRelation {
        relation(prepared(first), prepared(second))
    }

    /// The relation of two names that these links prepared.
    public func relation(_ first: PreparedName, _ second: PreparedName) -> NameRelation {
        guard !first.units.isEmpty, !second.units.isEmpty else { return .open }
        if first.numbers != second.numbers { return .apart }
        var (inFirst, inSecond): (UInt16, UInt16) = (0, 0)
        for unit in first.units {
            for other in second.units where unit.key == other.key || Self.shares(unit.same, other.same) {
                inFirst |= unit.places
                inSecond |= other.places
            }
        }
        if first.counted & ~inFirst == 0, second.counted & ~inSecond == 0 { return .linked }
        for unit in first.units where unit.places & ~inFirst != 0 {
            for other in second.units where other.places & ~inSecond != 0 {
                if Self.shares(unit.apart, other.apart) { return .apart }
            }
        }
        let shared = (first.counted & inFirst, second.counted & inSecond)
        guard shared.0 != 0, shared.1 != 0 else { return .open }
        let rests = (first.sum(first.counted & ~inFirst), second.sum(second.counted & ~inSecond))
        guard let rest = rests.0, let other = rests.1 else { return .open }
        return rest.cosine(other) < Self.restJoin ? .apart : .open
    }

    /// Returns whether two names mean the same by their words.
    public func isLinked(_ first: String, _ second: String) -> Bool { relation(first, second) == .linked }

    // MARK: - Words

    /// A word of a name, in lower case.
    private struct NameWord {
        let bytes: [UInt8]
        let key: UInt64
        let isGeneric: Bool
    }

    private static let longest = 12

    private func words(_ name: String) -> [NameWord] {
        RegionText.bytes(name, limit: RegionText.bound).split(separator: 0x20).prefix(Self.longest).map { part in
            let bytes = part.map { $0 >= 0x41 && $0 <= 0x5a ? $0 + 0x20 : $0 }
            let key = Self.key(bytes)
            return NameWord(bytes: bytes, key: key, isGeneric: groups(of: key).contains(Self.generic))
        }
    }

    private func units(_ words: [NameWord]) -> [PreparedName.Unit] {
        var units = words.indices.map { place in
            let word = words[place]
            var (found, key) = (groups(of: word.key), word.key)
            // A plural without groups of its own has those of the word without its ending.
            for singular in Self.singulars(word.bytes) where found.isEmpty {
                key = Self.key(singular)
                found = groups(of: key)
            }
            return Self.unit(found.isEmpty ? word.key : key, places: 1 << UInt16(place), found)
        }
        for place in words.indices.dropLast() {
            let key = Self.key(words[place].bytes + words[place + 1].bytes)
            units.append(Self.unit(key, places: 3 << UInt16(place), groups(of: key)))
        }
        return units
    }

    private static func unit(_ key: UInt64, places: UInt16, _ groups: [UInt32]) -> PreparedName.Unit {
        let groups = groups.filter { $0 != generic }
        return PreparedName.Unit(
            key: key, places: places, same: groups.filter { $0 & 1 == 0 }, apart: groups.filter { $0 & 1 == 1 })
    }

    private static func singulars(_ word: [UInt8]) -> [[UInt8]] {
        guard word.count > 3, word.last == UInt8(ascii: "s") else { return [] }
        var found = [Array(word.dropLast())]
        if word.suffix(3).elementsEqual("ies".utf8) { found.append(word.dropLast(3) + [UInt8(ascii: "y")]) }
        if word.suffix(2).elementsEqual("es".utf8) { found.append(Array(word.dropLast(2))) }
        return found
    }

    /// The numbers in the words of a name, in their order: digits at the end of a word, or a word of digits; `co2` is no number.
    private static func numbers(_ words: [NameWord]) -> [[UInt8]] {
        words.compactMap { word in
            let digits = word.bytes.reversed().prefix { $0 >= 0x30 && $0 <= 0x39 }
            let letters = word.bytes.count - digits.count
            guard !digits.isEmpty, letters == 0 || letters > 2 else { return nil }
            let number = Array(digits.reversed().drop { $0 == 0x30 })
            return number.isEmpty ? [0x30] : number
        }
    }

    // MARK: - Groups

    private static func shares(_ first: [UInt32], _ second: [UInt32]) -> Bool {
        !first.isEmpty && !second.isEmpty && first.contains { second.contains($0) }
    }

    private static func key(_ bytes: [UInt8]) -> UInt64 {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return value
    }

    /// The groups of a key, at most 64.
    private func groups(of key: UInt64) -> [UInt32] {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if keys.long(at: middle * 8) < key { low = middle + 1 } else { high = middle }
        }
        guard low < count, keys.long(at: low * 8) == key else { return [] }
        let (start, end) = (Int(starts.number(at: low * 4)), Int(starts.number(at: low * 4 + 4)))
        guard start < end, end <= groups.count / 4 else { return [] }
        return (start..<min(end, start + 64)).map { groups.number(at: $0 * 4) }
    }
}

/// A name as ``NameLinks`` compares it.
public struct PreparedName: Sendable {
    /// A word, or two that follow each other, with the groups that it is in.
    struct Unit: Sendable {
        let key: UInt64
        /// Its words' places, a bit each.
        let places: UInt16
        let same: [UInt32]
        let apart: [UInt32]
    }

    let units: [Unit]
    /// The words that count, a bit each.
    let counted: UInt16
    let numbers: [[UInt8]]
    /// The sum of each word's rows in a table; empty without a table.
    let sums: [[Float]?]

    /// The vector of the words at these places; nil where the table knows none of them.
    func sum(_ places: UInt16) -> Embedding? {
        var sum: [Float] = []
        for place in sums.indices where places & 1 << UInt16(place) != 0 {
            guard let values = sums[place] else { continue }
            if sum.isEmpty { sum = values } else { for index in sum.indices { sum[index] += values[index] } }
        }
        return try? Embedding(normalizing: sum)
    }
}

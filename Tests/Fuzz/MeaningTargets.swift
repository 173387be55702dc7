import NimmerIris

/// A small table and links, with a right digest over any contents, since no generated input would have one.
///
/// The first byte chooses: a name for the repository's own files where they are, or a file of these bytes.
func meaning(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let rest = Array(bytes.dropFirst())
    if first & 1 == 0 {
        names(rest)
    } else {
        files(rest, isTable: first & 2 == 0)
    }
}

private let table = try? EmbeddingTable(path: "deploy/iris/minilm.table")
private let links = try? NameLinks(path: "deploy/iris/names.links", table: table)

/// A name has a vector of length 1 or none, its text is read the same again, and relations are symmetric.
private func names(_ bytes: [UInt8]) {
    guard let table, let links else { return hold(false, "deploy/iris has no data files, or the folder is another") }
    let parts = bytes.split(separator: 0x0a, maxSplits: 1, omittingEmptySubsequences: false)
    let first = String(decoding: parts[0], as: UTF8.self)
    let second = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : "kitchen.temperature"
    let pieces = table.pieces(of: first)
    let embedding = table.embedding(of: first)
    hold(pieces.isEmpty == (embedding == nil), "pieces without a vector: \(pieces)")
    if let embedding {
        let length = embedding.values.reduce(0) { $0 + Double($1) * Double($1) }
        hold(abs(length - 1) < 1e-4, "a length of \(length)")
        if first.utf8.count <= 256 { hold(table.embedding(ofText: first) == embedding, "another as a text") }
        if let other = table.embedding(of: second) {
            let cosine = embedding.cosine(other)
            hold(cosine == other.cosine(embedding) && abs(cosine) <= 1, "a cosine of \(cosine)")
        }
    }
    hold(links.relation(first, second) == links.relation(second, first), "not symmetric")
    hold(links.relation(first, first) != .apart, "apart from itself")
}

/// A file is read or refused with its name, and a file of any contents leads nowhere.
private func files(_ bytes: [UInt8], isTable: Bool) {
    var file = Array((isTable ? "NIMIRIS1" : "NIMLINK1").utf8) + [1, 0, 0, 0, 128, 0, 0, 0]
    let padded = (max(bytes.count, 96) + 15) / 8 * 8
    let body = bytes + [UInt8](repeating: 0, count: padded - bytes.count)
    let size = 32 + body.count
    file += (0..<8).map { UInt8(truncatingIfNeeded: size >> ($0 * 8)) }
    file += [UInt8](repeating: 0, count: 8) + body
    var value: UInt64 = 0xcbf2_9ce4_8422_2325
    for place in stride(from: 128, to: file.count, by: 8) {
        let word = (0..<8).reduce(UInt64(0)) { $0 | UInt64(file[place + $1]) << UInt64($1 * 8) }
        value = (value ^ word) &* 0x100_0000_01b3
        value ^= value >> 29
    }
    for offset in 0..<8 { file[24 + offset] = UInt8(truncatingIfNeeded: value >> UInt64(offset * 8)) }
    do throws(DataFileError) {
        if isTable {
            let table = try EmbeddingTable(bytes: file, name: "fuzz")
            for name in ["a", "math.door", "é온도豈"] {
                let values = table.embedding(of: name)?.values ?? []
                hold(!values.contains { !$0.isFinite }, "not finite")
            }
        } else {
            let links = try NameLinks(bytes: file, name: "fuzz")
            hold(links.relation("a.b", "c") == links.relation("c", "a.b"), "not symmetric")
        }
    } catch { hold(error.description.hasPrefix("fuzz: "), "no place: \(error)") }
}

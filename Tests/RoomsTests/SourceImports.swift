/// The imports of a Swift source.
struct SourceImports {
    /// One import: a module, or of it one declaration (`import func Glibc.pow`).
    struct Import: Hashable {
        let module: String
        var declaration: String?
    }

    private static let kinds: Set<Substring> = [
        "struct", "class", "enum", "protocol", "typealias", "func", "var", "let",
    ]
    private static let modifiers: Set<Substring> = ["public", "package", "internal", "private", "fileprivate"]

    let all: [Import]

    /// Reads them; what stands in a text over several lines is no import of this source.
    init(_ source: String) {
        var imports: [Import] = []
        var isInText = false
        // Bytes, since a debug build looks through sixty thousand lines.
        for line in Array(source.utf8).split(separator: UInt8(ascii: "\n")) {
            let quotes = Self.quotes(in: line)
            if quotes % 2 == 1 { isInText.toggle() }
            guard !isInText, quotes == 0, Self.mayImport(line),
                let found = Self.parse(String(decoding: line, as: UTF8.self))
            else { continue }
            imports.append(found)
        }
        all = imports
    }

    /// How often a text over several lines begins or ends.
    private static func quotes(in line: ArraySlice<UInt8>) -> Int {
        var (count, run) = (0, 0)
        for byte in line {
            run = byte == UInt8(ascii: "\"") ? run + 1 : 0
            if run == 3 { (count, run) = (count + 1, 0) }
        }
        return count
    }

    /// Returns whether the line begins as an import may.
    private static func mayImport(_ line: ArraySlice<UInt8>) -> Bool {
        guard let first = line.first(where: { $0 != UInt8(ascii: " ") }) else { return false }
        return "@ipf".utf8.contains(first)
    }

    private static func parse(_ line: String) -> Import? {
        var words = line.split(separator: " ")[...]
        while let word = words.first, word.hasPrefix("@") || modifiers.contains(word) { words.removeFirst() }
        guard words.popFirst() == "import", let next = words.popFirst() else { return nil }
        let name = kinds.contains(next) ? words.first : next
        guard let parts = name?.split(separator: "."), let module = parts.first else { return nil }
        return Import(module: String(module), declaration: parts.count > 1 ? String(parts[1]) : nil)
    }
}

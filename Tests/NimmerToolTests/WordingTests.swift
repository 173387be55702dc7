import Foundation
import Testing

/// The wording of the repository: plain terms, summaries that begin with a noun or a verb, and names that exist once.
@Suite("Wording")
struct WordingTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Words and phrases that were dropped, as regular expressions, with the term that is used instead.
    private static let dropped: [(pattern: String, instead: String)] = [
        (#"\blest\b"#, "so that … not"), (#"\banew\b"#, "again"), (#"\b[Ww]hoever\b"#, "a noun"),
        (#"\b(is|are) none\b"#, "is not one, is absent"), (#"\b(from|of) its parts\b"#, "Creates a …"),
        (#"\b[Pp]atience\b"#, "timeout"), (#"\bsay[s]? it and leaves\b"#, "logs it and exits"),
        (#"\bstrangers?\b"#, "unknown, another user"),
        (#"\bthe house\b"#, "the system"), (#"\baloud\b"#, "logs"), (#"\bamiss\b"#, "out of bounds"),
        (#"\b(Desk|[A-Z]\w+Desk)\b"#, "state"), (#"\b\w*Purse\b"#, "budget"), (#"\b[Ee]states?\b"#, "handover state"),
        (#"\b[Pp]ledge\b"#, "promise"), (#"\bValve\b"#, "flow control"), (#"\b[Dd]oorbell\b"#, "wake-up signal"),
        (#"\bDrill\b"#, "fail point"), (#"\bWheels\b"#, "controller"), (#"\bstruct Life\b"#, "body"),
        (#"\bSolitude\b"#, "exclusive access"),
        (#"\b\w*Sieve\b"#, "filter, rate limiter"), (#"\bHouse[A-Z]\w+"#, "System…"), (#"\bgive\(up:"#, "cancel"),
        (#"\bstoreIs\(away:"#, "a verb"),
        (#"\b([Nn]o|[Ss]ome|[Aa]ny|[Ee]very)body\b"#, "a noun: no client, another user, every process"),
        (#"\b(says?|said|saying)\b"#, "publishes, logs, prints, replies, names, states"),
        (#"\b(tells?|told)\b"#, "reports, notifies, informs, distinguishes"),
        (#"\bmend(s|ed)\b"#, "fixes, the remedy"), (#"\bfor ever\b"#, "forever, without a limit"),
        (#"\b[Oo]ne's own\b"#, "its own"), (#"\bin hand\b"#, "in progress"), (#"\bwants\b"#, "needs, requires"),
        (#"\bgo(es)? on\b"#, "continues, keeps"), (#"\blooks? after\b"#, "manages"), (#"\bshall\b"#, "must, is to"),
        (#"\bof late\b"#, "recently"), (#"\bwant of\b"#, "lack of"), (#"\b[Mm]akes? sure\b"#, "ensures, checks"),
        (#"^\s*/// (Facts about|Fate of|Handling of)\b"#, "what it is"),
    ]

    /// Texts that may stay: names on the wire, and the words that a model reads.
    private static let kept = [
        "there is none", "there are none", "\"told", "What was said or sensed", "if you cannot tell",
    ]

    private static func files(_ folders: [String], _ endings: Set<String>) -> [String] {
        folders.flatMap { folder in
            let base = root.appending(path: folder)
            if (try? base.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory != true { return [folder] }
            let names = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
            return names.filter {
                endings.contains(($0 as NSString).pathExtension)
                    && !$0.split(separator: "/").contains { $0.hasPrefix(".build") }
            }.map { "\(folder)/\($0)" }
        }.sorted()
    }

    private static func lines(_ path: String) throws -> [String] {
        try String(contentsOf: root.appending(path: path), encoding: .utf8).components(separatedBy: "\n")
    }

    @Test("the glossary holds at most forty words, each in a line or two")
    func glossary() throws {
        let lines = try Self.lines("docs/glossary.md")
        let words = lines.indices.filter { lines[$0].hasPrefix("- **") }
        #expect((20...40).contains(words.count))
        for (index, start) in words.enumerated() {
            let end = index + 1 < words.count ? words[index + 1] : lines.count
            #expect(lines[start..<end].count { !$0.isEmpty } <= 2, "\(lines[start])")
        }
        let names = words.map { lines[$0] }
        #expect(names == names.sorted { $0.lowercased() < $1.lowercased() })
    }

    @Test("words that were dropped occur nowhere")
    func droppedWords() throws {
        let dropped = try Self.dropped.map { (try Regex($0.pattern), $0) }
        var found: [String] = []
        for path in Self.files(
            [
                "Sources", "cells", "nerves", "docs", "deploy", "Tests/Browser", "README.md", "CONTRIBUTING.md",
                "CHANGELOG.md",
            ],
            ["swift", "md", "c", "h", "js", "css", "html", "py"])
        {
            // Decisions are records of their time.
            if path.firstMatch(of: #/docs/decisions/00(0|1|2[0-4])/#) != nil || path.hasSuffix("glossary.md") {
                continue
            }
            let isChangelog = path == "CHANGELOG.md"
            for (index, line) in try Self.lines(path).enumerated() {
                // The changelog names what was renamed, as code.
                let text = isChangelog ? line.replacing(#/`[^`]*`/#, with: "") : line
                let line = Self.kept.reduce(text) { $0.replacing($1, with: "") }
                for (expression, item) in dropped where line.firstMatch(of: expression) != nil {
                    found.append("\(path):\(index + 1): \(item.pattern) (use: \(item.instead)): \(line)")
                }
            }
        }
        #expect(found.isEmpty, "\(found.count):\n\(found.joined(separator: "\n"))")
    }

    @Test("summaries begin with a noun or a verb")
    func summaries() throws {
        let question = #/^\s*\/\/\/ (What|Who|Whose|Whether|How|When|Where|Why|Which)\b/#
        var found: [String] = []
        for path in Self.files(["Sources", "cells", "nerves"], ["swift"]) {
            let lines = try Self.lines(path)
            for (index, line) in lines.enumerated() where line.firstMatch(of: question) != nil {
                if index > 0, lines[index - 1].firstMatch(of: #/^\s*\/\/\//#) != nil { continue }
                found.append("\(path):\(index + 1):\(line)")
            }
        }
        #expect(found.isEmpty, "\(found.count):\n\(found.joined(separator: "\n"))")
    }

    @Test("a type of the product has a name of its own across rooms")
    func typeNames() throws {
        let declaration =
            #/^(?:@\w+ )*(?:(?:public|package|internal|private|fileprivate|final|indirect) )*(?:struct|class|enum|actor|protocol) (\w+)/#
        var rooms: [String: Set<String>] = [:]
        for path in Self.files(["Sources", "cells", "nerves"], ["swift"]) {
            let room = path.split(separator: "/").prefix(2).joined(separator: "/")
            for line in try Self.lines(path) {
                if let name = line.firstMatch(of: declaration)?.1 { rooms[String(name), default: []].insert(room) }
            }
        }
        rooms["Main"] = nil
        let twice = rooms.filter { $0.value.count > 1 }.map {
            "\($0.key): \($0.value.sorted().joined(separator: ", "))"
        }
        #expect(twice.isEmpty, "\(twice.sorted().joined(separator: "\n"))")
    }

    @Test("a file has a name of its own")
    func fileNames() {
        let files = Self.files(["Sources", "cells", "nerves", "Tests"], ["swift"]).filter { !$0.contains("/Corpus/") }
        let names = Dictionary(grouping: files) { ($0 as NSString).lastPathComponent }
        let twice = names.filter { $0.value.count > 1 && !["Main.swift", "Package.swift"].contains($0.key) }
        #expect(twice.isEmpty, "\(twice.values.map { $0.joined(separator: ", ") }.sorted().joined(separator: "\n"))")
    }
}

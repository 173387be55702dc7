import NimmerOutput
import NimmerPlatform
import NimmerServers
import Testing

@testable import nimmer

/// No file cites what is not there: pages, their sections, decisions, links and anchors.
@Suite struct CitationTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    @Test func aCitationHoldsOrIsFound() {
        let page = CitedPage(
            """
            # The wire
            ## Streams
            Each **transition** is stored, `never dropped`.
            ## A wave arrives
            1. **Late.** It counts for nothing.
            ```
            ## Not a heading
            ```
            ## Rules
            1. **Degrade visibly.** No model: deterministic boundary.
            """)
        for good in [
            ", Streams)", ", A wave arrives, 1; Streams).", ", Late)", ", rule 1)", ", rule 1: \"No model\")",
            ", `never dropped`)",
            ": \"transition is stored, never `dropped`\"", ", Degrade visibly)", ", within its precision",
            ") and more",
            ", Streams; gates.md, Nowhere)", ", Streams; decision 0001)", ", Streams: of the last week",
        ] { #expect(page.mistake(in: good[...]) == nil, "\(good)") }
        for bad in [
            ", Stream)", ", Streamsides)", ", A wave arrives, 2)", ", A wave arrives, 1; Nowhere)", ", rule 2)",
            ", rules 1 and 2)",
            ", Not a heading)", ", `kept for ever`)", ": \"transition is lost\"", ", Gates)",
        ] { #expect(page.mistake(in: bad[...]) != nil, "\(bad)") }
        #expect(page.anchors == ["the-wire", "streams", "a-wave-arrives", "rules"])
        #expect(CitedPage.anchor("Is it `on`? (2.1)") == "is-it-on-21")
    }

    @Test func citationsLinksAndDecisionsAreFoundInTexts() {
        let source = """
            /// Kept as it came (protocol.md,
            /// What an acknowledgement means; decision 0012), see docs/reference/backup.md.
            """
        #expect(Citations.pages(in: source).map(\.page) == ["protocol.md", "docs/reference/backup.md"])
        #expect(Citations.pages(in: source).first?.rest.hasPrefix(", What an acknowledgement means; ") == true)
        #expect(
            Citations.decisions(in: source + "\n([decision 0003](x)), decisions\n/// 0001") == ["0012", "0003", "0001"])
        #expect(Citations.links(in: "a [b](c.md#d), `[e](f)`\n```\n[g](h)\n```\n[i](j)") == ["c.md#d", "j"])
    }

    @Test func everyPageThatIsNamedIsThereWithItsSection() async throws {
        let repository = try await Repository(Self.root)
        var parsed: [String: CitedPage] = [:]
        var cited = 0
        for file in repository.texts {
            for (name, rest) in Citations.pages(in: repository.read(file)) where !repository.isExternal(name, rest) {
                cited += 1
                guard let path = repository.page(String(name), from: file) else {
                    Issue.record("\(file): there is no \(name), or more than one")
                    continue
                }
                let page = parsed[path] ?? CitedPage(repository.read(path))
                parsed[path] = page
                if let mistake = page.mistake(in: rest) {
                    Issue.record("\(file): \(path) \(mistake)")
                }
            }
        }
        #expect(cited > 250)
    }

    @Test func everyDecisionThatIsNamedIsThere() async throws {
        let repository = try await Repository(Self.root)
        let known = Set(
            repository.pages.filter { $0.hasPrefix("docs/decisions/0") }.map { String($0.dropFirst(15).prefix(4)) })
        #expect(known.count >= 20)
        for file in repository.texts {
            for number in Citations.decisions(in: repository.read(file)) {
                #expect(known.contains(number), "\(file) cites decision \(number)")
            }
        }
    }

    @Test func everyLinkOfAPageResolvesWithItsAnchor() async throws {
        let repository = try await Repository(Self.root)
        var links = 0
        for file in repository.pages {
            for link in Citations.links(in: repository.read(file)) where link.firstMatch(of: #/^[a-z]+:/#) == nil {
                links += 1
                let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
                let path = parts[0].isEmpty ? file : Repository.joined(file, String(parts[0]))
                guard FileText.exists("\(Self.root)/\(path)") else {
                    Issue.record("\(file): \(link) leads nowhere")
                    continue
                }
                guard parts.count == 2, path.hasSuffix(".md") else { continue }
                let anchors = CitedPage(repository.read(path)).anchors
                #expect(anchors.contains(String(parts[1])), "\(file): \(link)")
            }
        }
        #expect(links > 200)
    }
}

/// The texts of the repository, and how a name in one of them leads to a page.
private struct Repository {
    let root: String
    /// Every Markdown page, from the root.
    let pages: [String]
    /// Every text that may cite one.
    let texts: [String]

    init(_ root: String) async throws {
        self.root = root
        let folders = ["Sources", "cells", "nerves", "Tests", "docs", "deploy"].map { "\(root)/\($0)" }
        let found = try await ChildProcess.run(
            ChildCommand("find", folders + ["-name", ".*", "-prune", "-o", "-type", "f", "-print"]))
        let all =
            found.lines.map { String($0.text.dropFirst(root.utf8.count + 1)) }
            .filter { !$0.contains("/Corpus/") && !$0.contains("/Golden/v") } + [
                "README.md", "CONTRIBUTING.md", "Package.swift",
            ]
        pages = (all + ["CHANGELOG.md"]).filter { $0.hasSuffix(".md") }
        texts = all.filter { file in
            // Their texts are examples of citations that do not hold.
            !file.hasSuffix("/CitationTests.swift")
                && [".swift", ".md", ".py", ".sh", ".c", ".h", ".yaml"].contains { file.hasSuffix($0) }
        }
    }

    func read(_ path: String) -> String { SmallFile.read("\(root)/\(path)") ?? "" }

    /// Returns whether it is part of an address, and so no page of this repository.
    func isExternal(_ name: Substring, _ rest: Substring) -> Bool { name.hasPrefix("//") }

    /// The page of a name: `gates.md`, `docs/deployment.md`, `../reference/messages.md`; nil where there is none or more than one.
    func page(_ name: String, from file: String) -> String? {
        let near = Repository.joined(file, name)
        if pages.contains(near) { return near }
        let wanted = name.split(separator: "/").filter { $0 != ".." && $0 != "." }.joined(separator: "/")
        if pages.contains(wanted) { return wanted }
        let named = pages.filter { $0.hasPrefix("docs/") && $0.hasSuffix("/\(wanted)") }
        return named.count == 1 ? named[0] : nil
    }

    /// A relative path, as it stands in a file.
    static func joined(_ file: String, _ path: String) -> String {
        var parts = file.split(separator: "/").dropLast().map(String.init)
        for part in path.split(separator: "/") {
            if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(String(part)) }
        }
        return parts.joined(separator: "/")
    }
}

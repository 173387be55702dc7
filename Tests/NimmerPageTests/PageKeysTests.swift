import NimmerPlatform
import NimmerScope
import NimmerWave
import Testing

@testable import NimmerPage

/// The keys of the page are those of the terminal's oscilloscope, but for those that it names.
@Suite struct PageKeysTests {
    private let script = Assets.contents().first { $0.name == "keys.js" }.map {
        String(decoding: $0.bytes, as: UTF8.self)
    }

    /// The entries of the table: the keys as the help shows them, and those that the browser names.
    private func entries() throws -> [(shown: String, keys: [String])] {
        try #require(script).split(separator: "\n").compactMap { line in
            let text = String(line.drop { $0 == "\t" })
            guard text.hasPrefix("[\""), let list = text.halves(around: "\", [")?.after.halves(around: "]")?.before
            else {
                return nil
            }
            let shown = text.split(separator: "\"", omittingEmptySubsequences: false)[1]
            let quoted = list.split(separator: "\"", omittingEmptySubsequences: false)
            return (String(shown), stride(from: 1, to: quoted.count, by: 2).map { String(quoted[$0]) })
        }
    }

    /// The keys that the script names as not needed.
    private func absent() throws -> [String] {
        var rest = try #require(
            script?.halves(around: "Keys of the terminal that a page does not need: ")?.after.split(separator: "\n")
                .first
        )
        .description
        var found: [String] = []
        while let halves = rest.halves(around: " | ") {
            found.append(halves.before)
            rest = halves.after
        }
        return found + [rest]
    }

    @Test func theyAreTheTerminals() throws {
        let shown = try entries().map(\.shown)
        let absent = try absent()
        #expect(shown.count > 15)
        let terminal = ScopeKeys.groups.flatMap(\.entries).map(\.keys)
        for keys in terminal where keys != "click" && keys != "wheel" {
            #expect(
                shown.contains(keys) != absent.contains(keys), "\(keys): in the page's table, or named as not needed")
        }
        #expect(absent.allSatisfy { terminal.contains($0) })
    }

    @Test func eachKeyThatIsShownActs() throws {
        for (shown, keys) in try entries() where !keys.isEmpty {
            for key in shown.split(separator: " ").map(String.init) where key.count == 1 && key.first?.isASCII == true {
                #expect(keys.contains(key), "\(shown)")
            }
        }
        let all = try entries().flatMap(\.keys)
        #expect(Set(all).count == all.count, "a key acts once")
    }

    @Test func theDocumentationListsThem() throws {
        let page = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/docs/reference/web.md"
        let text = String(decoding: try SmallFile.bytes(page), as: UTF8.self)
        let table = try #require(text.halves(around: "\n## Keys")?.after.halves(around: "\n## ")?.before)
        let rows = table.split(separator: "\n").compactMap { $0.split(separator: "|").first.map(String.init) }
        for (shown, _) in try entries() {
            let row = shown.split(separator: " ").joined(separator: " ")
            let listed = rows.contains { $0.filter { $0 != "," && $0 != " " }.contains(row.filter { $0 != " " }) }
            #expect(listed, "\(shown)")
        }
    }
}

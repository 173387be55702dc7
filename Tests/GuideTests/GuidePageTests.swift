import Glibc
import NimmerSystem
import NimmerSystemFile
import Testing

/// Code in the guide's articles is code of this folder or of a cell that is shipped, and its system files load.
@Suite struct GuidePageTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    /// Every article of the catalogue.
    private static let articles: [String] = {
        guard let folder = opendir("\(root)/Sources/NimmerCell/NimmerCell.docc") else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".md") { names.append(String(name.dropLast(3))) }
        }
        return names.sorted()
    }()
    private static let sources = [
        "Tests/GuideTests/Cellar.swift", "Tests/GuideTests/Fan.swift", "Tests/GuideTests/Airing.swift",
        "Tests/GuideTests/Visitors.swift", "Tests/GuideTests/GuideTests.swift",
        "Tests/GuideTests/PublicModuleTests.swift", "cells/math/v1/Main.swift",
    ]

    @Test func aBlockIsFoundWhereverItIsIndented() {
        let source = ["struct A {", "    let a = 1", "", "    let b = 2", "}"]
        #expect(Self.holds(source, ["let a = 1", "let b = 2"]))
        #expect(!Self.holds(source, ["let a = 1", "let b = 3"]))
        #expect(!Self.holds(source, ["let b = 2", "let a = 1"]))
    }

    @Test(arguments: articles) func everyBlockIsCompiled(article: String) throws {
        let page = try Self.read("Sources/NimmerCell/NimmerCell.docc/\(article).md")
        let sources = try Self.sources.map { try Self.read($0) }
        for block in Self.blocks(page, "swift") {
            #expect(sources.contains { Self.holds($0, block) }, "\(article).md: \(block.joined(separator: "\n"))")
        }
        for block in Self.blocks(page, "yaml") {
            let text = block.joined(separator: "\n") + "\n"
            #expect(throws: Never.self, "\(article).md") {
                try SystemFile(parsing: Array("nimmerverse: 1\nname: guide\n\(text)".utf8), file: "\(article).md")
            }
        }
    }

    @Test func everyBlockOfTheReferenceOfModulesIsCompiled() throws {
        let page = try Self.read("docs/reference/swift-api.md")
        let sources = try Self.sources.map { try Self.read($0) }
        let blocks = Self.blocks(page, "swift")
        #expect(blocks.count >= 10)
        for block in blocks {
            #expect(sources.contains { Self.holds($0, block) }, "swift-api.md: \(block.joined(separator: "\n"))")
        }
        // Every product of the package is named.
        let products = try Self.read("Package.swift").filter { $0.contains(".library(name: \"") }
        #expect(products.count > 10)
        for product in products {
            let name = String(product.split(separator: "\"")[1])
            #expect(page.contains { $0.contains("`\(name)`") }, "\(name) in docs/reference/swift-api.md")
        }
    }

    @Test func theArticlesHoldCode() throws {
        let blocks = try Self.articles.flatMap {
            Self.blocks(try Self.read("Sources/NimmerCell/NimmerCell.docc/\($0).md"), "swift")
        }
        #expect(Self.articles.count >= 8 && blocks.count >= 10)
    }

    /// Returns whether lines stand one after the other in a source, whatever their indentation and the empty lines between them.
    private static func holds(_ source: [String], _ block: [String]) -> Bool {
        let (source, block) = (source.map(plain).filter { $0 != "" }, block.map(plain).filter { $0 != "" })
        guard source.count >= block.count else { return false }
        return (0...(source.count - block.count)).contains { source[$0..<($0 + block.count)].elementsEqual(block) }
    }

    private static func plain(_ line: String) -> String { line.split(separator: " ").joined(separator: " ") }

    private static func blocks(_ page: [String], _ language: String) -> [[String]] {
        page.split { $0 == "```" }.compactMap { lines in
            lines.firstIndex(of: "```\(language)").map { Array(lines[($0 + 1)...]) }
        }
    }

    private static func read(_ path: String) throws -> [String] {
        let file = try #require(fopen("\(root)/\(path)", "r"), "\(path)")
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 18)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}

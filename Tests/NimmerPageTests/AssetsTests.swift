import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerPage

#if canImport(Glibc)
    import Glibc
#endif

/// The page's files: all of them, small, and nothing in them that the rules of the page forbid.
@Suite struct AssetsTests {
    private static let folder =
        #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/Sources/CAssets/assets"
    private let contents = Assets.contents()

    private func text(_ name: String) -> String {
        String(decoding: contents.first { $0.name == name }?.bytes ?? [], as: UTF8.self)
    }

    @Test func everyFileIsEmbeddedAsItIs() throws {
        var names: Set<String> = []
        guard let folder = opendir(Self.folder) else { throw PageError("no folder \(Self.folder)") }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.insert(name) }
        }
        #expect(names == Set(contents.map(\.name)), "run Sources/CAssets/generate.sh")
        for (name, bytes) in contents {
            #expect(try SmallFile.bytes("\(Self.folder)/\(name)", limit: 1 << 20) == bytes, "\(name)")
        }
    }

    @Test func whatIsSentIsAtMost150kB() {
        let pages = [
            Assets.embedded.page(.dev, .operator), Assets.embedded.entrance(.dev, reason: "", takesToken: true),
        ]
        let sent = Assets.embedded.files.values.map(\.bytes) + pages
        #expect(sent.reduce(0) { $0 + $1.count } <= 150_000)
    }

    @Test func whatOnlyReadersNeedIsNotSent() {
        let script = "// Why.\nimport {a} from \"./a.js\";\n\n\tif (a) // kept\n\t\ta(`//`);\n"
        let style = "/* Why. */\n\tp {color: red} /* kept */\n/* a */ q {}\n"
        func bare(_ name: String, _ text: String) -> String {
            String(decoding: Assets.bare(name, Array(text.utf8)), as: UTF8.self)
        }
        #expect(bare("b.js", script) == "import{a}from \"./a.js\";\nif (a) // kept\na(`//`);")
        #expect(bare("b.js", "f = (a, b) => (a < b ? \"a, b\" : {c: - 1});") == "f=(a,b)=>(a<b?\"a, b\":{c:- 1});")
        #expect(
            bare("b.js", "f(a / b, `c, ${d ? `e = ${f}` : {g: 1}} = h`);") == "f(a / b,`c, ${d?`e = ${f}`:{g:1}} = h`);"
        )
        for kept in ["a = 'b, c';", "a = \"\\\", b\", c;", "f(a, /b, c/);", "f(a, / b = c/);", "a = b; // c, d"] {
            #expect(bare("b.js", kept) == kept)
        }
        #expect(bare("b.css", style) == "p {color: red} /* kept */\n/* a */ q {}")
        #expect(bare("b.html", "\t<p>\n\n<!-- token -->\n") == "<p>\n<!-- token -->")
        #expect(bare("b.svg", "\t<svg>\n") == "\t<svg>\n")
        // A text of several lines would lose its indentation.
        for (name, bytes) in contents where name.hasSuffix(".js") {
            for line in bytes.split(separator: UInt8(ascii: "\n")) {
                #expect(
                    line.count { $0 == UInt8(ascii: "`") } % 2 == 0, "\(name): \(String(decoding: line, as: UTF8.self))"
                )
            }
            #expect(!text(name).contains("\n\t*/"), "\(name): a comment of several lines")
        }
    }

    @Test func aFolderStandsInForWhatIsEmbedded() throws {
        // As they are, so that a browser shows what a person has written.
        let files = try Assets(folder: Self.folder).files
        #expect(files.count == Assets.embedded.files.count)
        for (path, file) in files where path.hasSuffix(".css") { #expect(file.bytes == Array(text("page.css").utf8)) }
        let error = #expect(throws: PageError.self) { try Assets(folder: "\(Self.folder)/../include") }
        #expect(error?.description.contains("/include, which has no index.html") == true)
    }

    @Test func nothingIsInlineOrFromElsewhere() {
        for (name, bytes) in contents {
            let text = String(decoding: bytes, as: UTF8.self)
            for forbidden in [
                "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function",
                "javascript:", "@import",
            ] {
                #expect(!text.contains(forbidden), "\(name): \(forbidden)")
            }
            // Names of XML vocabularies are no requests; within quotes nothing else begins as an address does.
            for quote in ["\"", "'", "`", "("] {
                for scheme in ["http://", "https://", "//", "ws://", "wss://"] {
                    let places = text.ranges(of: quote + scheme)
                    let names = text.ranges(of: quote + "http://www.w3.org/")
                    #expect(
                        scheme == "http://" ? places.count == names.count : places.isEmpty, "\(name): \(quote)\(scheme)"
                    )
                }
            }
            guard name.hasSuffix(".html") else { continue }
            #expect(!text.contains("<style"), "\(name)")
            #expect(!text.contains(" style="), "\(name)")
            for tag in text.split(separator: "<") where tag.hasPrefix("script") {
                #expect(tag.contains("src="), "\(name): an inline script")
            }
            for handler in [" onclick", " onload", " onerror", " oninput"] {
                #expect(!text.contains(handler), "\(name)")
            }
        }
    }

    @Test func everyReferenceIsHashed() throws {
        let assets = Assets(contents)
        #expect(assets.files.count == contents.count { !$0.name.hasSuffix(".html") })
        for (path, file) in assets.files {
            let parts = path.split(separator: ".")
            #expect(parts.count >= 3, "\(path)")
            #expect(parts[parts.count - 2] == Secret.fingerprint(file.bytes), "\(path)")
            let references = String(decoding: file.bytes, as: UTF8.self).split(separator: "\"").filter {
                $0.hasPrefix("./")
            }
            for reference in references {
                #expect(assets.files[String(reference.dropFirst(2))] != nil, "\(path): \(reference)")
            }
        }
        let page = String(decoding: assets.page(.staging, .observer), as: UTF8.self)
        for reference in page.split(separator: "\"").filter({ $0.hasPrefix("/assets/") }) {
            #expect(assets.files[String(reference.dropFirst("/assets/".count))] != nil, "\(reference)")
        }
        #expect(page.contains("env-staging"))
        #expect(page.contains("data-role=\"observer\""))
        #expect(!page.contains("{{"))
    }

    @Test func aChangedFileHasAnotherNameAndSoHasWhatNamesIt() {
        let first = Assets([
            ("a.js", Array("import \"./b.js\"".utf8)), ("b.js", Array("1".utf8)),
            ("index.html", Array("<a href=\"./a.js\">".utf8)),
        ])
        let second = Assets([
            ("a.js", Array("import \"./b.js\"".utf8)), ("b.js", Array("2".utf8)),
            ("index.html", Array("<a href=\"./a.js\">".utf8)),
        ])
        #expect(Set(first.files.keys).isDisjoint(with: second.files.keys))
        #expect(first.files.count == 2)
    }

    @Test func theEntranceEscapesItsReason() {
        let assets = Assets([("enter.html", Array("<p>{{reason}}</p><!-- token --><form></form><!-- /token -->".utf8))])
        let page = String(decoding: assets.entrance(.dev, reason: "<b>&", takesToken: false), as: UTF8.self)
        #expect(page == "<p>&lt;b&gt;&amp;</p>")
        #expect(String(decoding: assets.entrance(.dev, reason: "", takesToken: true), as: UTF8.self).contains("<form>"))
    }
}

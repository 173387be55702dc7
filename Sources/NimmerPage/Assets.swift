import CAssets
import NimmerPlatform
import NimmerWave

/// The files of the page, embedded into the program: each under a name with the hash of its content, packed once at the start
/// (docs/reference/web.md, Assets).
package struct Assets: Sendable {
    /// A file as it is sent.
    package struct File: Sendable {
        /// Media type.
        package let type: String
        package let bytes: [UInt8]
        /// The same packed as gzip; nil where that saves nothing.
        package let packed: [UInt8]?
    }

    /// Files by the path under `/assets/`.
    package let files: [String: File]
    private let index: String
    private let enter: String

    /// The embedded files.
    package static let embedded = Assets(Self.contents())

    /// A folder of files that are sent instead of the embedded ones: a page is changed without a build (docs/reference/web.md, Changing the page).
    package static let folderVariable = "NIMMERVERSE_WEB_ASSETS"

    /// The files of a folder.
    ///
    /// - Throws: ``PageError`` where it has no page, or a file cannot be read.
    package init(folder: String) throws(PageError) {
        var contents: [(name: String, bytes: [UInt8])] = []
        for name in SmallFile.names(in: folder).sorted() {
            do { contents.append((name, try SmallFile.bytes("\(folder)/\(name)", limit: 1 << 20))) } catch {
                throw PageError("\(error)", remedy: "\(Self.folderVariable) names a folder of the page's files")
            }
        }
        guard contents.contains(where: { $0.name == "index.html" }) else {
            throw PageError(
                "\(Self.folderVariable) names \(folder.visible(limit: 200)), which has no index.html",
                remedy: "a source tree has them in Sources/CAssets/assets")
        }
        self.init(contents, isBare: false)
    }

    /// The files as they lie in Sources/CAssets/assets.
    package static func contents() -> [(name: String, bytes: [UInt8])] {
        (0..<Int(nimmer_asset_count)).map { number in
            let asset = nimmer_asset(Int32(number))
            let bytes = UnsafeBufferPointer(start: asset.bytes, count: asset.count)
            return (String(cString: asset.name), Array(bytes))
        }
    }

    /// - Parameters:
    ///   - contents: files; a module or style sheet that names another as `./NAME` finds it.
    ///   - isBare: whether what only readers need is left out.
    package init(_ contents: [(name: String, bytes: [UInt8])], isBare: Bool = true) {
        var sources = Dictionary(
            uniqueKeysWithValues: contents.map { name, bytes in
                (name, References(isBare ? Self.bare(name, bytes) : bytes))
            })
        var hashed: [String: String] = [:]
        var files: [String: File] = [:]
        // One that names no other that has no name yet is next; a circle never is.
        var waiting = sources.keys.filter { !$0.hasSuffix(".html") }.sorted()
        while let place = waiting.firstIndex(where: { name in
            sources[name]?.names.allSatisfy { hashed[$0] != nil || !waiting.contains($0) } ?? false
        }) {
            let name = waiting.remove(at: place)
            let bytes = sources[name]?.written(hashed, prefix: "./") ?? []
            let parts = name.split(separator: ".", maxSplits: 1)
            let path = "\(parts[0]).\(Secret.fingerprint(bytes)).\(parts.count > 1 ? parts[1] : "")"
            hashed[name] = path
            let packed = Gzip.packed(bytes, level: 9).flatMap { $0.count < bytes.count ? $0 : nil }
            files[path] = File(type: Self.type(of: name), bytes: bytes, packed: packed)
        }
        self.files = files
        func page(_ name: String) -> String {
            String(
                decoding: sources.removeValue(forKey: name)?.written(hashed, prefix: "/assets/") ?? [], as: UTF8.self)
        }
        index = page("index.html")
        enter = page("enter.html")
    }

    /// A file without what only its readers need: indentation, empty lines, lines that are comments, and a script's spaces beside signs.
    static func bare(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
        guard let kind = name.split(separator: ".").last, ["js", "css", "html"].contains(kind) else { return bytes }
        let lines = bytes.split(separator: UInt8(ascii: "\n")).compactMap { line -> ArraySlice<UInt8>? in
            let text = line.drop { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") }
            let isComment =
                kind == "js" && text.starts(with: "//".utf8)
                || kind == "css" && text.starts(with: "/*".utf8) && text.suffix(2).elementsEqual("*/".utf8)
            return text.isEmpty || isComment ? nil : kind == "js" ? narrow(text) : text
        }
        return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
    }

    /// A line of a script without the spaces beside signs; within texts and templates all stay. A line with an apostrophe, an escape, a comment
    /// or a pattern is kept as it is: there a space may count.
    private static func narrow(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        enum Kind { case code, text, template }
        let space = UInt8(ascii: " ")
        var out: [UInt8] = []
        out.reserveCapacity(line.count)
        // What a place lies in, such as code in a template in code; of code the braces that are open.
        var within: [(kind: Kind, braces: Int)] = [(.code, 0)]
        var before = space
        for place in line.indices {
            let byte = line[place]
            let next = place + 1 < line.endIndex ? line[place + 1] : space
            let last = within.count - 1
            defer { before = byte }
            switch (within[last].kind, byte) {
            case (_, UInt8(ascii: "\\")), (.code, UInt8(ascii: "'")): return line
            case (.text, UInt8(ascii: "\"")), (.template, UInt8(ascii: "`")): within.removeLast()
            case (.template, UInt8(ascii: "{")) where before == UInt8(ascii: "$"): within.append((.code, 0))
            case (.code, UInt8(ascii: "\"")): within.append((.text, 0))
            case (.code, UInt8(ascii: "`")): within.append((.template, 0))
            case (.code, UInt8(ascii: "{")): within[last].braces += 1
            case (.code, UInt8(ascii: "}")):
                if last > 0, within[last].braces == 0 { within.removeLast() } else { within[last].braces -= 1 }
            case (.code, UInt8(ascii: "/")):
                // A division stands between spaces, after a value.
                guard before == space, next == space, let value = out.last(where: { $0 != space }),
                    !signs.contains(value) || value == UInt8(ascii: ")")
                else { return line }
            case (.code, space):
                if signs.contains(next) || signs.contains(out.last ?? space) { continue }
            default: break
            }
            out.append(byte)
        }
        return within.count == 1 ? out[...] : line
    }

    private static let signs = Set("=<>&|?:,;{}()*".utf8)

    static func type(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "svg": "image/svg+xml"
        case "html": "text/html; charset=utf-8"
        default: "application/octet-stream"
        }
    }

    /// The page for someone with a session.
    package func page(_ environment: Environment, _ role: PageRole) -> [UInt8] {
        Array(Self.filled(index, ["environment": environment.rawValue, "role": role.rawValue]).utf8)
    }

    /// The page for someone without one.
    ///
    /// - Parameters:
    ///   - reason: why, in words of this program.
    ///   - query: of the moment that the page opens afterwards, such as `?at=…`.
    ///   - takesToken: whether there is a form for a token.
    package func entrance(
        _ environment: Environment, reason: String, query: String = "", takesToken: Bool
    ) -> [UInt8] {
        var text = Self.filled(enter, ["environment": environment.rawValue, "reason": reason, "query": query])
        if !takesToken, let start = text.halves(around: "<!-- token -->"),
            let end = start.after.halves(around: "<!-- /token -->")
        {
            text = start.before + end.after
        }
        return Array(text.utf8)
    }

    private static func filled(_ text: String, _ values: [String: String]) -> String {
        var text = text
        for (key, value) in values {
            while let halves = text.halves(around: "{{\(key)}}") {
                text = halves.before + value.escapedForXML + halves.after
            }
        }
        return text
    }
}

/// A file in pieces: what stands between its references to others, written `"./NAME"` or `'./NAME'`, and these.
private struct References {
    private var pieces: [ArraySlice<UInt8>] = []
    /// The files that it names, in order.
    private(set) var names: [String] = []

    init(_ bytes: [UInt8]) {
        let (dot, slash) = (UInt8(ascii: "."), UInt8(ascii: "/"))
        var start = 0
        var place = 0
        while place + 2 < bytes.count {
            let quote = bytes[place]
            guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"), bytes[place + 1] == dot,
                bytes[place + 2] == slash,
                let end = bytes[(place + 3)...].prefix(65).firstIndex(of: quote)
            else {
                place += 1
                continue
            }
            pieces.append(bytes[start...place])
            names.append(String(decoding: bytes[(place + 3)..<end], as: UTF8.self))
            start = end
            place = end + 1
        }
        pieces.append(bytes[start...])
    }

    /// The file with the paths of those that it names; one without a path stays as it is.
    func written(_ paths: [String: String], prefix: String) -> [UInt8] {
        var out: [UInt8] = []
        for (number, piece) in pieces.enumerated() {
            out += piece
            guard names.indices.contains(number) else { continue }
            out += Array((paths[names[number]].map { prefix + $0 } ?? "./" + names[number]).utf8)
        }
        return out
    }
}

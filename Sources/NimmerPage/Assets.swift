import CAssets
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

    /// The files as they lie in Sources/CAssets/assets.
    package static func contents() -> [(name: String, bytes: [UInt8])] {
        (0..<Int(nimmer_asset_count)).map { number in
            let asset = nimmer_asset(Int32(number))
            let bytes = UnsafeBufferPointer(start: asset.bytes, count: asset.count)
            return (String(cString: asset.name), Array(bytes))
        }
    }

    /// - Parameter contents: files; a module or style sheet that names another as `./NAME` finds it.
    package init(_ contents: [(name: String, bytes: [UInt8])]) {
        var texts = Dictionary(uniqueKeysWithValues: contents.map { ($0.name, $0.bytes) })
        let pages = texts.keys.filter { $0.hasSuffix(".html") }
        var hashed: [String: String] = [:]
        var files: [String: File] = [:]
        // One that names no other that is yet unnamed is next; a circle would never be.
        var waiting = texts.keys.filter { !pages.contains($0) }.sorted()
        while !waiting.isEmpty {
            let known = Set(hashed.keys)
            let place = waiting.firstIndex { name in
                !waiting.contains { $0 != name && Self.names($0, in: texts[name] ?? []) && !known.contains($0) }
            }
            guard let place else { break }
            let name = waiting.remove(at: place)
            let bytes = Self.rewritten(texts[name] ?? [], hashed, prefix: "./")
            texts[name] = bytes
            let parts = name.split(separator: ".", maxSplits: 1)
            let path = "\(parts[0]).\(Secret.fingerprint(bytes)).\(parts.count > 1 ? parts[1] : "")"
            hashed[name] = path
            let packed = Gzip.packed(bytes, level: 9).flatMap { $0.count < bytes.count ? $0 : nil }
            files[path] = File(type: Self.type(of: name), bytes: bytes, packed: packed)
        }
        self.files = files
        func page(_ name: String) -> String {
            String(decoding: Self.rewritten(texts[name] ?? [], hashed, prefix: "/assets/"), as: UTF8.self)
        }
        index = page("index.html")
        enter = page("enter.html")
    }

    private static func names(_ other: String, in bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        return text.includes("\"./\(other)\"") || text.includes("'./\(other)'")
    }

    private static func rewritten(_ bytes: [UInt8], _ names: [String: String], prefix: String) -> [UInt8] {
        var text = String(decoding: bytes, as: UTF8.self)
        for (name, path) in names {
            for quote in ["\"", "'"] {
                let found = "\(quote)./\(name)\(quote)"
                while let halves = text.halves(around: found) {
                    text = halves.before + "\(quote)\(prefix)\(path)\(quote)" + halves.after
                }
            }
        }
        return Array(text.utf8)
    }

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
    ///   - takesToken: whether there is a form for a token.
    package func entrance(_ environment: Environment, reason: String, takesToken: Bool) -> [UInt8] {
        var text = Self.filled(enter, ["environment": environment.rawValue, "reason": reason])
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

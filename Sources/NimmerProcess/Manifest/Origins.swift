import NimmerSystem
import NimmerWave

extension Configuration {
    /// The origins that the waves of this cell or nerve name beside its own name: the manifest's patterns with what its settings
    /// report, and its setting `origin`.
    public var origins: [OriginPattern] {
        var texts = manifest.origins.map { filled($0) }
        if let setting = declared.common.organism?.origin, let own = settings[setting], own != name.text {
            texts.append(own)
        }
        var found: [OriginPattern] = []
        for pattern in texts.compactMap(OriginPattern.init) where !found.contains(pattern) { found.append(pattern) }
        return found
    }

    /// A pattern of the manifest with values for its placeholders.
    private func filled(_ pattern: String) -> String {
        var filled = ""
        var rest = pattern[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            filled += rest[..<open]
            let key = String(rest[rest.index(after: open)..<close])
            filled += value(of: key)
            rest = rest[rest.index(after: close)...]
        }
        return filled + rest
    }

    private func value(of key: String) -> String {
        if key == "name" { return Token.part(of: name.text) }
        guard let text = settings.value(key)?.text, case let part = Token.part(of: text),
            !part.isEmpty
        else { return "*" }
        return part
    }
}

extension Token {
    /// A text as a part of a token: its first 40 bytes in lower case, `-` for what no token can have, from its first letter or
    /// digit on; empty without one.
    public static func part(of text: String) -> String {
        let name = text.lowercased().utf8.prefix(40).map { byte in
            switch byte {
            case 0x61...0x7a, 0x30...0x39, 0x5f: byte
            default: UInt8(ascii: "-")
            }
        }
        return String(decoding: name.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }, as: UTF8.self)
    }
}

extension OriginGrants {
    /// Of the origins that a cell needs, those that are not granted. One that the file has narrowed (`web-1-cpu` of `*-cpu`) is
    /// granted.
    public func missing(_ needed: [OriginPattern], for name: String) -> [OriginPattern] {
        let granted = patterns(of: name)
        return needed.filter { wanted in
            if wanted.isExact { return !permits(name, as: wanted.text) }
            return !granted.contains { $0.covers(wanted) || wanted.covers($0) }
        }
    }
}

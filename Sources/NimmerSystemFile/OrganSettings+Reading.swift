import NimmerSystem
import NimmerWave

extension OrganSettings {
    /// Longest text before a text, in bytes.
    private static let maximumPrefixBytes = 256

    init(_ node: YAMLNode, file: String) throws(SystemError) {
        var keys = try MappingReader(node, place: "an organ", file: file)
        let name = try keys.required("name", try keys.token("name"))
        let url = try keys.address("url", mayHavePath: true)
        let command = try keys.texts("command") ?? []
        guard (url == nil) != command.isEmpty else {
            throw keys.refusal(
                url == nil ? "name" : "command",
                expected: "either url (a server that is there) or command (a server that the organ starts)")
        }
        let kind = try keys.required("kind", try keys.choice("kind", of: MindSettings.Kind.self))
        self.init(
            name: name, kind: kind, model: try keys.required("model", try keys.text("model")), url: url,
            command: command)
        mark = node.mark
        card = try keys.token("card")
        warmMS = try keys.integer("warm_ms", in: 0...604_800_000, unit: "milliseconds") ?? warmMS
        loadTimeoutMS = try keys.integer("load_timeout_ms", in: 1...3_600_000, unit: "milliseconds") ?? loadTimeoutMS
        queue = try keys.integer("queue", in: 1...10_000) ?? queue
        maxTokens = try keys.integer("max_tokens", in: 16...32_768) ?? maxTokens
        embeddings = try keys.boolean("embeddings") ?? embeddings
        dimensions = try keys.integer("dimensions", in: 1...4096)
        if let text = try keys.text("prefix") {
            guard text.utf8.count <= Self.maximumPrefixBytes, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f })
            else {
                throw keys.refusal(
                    "prefix",
                    expected: "prefix: a text of at most \(Self.maximumPrefixBytes) bytes without control characters")
            }
            prefix = text
        }
        for key in ["dimensions", "prefix"] where !embeddings && node[key]?.isNull == false {
            throw keys.refusal(key, expected: "embeddings: true beside \(key), which is about embeddings alone")
        }
        lfPerThousandTokens = try keys.number("lf_per_1000_tokens", in: 0...1e9) ?? lfPerThousandTokens
        lfPerSecond = try keys.number("lf_per_second", in: 0...1e9) ?? lfPerSecond
        keyFile = try keys.text("key_file")
        keyVariable = try keys.text("key_variable")
        if let node = keys.node("tls") {
            var tls = try MappingReader(node, place: "tls", file: file)
            tlsCA = try tls.text("ca")
            try tls.finish()
        }
        proxy = try keys.address("proxy")
        processSettings = keys.entries(of: ProcessKeys.organ)
        try keys.finish()
    }
}

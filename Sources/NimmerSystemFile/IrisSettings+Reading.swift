import NimmerSystem
import NimmerWave

extension IrisSettings {
    /// Reads the section `iris`.
    init(_ node: YAMLNode, file: String) throws(SystemError) {
        self.init()
        mark = node.mark
        var keys = try MappingReader(node, place: "iris", file: file)
        join = try keys.number("join", in: 0.2...0.95) ?? join
        hysteresis = try keys.number("hysteresis", in: 0...0.2) ?? hysteresis
        organ = try keys.token("organ")
        deadlineMS = try keys.integer("deadline_ms", in: 10...5_000, unit: "milliseconds") ?? deadlineMS
        if let node = keys.node("recall") { recall = try Recall(node, file: file) }
        try keys.finish()
    }
}

extension IrisSettings.Recall {
    /// Reads the section `iris.recall`.
    init(_ node: YAMLNode, file: String) throws(SystemError) {
        self.init()
        var keys = try MappingReader(node, place: "iris.recall", file: file)
        items = try keys.integer("items", in: 0...20) ?? items
        bytes = try keys.integer("bytes", in: 256...16_384, unit: "bytes") ?? bytes
        deadlineMS = try keys.integer("deadline_ms", in: 1...5_000, unit: "milliseconds") ?? deadlineMS
        try keys.finish()
    }
}

extension SystemFile {
    /// The section `iris`, whose organ is one of the file that makes embeddings.
    ///
    /// - Parameter organs: the organs of the file.
    static func iris(
        _ node: YAMLNode?, organs: [OrganSettings], file: String
    ) throws(SystemError) -> IrisSettings? {
        guard let node else { return nil }
        let settings = try IrisSettings(node, file: file)
        guard let name = settings.organ else { return settings }
        func refusal(_ found: String, _ expected: String) -> SystemError {
            SystemError(
                .invalid, file: file, mark: node["organ"]?.mark ?? node.mark, found: found,
                expected: "organ: \(expected)")
        }
        guard let organ = organs.first(where: { $0.name == name }) else {
            let able = organs.filter(\.embeddings).map(\.name)
            throw refusal(
                "'\(name)', which is no organ of this file",
                able.isEmpty
                    ? "an organ with embeddings: true under organs:, or no such key: the table answers then"
                    : "one of \(able.joined(separator: ", "))")
        }
        guard organ.embeddings else {
            throw refusal(
                "'\(name)', an organ without embeddings (line \(organ.mark.line))",
                "an organ with embeddings: true, where its model makes embeddings")
        }
        return settings
    }
}

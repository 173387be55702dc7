import NimmerSystem
import NimmerWave

extension SystemFile {
    /// Rules of levels at most.
    private static let maximumLevels = 256
    /// The word for summaries without an organ.
    private static let extractive = "extractive"

    /// The section `memory`, whose summaries are extracted or written by an organ of the file.
    ///
    /// - Parameters:
    ///   - organs: the organs of the file.
    ///   - minds: the names of the bridge's minds, which answer the bridge alone.
    static func memory(
        _ node: YAMLNode?, organs: [OrganSettings], minds: [String], file: String
    ) throws(SystemError) -> MemorySettings {
        var settings = MemorySettings()
        guard let node else { return settings }
        var keys = try MappingReader(node, place: "memory", file: file)
        settings.batchMS = try keys.integer("batch_ms", in: 1...60_000, unit: "milliseconds") ?? settings.batchMS
        settings.batchRows = try keys.integer("batch_rows", in: 1...100_000) ?? settings.batchRows
        settings.retentionDays = try keys.integer("retention_days", in: 1...36_500, unit: "days")
        if let name = try keys.text("summaries"), name != extractive {
            if let refusal = refusal(ofWriter: name, organs, minds) {
                throw SystemError(
                    .invalid, file: file, mark: node["summaries"]?.mark ?? node.mark, found: refusal.found,
                    expected: "summaries: \(refusal.expected)")
            }
            settings.summaries = name
        }
        settings.levels = try levels(try keys.entries("levels"), file: file)
        settings.processSettings = keys.entries(of: ProcessKeys.memory)
        try keys.finish()
        return settings
    }

    /// Reason why an organ cannot write summaries; nil when it can.
    private static func refusal(
        ofWriter name: String, _ organs: [OrganSettings], _ minds: [String]
    ) -> (found: String, expected: String)? {
        if let organ = organs.first(where: { $0.name == name }) {
            guard organ.embeddings else { return nil }
            return (
                "'\(name)', an organ with embeddings: true (line \(organ.mark.line))",
                "an organ whose model writes, or \(extractive)"
            )
        }
        if minds.contains(name) {
            return (
                "'\(name)', a mind of the bridge, which answers the bridge alone",
                "an organ of this file with the same model, or \(extractive)"
            )
        }
        let able = organs.filter { !$0.embeddings }.map(\.name)
        return (
            "'\(name)', which is no organ of this file", "one of \((([extractive] + able)).joined(separator: ", "))"
        )
    }

    private static func levels(
        _ entries: [YAMLNode.Entry], file: String
    ) throws(SystemError) -> [MemorySettings.LevelRule] {
        guard entries.count <= maximumLevels else {
            throw SystemError(
                .invalid, file: file, mark: entries[maximumLevels].mark, found: "\(entries.count) regions",
                expected: "levels: at most \(maximumLevels) regions or patterns")
        }
        var rules: [MemorySettings.LevelRule] = []
        for entry in entries {
            try checkPattern(entry.key, mark: entry.mark, file: file)
            guard let level = entry.value.text.flatMap({ MemorySettings.Level(rawValue: $0) }) else {
                throw SystemError(
                    .invalid, file: file, mark: entry.value.mark, found: entry.value.found,
                    expected:
                        "\(entry.key): one of \(MemorySettings.Level.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            guard let pattern = try? SubjectPattern(entry.key) else { continue }
            rules.append(MemorySettings.LevelRule(pattern, level))
        }
        return rules
    }
}

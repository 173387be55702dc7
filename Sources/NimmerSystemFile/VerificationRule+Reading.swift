import NimmerSystem
import NimmerWave

extension VerificationRule {
    /// Reads the rules of a file.
    ///
    /// - Throws: `SystemError`, also for a cell or nerve that the file has not.
    static func rules(
        _ entries: [YAMLNode.Entry], cells: [Organism], nerves: [Organism], file: String
    ) throws(SystemError) -> [VerificationRule] {
        var rules: [VerificationRule] = []
        for entry in entries {
            try SystemFile.checkPattern(entry.key, mark: entry.mark, file: file)
            let place = "verify.\(entry.key)"
            var keys = try MappingReader(entry.value, place: place, file: file)
            let within = try keys.required("within", try span("within", &keys))
            var rule = VerificationRule(region: entry.key, within: within, mark: entry.mark)
            if let word = try keys.text("after") {
                guard let start = Start(rawValue: word) else {
                    throw keys.refusal("after", expected: "after: opening, or command done")
                }
                rule.after = start
            }
            for (result, node) in [
                (VerificationResult.confirmed, keys.node("confirmed")), (.failed, keys.node("failed")),
                (.partial, keys.node("partial")),
            ] {
                guard let node else { continue }
                rule.conditions[result] = try Condition(
                    node, place: "\(place).\(result.rawValue)", cells: cells, nerves: nerves, file: file)
            }
            rule.otherwise = try keys.choice("else", of: VerificationResult.self)
            try keys.finish()
            guard !rule.conditions.isEmpty else {
                throw SystemError(
                    .missing, file: file, mark: entry.mark, found: "\(place) without a condition",
                    expected: "confirmed, failed or partial with a cell or nerve and above or below")
            }
            rules.append(rule)
        }
        return rules
    }

    /// Longest time within which a rule decides, in milliseconds: transitions are stored for seven days.
    private static let longest = 6.0 * 86_400_000

    /// A time such as 90s, 10m or 2h, in milliseconds.
    private static func span(_ key: String, _ keys: inout MappingReader) throws(SystemError) -> Double? {
        guard let text = try keys.text(key) else { return nil }
        guard let milliseconds = TimeSpan.milliseconds(text), milliseconds >= 1, milliseconds <= longest else {
            throw keys.refusal(key, expected: "\(key): a time such as 500ms, 90s, 10m or 2h, at most 6d")
        }
        return milliseconds
    }
}

extension VerificationRule.Condition {
    fileprivate init(
        _ node: YAMLNode, place: String, cells: [Organism], nerves: [Organism], file: String
    ) throws(SystemError) {
        var keys = try MappingReader(node, place: place, file: file)
        let (cell, nerve) = (try keys.text("cell"), try keys.text("nerve"))
        guard let name = cell ?? nerve, cell == nil || nerve == nil else {
            throw keys.refusal(cell == nil ? "cell" : "nerve", expected: "\(place) with either a cell or a nerve")
        }
        let known = (cell == nil ? nerves : cells).map(\.name)
        guard known.contains(name) else {
            let kind = cell == nil ? "nerve" : "cell"
            let meant = nearest(to: name, among: known).map { " (did you mean '\($0)'?)" } ?? ""
            throw SystemError(
                .invalid, file: file, mark: node[kind]?.mark ?? node.mark,
                found: "the unknown \(kind) '\(name)'\(meant)",
                expected:
                    "a \(kind) of this file\(known.isEmpty ? ", which has none" : ": \(known.joined(separator: ", "))")"
            )
        }
        let field = try keys.text("field")
        let (above, below) = (
            try keys.number("above", in: -1e300...1e300), try keys.number("below", in: -1e300...1e300)
        )
        guard above != nil || below != nil else {
            throw keys.refusal("above", expected: "\(place) with above or below: a number")
        }
        if let above, let below, above >= below {
            throw keys.refusal("above", expected: "above less than below, or no number can be between them")
        }
        try keys.finish()
        self.init(
            organism: name, isNerve: cell == nil, field: field?.split(separator: ".").map(String.init), above: above,
            below: below, mark: node.mark)
    }
}

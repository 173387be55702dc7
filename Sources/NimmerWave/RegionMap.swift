/// Regions into which a thalamus folds the regions that waves name: `thalamus.regions` of a system file. The first rule that matches wins; a
/// region without a rule is its own.
package struct RegionMap: Sendable {
    /// A region of the thalamus, and patterns over the regions that waves name.
    package struct Rule: Sendable {
        /// Region whose gate hears the waves.
        package let region: Region
        /// `plant.>`, `pump.*`, `math`.
        package let patterns: [SubjectPattern]

        package init(region: Region, patterns: [SubjectPattern]) {
            self.region = region
            self.patterns = patterns
        }
    }

    /// The rules, in their order.
    package let rules: [Rule]

    package init(_ rules: [Rule] = []) { self.rules = rules }

    /// The region that a wave's region lives in.
    package func home(of region: Region) -> Region { declaredHome(of: region) ?? region }

    /// The region that a rule gives a wave's region; nil where no rule matches.
    package func declaredHome(of region: Region) -> Region? {
        rules.first { $0.region == region || $0.patterns.contains { $0.matches(region.text) } }?.region
    }

    /// The map in an answer of the thalamus to `regions`: `[{"region": …, "patterns": […]}, …]`; nil when it is something else.
    package init?(_ json: JSON) {
        guard let array = json.resolved.array else { return nil }
        var rules: [Rule] = []
        for rule in array.map(\.resolved) {
            guard let name = rule["region"]?.string, let region = try? Region(name),
                let texts = rule["patterns"]?.array
            else { return nil }
            let patterns = texts.compactMap { text in text.string.flatMap { try? SubjectPattern($0) } }
            guard patterns.count == texts.count else { return nil }
            rules.append(Rule(region: region, patterns: patterns))
        }
        self.rules = rules
    }

    /// The map for an answer, as many rules as one message holds.
    package var json: JSON {
        var bytes = 0
        var written: [JSON] = []
        for rule in rules {
            let one = JSON.object([
                "region": .string(rule.region.text), "patterns": .array(rule.patterns.map { .string($0.text) }),
            ])
            bytes += one.text.utf8.count + 1
            guard bytes <= Wire.maximumBytes - 2_048 else { break }
            written.append(one)
        }
        return .array(written)
    }
}

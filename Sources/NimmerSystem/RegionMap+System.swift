import NimmerWave

extension RegionMap {
    /// The declared regions of a system file, in its order.
    ///
    /// - Throws: a `Refusal` when a region or a pattern is invalid; the loader refuses these with their line.
    package init(_ system: SystemFile) throws(Refusal) {
        var rules: [Rule] = []
        for rule in system.thalamus.regions {
            var patterns: [SubjectPattern] = []
            for pattern in rule.patterns { patterns.append(try SubjectPattern(pattern)) }
            rules.append(Rule(region: try Region(rule.region), patterns: patterns))
        }
        self.init(rules)
    }
}

import NimmerSystem

extension GateOverrides {
    init(_ node: YAMLNode, place: String, file: String) throws(SystemError) {
        self.init()
        var keys = try MappingReader(node, place: place, file: file)
        if let word = try keys.text("window") {
            guard word == "auto" else {
                throw keys.refusal("window", expected: "window: auto, or window_ms: a number of milliseconds")
            }
            windowIsAutomatic = true
        }
        windowMS = try keys.number("window_ms", in: 1...1e12, unit: "milliseconds")
        halfLifeMS = try keys.number("half_life_ms", in: 1...1e12, unit: "milliseconds")
        if windowIsAutomatic, windowMS != nil {
            throw keys.refusal("window", expected: "window: auto or window_ms in \(place), not both")
        }
        openThreshold = try keys.number("open_threshold", in: 0.01...1)
        closeThreshold = try keys.number("close_threshold", in: -1 ... -0.01)
        releaseFraction = try keys.number("release_fraction", in: 0.01...1)
        weight = try keys.number("weight", in: 0...1)
        reflexWeight = try keys.number("reflex_weight", in: 0...0.99)
        if let word = try keys.text("trust") {
            guard setTrust(word) else { throw keys.refusal("trust", expected: "declared or earned") }
        }
        priorOutcomes = try keys.number("prior_outcomes", in: 0.25...1000)
        failedWeight = try keys.number("failed_weight", in: 0.25...10)
        trustMemory = try keys.number("trust_memory", in: 2...1000)
        hearingMS = try keys.number("hearing_ms", in: 0...1e14, unit: "milliseconds")
        quorum = try keys.integer("quorum", in: 1...64)
        floor = try keys.number("floor", in: 0...1)
        maxOrigins = try keys.integer("max_origins", in: 1...4096)
        try keys.finish()
    }

    /// Refuses settings of earned trust that contradict its purpose (trust.md, Limits around it).
    ///
    /// - Parameters:
    ///   - defaults: what lies below these settings.
    ///   - node: where they stand.
    func checkTrust(over defaults: GateOverrides, _ node: YAMLNode, place: String, file: String) throws(SystemError) {
        guard let (keys, found, expected) = contradiction(over: defaults) else { return }
        let value = node.entries?.first { keys.contains($0.key) }?.value
        throw SystemError(
            .invalid, file: file, mark: value?.mark ?? node.mark, found: "\(found) in \(place)", expected: expected)
    }
}

import NimmerCell
import NimmerSensing

// What survives a restart (sensing.md): the detector, field by field, and the state.

extension Multivariate: Keepable {
    /// The inputs and the settings that decide what is learned, in words.
    static func words(_ settings: Settings<MultivariateOptions>, _ tuning: MultivariateSettings) -> String {
        let lists = [("subjects", settings.subjects), ("columns", settings.columns)]
        let named = lists.filter { !$0.1.isEmpty }.map { "\($0.0): \($0.1.joined(separator: " "))" }
        let texts = [("file", settings.file), ("path", settings.path)].compactMap { key, value in
            value.map { "\(key): \($0)" }
        }
        return
            (named + texts + [
                "learning_samples: \(settings.learningSamples)", "detector: \(StateCodec.mark(of: "\(tuning)"))",
            ]).joined(separator: ", ")
    }

    /// State that it has learned; nil before its first row.
    public var learned: [UInt8]? {
        guard detector.samples > 0 else { return nil }
        return kept
    }

    public mutating func resume(learned: [UInt8], _ pulse: inout Pulse) throws {
        let before = state
        try take(kept: learned)
        pulse.showProgress(detector.samples, of: detector.settings.learningSamples)
        if state != before { pulse.enter(state.rawValue, reason: "learned before the restart") }
    }

    /// Writes or reads every field that what it senses next depends on.
    package mutating func exchange(_ codec: inout StateCodec) throws(Refusal) {
        try codec.word(&state)
        try detector.exchange(&codec)
    }
}

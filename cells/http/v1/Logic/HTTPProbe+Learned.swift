import NimmerCell
import NimmerSensing
import NimmerWeb

// What survives a restart (sensing.md): both judges, field by field. Whether the server answers is asked again.

extension HTTPProbe: Keepable {
    /// The source and the settings that decide what is learned, in words.
    static func words(_ settings: Settings<HTTPOptions>, _ tuning: DetectorSettings) -> String {
        let url = settings.url.flatMap { text in try? WebAddress(text, field: "url") }
        let sources = [
            ("url", url?.description), ("query", url.map { StateCodec.mark(of: $0.text) }), ("path", settings.path),
            ("column", settings.column),
        ]
        let named = sources.compactMap { key, value in value.map { "\(key): \($0)" } }
        return
            (named + [
                "learning_samples: \(settings.learningSamples)", "changes: \(settings.changes)",
                "detector: \(StateCodec.mark(of: "\(tuning)"))",
            ]).joined(separator: ", ")
    }

    /// State of both judges as bytes; nil before its first answer.
    public var learned: [UInt8]? {
        guard latency.detector.samples + value.detector.samples > 0 else { return nil }
        return kept
    }

    public mutating func resume(learned: [UInt8], _ pulse: inout Pulse) throws {
        try take(kept: learned)
        let judge = value.detector.samples > 0 ? value : latency
        pulse.showProgress(judge.detector.age, of: judge.detector.settings.learningSamples)
        // It may have found the server down before what it had learned came.
        guard !judge.isLearning, state == .learning else { return }
        state = .calm
        pulse.enter(state.rawValue, reason: "learned before the restart")
    }

    /// Writes or reads every field that what it senses next depends on.
    package mutating func exchange(_ codec: inout StateCodec) throws(Refusal) {
        try latency.exchange(&codec)
        try value.exchange(&codec)
    }
}

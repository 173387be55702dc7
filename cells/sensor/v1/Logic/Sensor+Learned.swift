import NimmerCell
import NimmerSensing

// What survives a restart (sensing.md): both detectors, field by field, and the state.

extension Sensor: Keepable {
    /// The source and the settings that decide what is learned, in words.
    static func words(_ settings: Settings<SensorOptions>, _ tuning: DetectorSettings) -> String {
        let sources = [
            ("subject", settings.subject), ("file", settings.file), ("path", settings.path),
            ("column", settings.column),
            ("command", settings.command.isEmpty ? nil : settings.command.joined(separator: " ")),
        ]
        let named = sources.compactMap { key, value in value.map { "\(key): \($0)" } }
        return
            (named + [
                "learning_samples: \(settings.learningSamples)", "changes: \(settings.changes)",
                "detector: \(StateCodec.mark(of: "\(tuning)"))",
            ]).joined(separator: ", ")
    }

    /// State that it has learned; nil before its first reading.
    public var learned: [UInt8]? {
        guard detector.samples > 0 else { return nil }
        return kept
    }

    public mutating func resume(learned: [UInt8], _ pulse: inout Pulse) throws {
        let before = state
        try take(kept: learned)
        pulse.showProgress(detector.age, of: detector.settings.learningSamples)
        if state != before { pulse.enter(state.rawValue, reason: "learned before the restart") }
    }

    /// Writes or reads every field that what it senses next depends on.
    package mutating func exchange(_ codec: inout StateCodec) throws(Refusal) {
        try codec.word(&state)
        try detector.exchange(&codec)
        if var twin = changes {
            try twin.exchange(&codec)
            changes = twin
        }
    }
}

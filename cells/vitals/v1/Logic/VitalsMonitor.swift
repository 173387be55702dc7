import NimmerCell
import NimmerSensing

/// All vitals of one machine: looks go in, one observation for each vital comes out.
public struct VitalsMonitor: Sendable {
    private let settings: VitalsSettings
    private let origins: [Vital: Token]
    private var signs = VitalSigns()
    private var judges: [Vital: Pressure]
    private var detectors: [Vital: Detector]
    private var hasNamedUnknown = false

    /// A monitor that has seen nothing.
    ///
    /// - Parameter host: the machine's name, where the settings give no other.
    public init(settings: VitalsSettings, host: String) {
        self.settings = settings
        let name = settings.host ?? host
        origins = Dictionary(
            uniqueKeysWithValues: Vital.allCases.compactMap { vital in vital.origin(host: name).map { (vital, $0) } })
        judges = Dictionary(
            uniqueKeysWithValues: Vital.allCases.map { vital in
                (vital, Pressure(levels: settings.levels[vital] ?? vital.levels, smoothing: vital.smoothing))
            })
        var detecting = DetectorSettings()
        detecting.learningSamples = settings.learningSamples
        detectors = Dictionary(uniqueKeysWithValues: Vital.allCases.map { ($0, Detector(detecting)) })
    }

    /// One vital at one moment, judged.
    public struct Observation: Sendable, Hashable {
        /// Vital.
        public var vital: Vital
        /// Its origin.
        public var origin: Token
        /// Confidence that something is the matter, 0…1.
        public var confidence: Double
        /// The wave's content.
        public var content: JSON
    }

    /// Judges a look at the machine.
    public mutating func observe(_ look: Snapshot) -> [Observation] {
        signs.observe(withoutSensors(look)).compactMap { reading in
            guard settings.vitals.contains(reading.vital), let origin = origins[reading.vital] else { return nil }
            let seen = detectors[reading.vital]?.observe(reading.value)
            // Less than usual is never the matter with a vital.
            let surprise = seen.map { $0.isAbove ? $0.confidence : 0 } ?? 0
            guard let judged = judges[reading.vital]?.judge(reading.value, at: look.at, surprise: surprise) else {
                return nil
            }
            var content: JSONObject = [
                "vital": .string(reading.vital.rawValue), "value": .number(rounded(reading.value)),
                "unit": .string(reading.vital.unit), "average": .number(rounded(judged.average)),
                "reason": .string(judged.reason.rawValue),
            ]
            if let seen, seen.times > 0 {
                content["normal"] = .number(rounded(seen.normal))
                content["times_worst_learned"] = .number(rounded(seen.times))
            }
            for detail in reading.details { content[detail.key] = detail.value }
            return Observation(
                vital: reading.vital, origin: origin, confidence: rounded(judged.confidence), content: .object(content))
        }
    }

    /// The configured vitals for which the machine has no sensor, each named once.
    public mutating func newlyMissing(_ look: Snapshot) -> [Vital] {
        signs.newlyMissing(withoutSensors(look)).filter { settings.vitals.contains($0) }
    }

    /// The names of sensors to leave out that no sensor of the machine goes by; asked for once, at the first look.
    public mutating func newlyUnknown(_ look: Snapshot) -> [String] {
        guard !hasNamedUnknown else { return [] }
        hasNamedUnknown = true
        return settings.withoutSensors.filter { name in !look.temperatures.contains { $0.goes(by: name) } }
    }

    private func withoutSensors(_ look: Snapshot) -> Snapshot {
        guard !settings.withoutSensors.isEmpty else { return look }
        var rest = look
        rest.temperatures.removeAll { sensor in settings.withoutSensors.contains { sensor.goes(by: $0) } }
        return rest
    }
}

import NimmerWave

/// All vitals of one machine: looks go in, one observation for each vital comes out.
public struct VitalsMonitor: Sendable {
    private let settings: VitalsSettings
    private let origins: [Vital: Token]
    private var signs = VitalSigns()
    private var judges: [Vital: Pressure]

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
    }

    /// One vital at one moment, judged.
    public struct Observation: Sendable, Hashable {
        /// Which vital.
        public var vital: Vital
        /// Its origin.
        public var origin: Token
        /// How sure it is that something is the matter, 0…1.
        public var confidence: Double
        /// The wave's content.
        public var content: JSON
    }

    /// Judges a look at the machine.
    public mutating func observe(_ look: Snapshot) -> [Observation] {
        signs.observe(look).compactMap { reading in
            guard settings.vitals.contains(reading.vital), let origin = origins[reading.vital],
                let judged = judges[reading.vital]?.judge(reading.value, at: look.at, surprise: 0)
            else { return nil }
            var content: JSONObject = [
                "vital": .string(reading.vital.rawValue), "value": .number(rounded(reading.value)),
                "unit": .string(reading.vital.unit), "average": .number(rounded(judged.average)),
                "reason": .string(judged.reason.rawValue),
            ]
            for detail in reading.details { content[detail.key] = detail.value }
            return Observation(
                vital: reading.vital, origin: origin, confidence: rounded(judged.confidence), content: .object(content))
        }
    }

    /// The vitals that are wanted but for which the machine has no sensor, each named once.
    public mutating func newlyMissing(_ look: Snapshot) -> [Vital] {
        signs.newlyMissing(look).filter { settings.vitals.contains($0) }
    }
}

import NimmerWave

/// The battery cell's state machine over one battery: MONITORING → LOW → CRITICAL and back, with hysteresis.
public struct BatteryMonitor: Sendable {
    /// State of a battery.
    public enum State: String, Sendable, Comparable, CaseIterable {
        /// Enough is left. Can go to ``low``.
        case monitoring = "MONITORING"
        /// Little is left. Can go to ``critical``, and back to ``monitoring`` above the level plus the hysteresis.
        case low = "LOW"
        /// Nearly nothing is left. Can go back to ``low`` above the level plus the hysteresis.
        case critical = "CRITICAL"

        private var depth: Int { self == .monitoring ? 0 : self == .low ? 1 : 2 }
        /// By how bad it is.
        public static func < (a: State, b: State) -> Bool { a.depth < b.depth }
    }

    /// Limits of a low battery. All are shares of full, 0…1.
    public struct Limits: Sendable, Hashable {
        /// At or below it the battery is low.
        public var low: Double
        /// At or below it the battery is critical.
        public var critical: Double
        /// By how much the charge must rise above a level before the state goes back.
        public var hysteresis: Double

        /// Limits with 0 ≤ critical < low ≤ 1 and 0 ≤ hysteresis ≤ 0.5.
        public init(low: Double = 0.2, critical: Double = 0.08, hysteresis: Double = 0.03) throws(Refusal) {
            guard 0 <= critical, critical < low, low <= 1 else {
                throw Refusal(
                    .value, field: "critical", "critical and low must be shares of full with critical below low",
                    found: "critical \(critical), low \(low)")
            }
            guard (0...0.5).contains(hysteresis) else {
                throw Refusal(
                    .value, field: "hysteresis", "hysteresis must be between 0 and 0.5", found: "\(hysteresis)")
            }
            (self.low, self.critical, self.hysteresis) = (low, critical, hysteresis)
        }
    }

    /// State of the battery.
    public private(set) var state = State.monitoring
    private let limits: Limits

    /// A monitor of one battery.
    public init(limits: Limits) { self.limits = limits }

    /// Result of a look at the battery.
    public struct Observation: Sendable, Hashable {
        /// The states that were entered, each a neighbour of the one before; empty when nothing changed.
        public var entered: [State]
        /// Confidence that the battery needs attention, 0…1.
        public var confidence: Double
        /// The wave's content.
        public var content: JSON
    }

    /// Takes a look at the battery into account.
    public mutating func observe(_ battery: PowerSupply) -> Observation {
        var entered: [State] = []
        while let next = neighbour(battery.charge) {
            state = next
            entered.append(next)
        }
        var content: JSONObject = [
            "battery": .string(battery.name), "charge": .number((battery.charge * 1000).rounded() / 1000),
            "state": .string(state.rawValue), "flow": .string(battery.flow.rawValue),
        ]
        content["watts"] = battery.watts.map { .number(($0 * 100).rounded() / 100) }
        return Observation(entered: entered, confidence: confidence(battery), content: .object(content))
    }

    private func neighbour(_ charge: Double) -> State? {
        switch state {
        case .monitoring: charge <= limits.low ? .low : nil
        case .low:
            if charge <= limits.critical {
                .critical
            } else {
                charge > limits.low + limits.hysteresis ? .monitoring : nil
            }
        case .critical: charge > limits.critical + limits.hysteresis ? .low : nil
        }
    }

    /// 0.5 at the low level, 0.9 at the critical one, 1 when empty; a quarter of it while the battery is being filled.
    private func confidence(_ battery: PowerSupply) -> Double {
        let charge = battery.charge
        let sure: Double
        switch state {
        case .monitoring: return 0
        case .low: sure = 0.5 + 0.4 * share(limits.low - charge, of: limits.low - limits.critical)
        case .critical: sure = 0.9 + 0.1 * share(limits.critical - charge, of: limits.critical)
        }
        return battery.flow == .charging || battery.flow == .resting ? sure / 4 : sure
    }

    private func share(_ part: Double, of whole: Double) -> Double {
        whole > 0 ? max(0, min(1, part / whole)) : 1
    }
}

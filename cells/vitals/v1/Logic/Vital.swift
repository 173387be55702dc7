import NimmerCell
import NimmerWave

/// A sign of life of the machine, each with an origin of its own.
public enum Vital: String, CaseIterable, Sendable {
    /// Use of the processors.
    case cpu
    /// Share of memory that is not available.
    case memory
    /// Use of the fullest watched file system.
    case disk
    /// Latency of a disk operation.
    case diskLatency = "disk_latency"
    /// Number of tasks that need a processor or wait for a disk.
    case load
    /// Rate of packets that are lost or broken.
    case networkErrors = "network_errors"
    /// Temperature of the hottest sensor.
    case temperature

    /// The unit of the vital's value, as it stands in the wave.
    public var unit: String {
        switch self {
        case .cpu, .memory, .disk: "fraction"
        case .diskLatency: "ms"
        case .load: "tasks_per_core"
        case .networkErrors: "per_second"
        case .temperature: "celsius"
        }
    }

    /// The levels where no setting states otherwise.
    public var levels: Levels {
        switch self {
        case .cpu: Levels(notice: 0.3, warning: 0.7, critical: 0.95)
        case .memory: Levels(notice: 0.5, warning: 0.75, critical: 0.9)
        case .disk: Levels(notice: 0.6, warning: 0.8, critical: 0.9)
        case .diskLatency: Levels(notice: 5, warning: 25, critical: 150)
        case .load: Levels(notice: 0.5, warning: 1, critical: 2)
        case .networkErrors: Levels(notice: 1, warning: 10, critical: 100)
        case .temperature: Levels(notice: 60, warning: 80, critical: 95)
        }
    }

    /// Over how many seconds a value is averaged before it is judged, so that only what lasts is pressure.
    public var smoothing: Double {
        switch self {
        case .cpu, .load, .diskLatency, .networkErrors: 2
        case .memory, .disk, .temperature: 0
        }
    }

    /// The origin of the vital's waves: `<host>-<vital>` as a token, so that two cells on one machine count once.
    public func origin(host: String) -> Token? {
        let part = Token.part(of: host)
        let start = part.isEmpty ? "host" : part
        return try? Token("\(start)-\(rawValue)")
    }
}

/// From where on a value matters, in the vital's unit.
public struct Levels: Sendable, Hashable {
    /// Below it a value is never unusual enough to speak of.
    public var notice: Double
    /// From here on the value is a pressure whatever is normal.
    public var warning: Double
    /// Here the pressure is nearly certain (confidence 0.9).
    public var critical: Double

    /// Levels in rising order.
    public init(notice: Double, warning: Double, critical: Double) {
        self.notice = notice
        self.warning = warning
        self.critical = critical
    }

    /// Levels from a setting: three rising numbers.
    public init(_ numbers: [Double], of vital: String) throws(Refusal) {
        guard numbers.count == 3, numbers[0] <= numbers[1], numbers[1] < numbers[2], numbers.allSatisfy(\.isFinite)
        else {
            throw Refusal(
                .value, field: "levels.\(vital)",
                "levels.\(vital) must be three rising numbers: notice, warning, critical",
                found: "\(numbers)")
        }
        self.init(notice: numbers[0], warning: numbers[1], critical: numbers[2])
    }
}

/// One vital at one moment.
public struct Reading: Sendable, Hashable {
    /// Vital.
    public var vital: Vital
    /// Its value in ``Vital/unit``.
    public var value: Double
    /// Further facts about it.
    public var details: JSONObject

    /// A reading.
    public init(_ vital: Vital, _ value: Double, _ details: JSONObject = [:]) {
        self.vital = vital
        self.value = value
        self.details = details
    }
}

import NimmerCell
import NimmerWave

extension Manifest {
    /// The vitals cell.
    public static let vitals = Manifest(
        name: "vitals", version: "1.0.0",
        summary: "Senses this machine: processors, memory, disks, load, network errors and temperature.",
        domain: "vitals", costs: ["sense": 0.1], interval: 1000,
        origins: Vital.allCases.map { "{host}-\($0.rawValue)" })
}

/// Settings of the vitals cell.
public struct VitalsOptions: ProcessOptions {
    let mounts = Setting.list("mounts", ["/"], "File systems to watch.")
    let host = Setting.text("host", "First part of the origins; the machine's name unless set.")
    let without = Setting.list("without", [], "Vitals to leave out.")
    let withoutSensors = Setting.list(
        "without_sensors", [], "Temperature sensors to leave out, by name: thermal_zone2, acpitz, hwmon1/temp3, nvme.")
    let learningSamples = Setting.whole(
        "learning_samples", 120, in: 20...86_400,
        "From how many looks it learns what is usual here; it speaks of the unusual after a quarter of them.")
    let levels = Setting.table("levels", "Levels of a vital: notice, warning, critical, in its unit.")

    public init() {}
}

/// Settings of the vitals cell.
public struct VitalsSettings: Sendable {
    /// File systems to watch.
    public var mounts: [String]
    /// First part of the origins; nil: the machine's name.
    public var host: String?
    /// The vitals to sense.
    public var vitals: [Vital]
    /// Names of the temperature sensors to leave out (``Temperature/goes(by:)``).
    public var withoutSensors: [String]
    /// From where on each matters.
    public var levels: [Vital: Levels]
    /// From how many looks it learns what is usual.
    public var learningSamples: Int

    /// Reads and checks the settings.
    ///
    /// - Throws: a ``Refusal`` naming the setting and what was expected.
    public init(_ settings: Settings<VitalsOptions>) throws(Refusal) {
        mounts = settings.mounts
        host = settings.host
        withoutSensors = settings.withoutSensors
        for name in withoutSensors where name.isEmpty {
            throw Refusal(.value, field: "without_sensors", "without_sensors takes names of sensors", found: "''")
        }
        learningSamples = settings.learningSamples
        for path in mounts where !path.hasPrefix("/") {
            throw Refusal(.value, field: "mounts", "mounts must be full paths", found: "'\(path)'")
        }
        var without: Set<Vital> = []
        for name in settings.without { without.insert(try Self.vital(name, of: "without")) }
        vitals = Vital.allCases.filter { !without.contains($0) }
        levels = Dictionary(uniqueKeysWithValues: Vital.allCases.map { ($0, $0.levels) })
        for row in settings.levels {
            let numbers = row.values.compactMap(Double.init)
            guard numbers.count == row.values.count else {
                throw Refusal(
                    .value, field: "levels.\(row.name)", "levels.\(row.name) must be three numbers",
                    found: row.values.joined(separator: ", "))
            }
            levels[try Self.vital(row.name, of: "levels")] = try Levels(numbers, of: row.name)
        }
    }

    private static func vital(_ name: String, of setting: String) throws(Refusal) -> Vital {
        guard let vital = Vital(rawValue: name) else {
            let known = Vital.allCases.map(\.rawValue).joined(separator: ", ")
            throw Refusal(.value, field: setting, "\(setting) takes names of vitals: \(known)", found: "'\(name)'")
        }
        return vital
    }
}

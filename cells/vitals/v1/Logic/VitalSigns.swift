import NimmerWave

/// Result of one look at the machine; a part is nil where the machine has no such sensor.
public struct Snapshot: Sendable {
    /// Time at which it was taken.
    public var at: Timestamp
    /// `/proc/stat`
    public var processors: ProcessorTimes?
    /// `/proc/meminfo`
    public var memory: MemoryUse?
    /// `/proc/loadavg`
    public var load: LoadAverage?
    /// `/proc/diskstats`, whole disks by name
    public var disks: [String: DiskCounters] = [:]
    /// `/proc/net/dev`
    public var network: NetworkCounters?
    /// The watched file systems.
    public var fileSystems: [FileSystemUse] = []
    /// `/sys/class/thermal` and `/sys/class/hwmon`
    public var temperatures: [Temperature] = []

    /// An empty look.
    public init(at: Timestamp) { self.at = at }
}

/// Looks at the machine turned into readings: rates are differences between two looks.
public struct VitalSigns: Sendable {
    private var last: Snapshot?
    private var named: Set<Vital> = []

    /// Nothing seen yet.
    public init() {}

    /// The readings of this look. Rates need an earlier look, so that the first look has fewer.
    public mutating func observe(_ now: Snapshot) -> [Reading] {
        defer { last = now }
        let elapsed = last.map { now.at.milliseconds(since: $0.at) } ?? 0
        let rates = last.map { elapsed > 0 ? Self.rates(now, $0, elapsed) : [] } ?? []
        let readings = Self.levels(now) + rates
        return Vital.allCases.compactMap { vital in readings.first { $0.vital == vital } }
    }

    /// The vitals for which the machine has no sensor and of which that has not been reported yet.
    public mutating func newlyMissing(_ now: Snapshot) -> [Vital] {
        let missing = Vital.allCases.filter { !Self.has($0, now) && !named.contains($0) }
        named.formUnion(missing)
        return missing
    }

    private static func has(_ vital: Vital, _ now: Snapshot) -> Bool {
        switch vital {
        case .cpu, .load: now.processors != nil
        case .memory: now.memory != nil
        case .disk: !now.fileSystems.isEmpty
        case .diskLatency: !now.disks.isEmpty
        case .networkErrors: now.network != nil
        case .temperature: !now.temperatures.isEmpty
        }
    }

    private static func levels(_ now: Snapshot) -> [Reading] {
        var readings: [Reading] = []
        if let memory = now.memory {
            readings.append(
                Reading(
                    .memory, memory.usedFraction,
                    [
                        "available_mib": .number(Double(memory.available >> 20)),
                        "total_mib": .number(Double(memory.total >> 20)),
                    ]))
        }
        if let fullest = now.fileSystems.max(by: { $0.usedFraction < $1.usedFraction }) {
            readings.append(
                Reading(
                    .disk, fullest.usedFraction,
                    ["path": .string(fullest.path), "free_mib": .number(Double(fullest.free >> 20))]))
        }
        if let hottest = now.temperatures.max(by: { $0.celsius < $1.celsius }) {
            readings.append(Reading(.temperature, hottest.celsius, ["sensor": .string(hottest.sensor)]))
        }
        if let processors = now.processors {
            // The task that is looking runs too: it is not load.
            let waiting = max(0, processors.running - 1) + processors.blocked
            var details: JSONObject = [
                "tasks": .number(Double(waiting)), "cores": .number(Double(processors.cores)),
            ]
            if let load = now.load {
                details["load_1min"] = .number(load.one)
                details["load_15min"] = .number(load.fifteen)
            }
            readings.append(Reading(.load, Double(waiting) / Double(processors.cores), details))
        }
        return readings
    }

    private static func rates(_ now: Snapshot, _ last: Snapshot, _ elapsed: Double) -> [Reading] {
        var readings: [Reading] = []
        if let processors = now.processors, let busy = last.processors.flatMap(processors.busyFraction(since:)) {
            readings.append(Reading(.cpu, busy, ["cores": .number(Double(processors.cores))]))
        }
        let disks = now.disks.compactMap { name, counters in
            last.disks[name].flatMap { counters.latency(since: $0, milliseconds: elapsed) }.map { (name, $0) }
        }
        if let slowest = disks.max(by: { ($0.1.latency, $0.1.active, $1.0) < ($1.1.latency, $1.1.active, $0.0) }) {
            readings.append(
                Reading(
                    .diskLatency, slowest.1.latency,
                    ["device": .string(slowest.0), "active": .number(rounded(slowest.1.active))]))
        }
        if let network = now.network, let lost = last.network.flatMap(network.lost(since:)) {
            readings.append(Reading(.networkErrors, Double(lost) * 1000 / elapsed))
        }
        return readings
    }
}

/// A number with at most four decimals, so that a wave stays readable.
func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }

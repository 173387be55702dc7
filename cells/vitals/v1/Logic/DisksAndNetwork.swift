/// Counters of one disk from `/proc/diskstats`, since the machine started.
public struct DiskCounters: Sendable, Hashable {
    /// Operations that ended: reads and writes.
    public var operations: UInt64
    /// Milliseconds that these operations took, summed.
    public var waited: UInt64
    /// Milliseconds in which the disk had anything to do.
    public var active: UInt64

    /// Counters.
    public init(operations: UInt64, waited: UInt64, active: UInt64) {
        self.operations = operations
        self.waited = waited
        self.active = active
    }

    /// Reads the text of `/proc/diskstats`: whole disks only, no partitions, loops, memory disks or stacked devices.
    public static func parse(_ text: String) -> [String: DiskCounters] {
        var all: [String: DiskCounters] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 14 else { continue }
            let numbers = words[3..<14].map { UInt64($0) }
            guard let reads = numbers[0], let readTime = numbers[3], let writes = numbers[4],
                let writeTime = numbers[7],
                let active = numbers[9]
            else { continue }
            all[String(words[2])] = DiskCounters(
                operations: reads &+ writes, waited: readTime &+ writeTime, active: active)
        }
        return all.filter { isWhole($0.key, among: all) }
    }

    private static func isWhole(_ name: String, among all: [String: DiskCounters]) -> Bool {
        let stacked = ["loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd"]
        if stacked.contains(where: { name.hasPrefix($0) }) { return false }
        var base = Substring(name)
        while let last = base.last, last.isNumber { base.removeLast() }
        guard base.count < name.count else { return true }
        if base.last == "p", let before = base.dropLast().last, before.isNumber {
            return all[String(base.dropLast())] == nil
        }
        return all[String(base)] == nil
    }

    /// Milliseconds for one operation, and the share of the time in which the disk was active, since an earlier look.
    /// The latency is 0 when fewer than `minimum` operations ended: too few to measure.
    public func latency(since earlier: DiskCounters, milliseconds: Double, minimum: UInt64 = 4) -> (
        latency: Double, active: Double
    )? {
        guard operations >= earlier.operations, waited >= earlier.waited, active >= earlier.active, milliseconds > 0
        else {
            return nil
        }
        let ended = operations - earlier.operations
        let latency = ended < minimum ? 0 : Double(waited - earlier.waited) / Double(ended)
        return (latency, min(1, Double(active - earlier.active) / milliseconds))
    }
}

/// Counters of all network devices but the loopback, from `/proc/net/dev`, since the machine started.
public struct NetworkCounters: Sendable, Hashable {
    /// Packets that were broken, both ways.
    public var errors: UInt64
    /// Packets that were dropped, both ways.
    public var dropped: UInt64

    /// Reads the text of `/proc/net/dev`; nil when it names no device but the loopback.
    public init?(parsing text: String) {
        (errors, dropped) = (0, 0)
        var devices = 0
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = line[..<colon].drop { $0 == " " }
            let numbers = line[line.index(after: colon)...].split(separator: " ").map { UInt64($0) ?? 0 }
            guard numbers.count >= 12, name != "lo" else { continue }
            devices += 1
            errors = errors &+ numbers[2] &+ numbers[10]
            dropped = dropped &+ numbers[3] &+ numbers[11]
        }
        guard devices > 0 else { return nil }
    }

    /// Broken and dropped packets since an earlier look; nil when a counter went backwards (a device left).
    public func lost(since earlier: NetworkCounters) -> UInt64? {
        guard errors >= earlier.errors, dropped >= earlier.dropped else { return nil }
        return (errors - earlier.errors) + (dropped - earlier.dropped)
    }
}

/// Use of a file system.
public struct FileSystemUse: Sendable, Hashable {
    /// Mount point.
    public var path: String
    /// Bytes that it holds at the most, for an ordinary user.
    public var total: UInt64
    /// Bytes that are free for an ordinary user.
    public var free: UInt64

    /// A file system's use.
    public init(path: String, total: UInt64, free: UInt64) {
        self.path = path
        self.total = total
        self.free = free
    }

    /// The share that is used, 0…1.
    public var usedFraction: Double { total == 0 ? 0 : 1 - Double(min(free, total)) / Double(total) }
}

/// A temperature by the name of its sensor, in degrees Celsius.
public struct Temperature: Sendable, Hashable {
    /// The sensor: `thermal_zone0 (x86_pkg_temp)`, `hwmon1/temp1 (nvme)`.
    public var sensor: String
    /// Degrees Celsius.
    public var celsius: Double

    /// A temperature.
    public init(sensor: String, celsius: Double) {
        self.sensor = sensor
        self.celsius = celsius
    }

    /// Returns whether a person may mean this sensor by a name: its whole name, that before the blank (`thermal_zone0`, `hwmon1/temp1`), the chip
    /// (`hwmon1`), or the type in parentheses (`x86_pkg_temp`).
    public func goes(by name: String) -> Bool {
        let parts = sensor.split(separator: " ", maxSplits: 1)
        guard name != sensor, let place = parts.first else { return name == sensor }
        let type = parts.count > 1 && parts[1].hasPrefix("(") ? parts[1].dropFirst().dropLast() : ""
        let chip = place.prefix { $0 != "/" }
        return name == place || name == chip || (!type.isEmpty && name == type)
    }

    /// Reads a `temp` file of the kernel, in thousandths of a degree; nil for what no sensor can mean (below -40 or above
    /// 150 degrees, which broken sensors report).
    public init?(sensor: String, parsing text: String) {
        let digits = text.split { $0 == "\n" || $0 == " " }.first
        guard let digits, let thousandths = Int(digits), (-40_000...150_000).contains(thousandths) else { return nil }
        self.init(sensor: sensor, celsius: Double(thousandths) / 1000)
    }
}

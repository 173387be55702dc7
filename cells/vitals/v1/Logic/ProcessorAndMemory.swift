/// Contents of `/proc/stat`: processor time since the start in clock ticks, and the tasks that run or wait for a disk.
public struct ProcessorTimes: Sendable, Hashable {
    /// Ticks spent working: user, nice, system, interrupts, and stolen by the hypervisor.
    public var busy: UInt64
    /// All ticks.
    public var total: UInt64
    /// Processors online.
    public var cores: Int
    /// Tasks that run or are ready to.
    public var running: Int
    /// Tasks that wait for a disk.
    public var blocked: Int

    /// Reads the text of `/proc/stat`; nil when it has no line of all processors.
    public init?(parsing text: String) {
        var times: (busy: UInt64, total: UInt64)?
        (cores, running, blocked) = (0, 0, 0)
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let name = words.first else { continue }
            switch name {
            case "cpu":
                let ticks = words.dropFirst().prefix(8).compactMap { UInt64($0) }
                guard ticks.count >= 4 else { return nil }
                let total = ticks.reduce(0, &+)
                let idle = ticks[3] &+ (ticks.count > 4 ? ticks[4] : 0)
                times = (total &- idle, total)
            case "procs_running": running = words.dropFirst().first.flatMap { Int($0) } ?? 0
            case "procs_blocked": blocked = words.dropFirst().first.flatMap { Int($0) } ?? 0
            case _ where name.hasPrefix("cpu"): cores += 1
            default: break
            }
        }
        guard let times else { return nil }
        (busy, total) = times
        cores = max(cores, 1)
    }

    /// The share of busy time since an earlier look, 0…1; nil when no time has passed or the counters went backwards.
    public func busyFraction(since earlier: ProcessorTimes) -> Double? {
        guard total > earlier.total, busy >= earlier.busy else { return nil }
        return min(1, Double(busy - earlier.busy) / Double(total - earlier.total))
    }
}

/// Contents of `/proc/meminfo`, in bytes.
public struct MemoryUse: Sendable, Hashable {
    /// All memory.
    public var total: UInt64
    /// Memory that is available without swapping.
    public var available: UInt64

    /// Reads the text of `/proc/meminfo`; nil when the total or the available amount is missing.
    public init?(parsing text: String) {
        var found: [Substring: UInt64] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == ":" }
            guard words.count >= 2, let kibibytes = UInt64(words[1]), kibibytes < 1 << 50 else { continue }
            found[words[0]] = kibibytes * 1024
        }
        guard let total = found["MemTotal"], total > 0 else { return nil }
        let parts = (found["MemFree"], found["Buffers"], found["Cached"])
        let fallback = parts.0.map { $0 + (parts.1 ?? 0) + (parts.2 ?? 0) }
        guard let available = found["MemAvailable"] ?? fallback else { return nil }
        self.total = total
        self.available = min(available, total)
    }

    /// The share that cannot be had any more, 0…1.
    public var usedFraction: Double { 1 - Double(available) / Double(total) }
}

/// Contents of `/proc/loadavg`: tasks that ran or waited for a disk, averaged over 1, 5 and 15 minutes.
public struct LoadAverage: Sendable, Hashable {
    /// Over one minute.
    public var one: Double
    /// Over five minutes.
    public var five: Double
    /// Over fifteen minutes.
    public var fifteen: Double

    /// Reads the text of `/proc/loadavg`.
    public init?(parsing text: String) {
        let numbers = text.split { $0 == " " || $0 == "\n" }.prefix(3).compactMap { Double($0) }
        guard numbers.count == 3, numbers.allSatisfy({ $0.isFinite && $0 >= 0 }) else { return nil }
        (one, five, fifteen) = (numbers[0], numbers[1], numbers[2])
    }
}

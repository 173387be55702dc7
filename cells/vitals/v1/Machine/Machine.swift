import Glibc
import NimmerPlatform
import NimmerWave
import VitalsCell

/// This machine, as its kernel shows it under `/proc` and `/sys`.
public struct Machine: VitalsSource {
    private let root: String
    private let mounts: [String]

    /// A machine.
    ///
    /// - Parameters:
    ///   - root: where its `/proc` and `/sys` are; empty for the machine that this runs on.
    ///   - mounts: the file systems to watch.
    public init(root: String, mounts: [String] = ["/"]) {
        self.root = root
        self.mounts = mounts
    }

    public init(mounts: [String]) { self.init(root: "", mounts: mounts) }

    /// One look.
    public func look(at: Timestamp) -> Snapshot {
        var snapshot = Snapshot(at: at)
        snapshot.processors = read("/proc/stat").flatMap(ProcessorTimes.init(parsing:))
        snapshot.memory = read("/proc/meminfo").flatMap(MemoryUse.init(parsing:))
        snapshot.load = read("/proc/loadavg").flatMap(LoadAverage.init(parsing:))
        snapshot.disks = read("/proc/diskstats").map(DiskCounters.parse) ?? [:]
        snapshot.network = read("/proc/net/dev").flatMap(NetworkCounters.init(parsing:))
        snapshot.fileSystems = mounts.compactMap(fileSystem)
        snapshot.temperatures = temperatures()
        return snapshot
    }

    /// The machine's name; `host` when it has none.
    public func hostName() -> String {
        let name = read("/proc/sys/kernel/hostname")?.split(separator: "\n").first
        return name.map(String.init) ?? "host"
    }

    private func fileSystem(_ path: String) -> FileSystemUse? {
        var status = statvfs()
        guard statvfs(root + path, &status) == 0, status.f_blocks > 0 else { return nil }
        // Blocks that only root may fill count neither as free nor as part of the whole.
        let reserved = status.f_bfree - status.f_bavail
        let size = UInt64(status.f_frsize)
        return FileSystemUse(
            path: path, total: UInt64(status.f_blocks - reserved) &* size, free: UInt64(status.f_bavail) &* size)
    }

    private func temperatures() -> [Temperature] {
        var found: [Temperature] = []
        for zone in entries("/sys/class/thermal") where zone.hasPrefix("thermal_zone") {
            let folder = "/sys/class/thermal/\(zone)"
            let name = "\(zone) (\(word("\(folder)/type") ?? "unnamed"))"
            if let text = read("\(folder)/temp"), let one = Temperature(sensor: name, parsing: text) {
                found.append(one)
            }
        }
        for chip in entries("/sys/class/hwmon") {
            let folder = "/sys/class/hwmon/\(chip)"
            for file in entries(folder) where file.hasPrefix("temp") && file.hasSuffix("_input") {
                let name = "\(chip)/\(file.dropLast(6)) (\(word("\(folder)/name") ?? "unnamed"))"
                if let text = read("\(folder)/\(file)"), let one = Temperature(sensor: name, parsing: text) {
                    found.append(one)
                }
            }
        }
        return found
    }

    private func word(_ path: String) -> String? {
        read(path)?.split(separator: "\n").first.map(String.init)
    }

    private func entries(_ path: String) -> [String] {
        SmallFile.names(in: root + path).filter { !$0.hasPrefix(".") }.sorted()
    }

    /// Files of the kernel have no length of their own; 1 MiB is far beyond the longest of them.
    private func read(_ path: String) -> String? { SmallFile.read(root + path, limit: 1 << 20) }
}

import Glibc
import NimmerOutput
import Synchronization

/// Offsets of a time zone from UTC, by its name in the tz database (`Europe/Berlin`).
package struct ZoneRules: Equatable, Sendable {
    /// Its name.
    package let name: String
    /// Offsets in seconds east of UTC, each with the second since 1970 from which it holds; the first holds before as well.
    private var offsets: [(from: Int64, offset: Int)] = []

    package static func == (one: ZoneRules, other: ZoneRules) -> Bool { one.name == other.name }

    /// One thread at a time changes the zone of this process.
    private static let process = Mutex(())
    private static let week: Int64 = 604_800

    /// The rules of a zone from 1970 to 2100.
    ///
    /// - Throws: ``Failure`` when this machine's tz database does not have it.
    package init(_ name: String) throws(Failure) {
        self.name = name
        let folder = getenv("TZDIR").map { String(cString: $0) } ?? "/usr/share/zoneinfo"
        let isName =
            !name.isEmpty && !name.hasPrefix("/") && !name.contains("..")
            && name.utf8.allSatisfy { $0 > 32 && $0 < 127 }
        guard isName, FileText.exists("\(folder)/\(name)"), !FileText.isDirectory("\(folder)/\(name)") else {
            throw Failure(
                .usage, "unknown time zone: \(name)",
                remedy: FileText.isDirectory(folder)
                    ? "a name of the tz database such as Europe/Berlin or America/New_York"
                    : "this machine has no tz database in \(folder): apt install tzdata")
        }
        offsets = Self.process.withLock { _ in
            let before = getenv("TZ").map { String(cString: $0) }
            setenv("TZ", ":\(name)", 1)
            tzset()
            defer {
                if let before { setenv("TZ", before, 1) } else { unsetenv("TZ") }
                tzset()
            }
            return Self.probe()
        }
    }

    /// Asks the C library for the offset of each week, and for the second of each change between two of them.
    private static func probe() -> [(from: Int64, offset: Int)] {
        var offsets = [(from: Int64(0), offset: offset(at: 0))]
        var second: Int64 = 0
        while second < 4_102_444_800 {
            let known = offsets[offsets.count - 1].offset
            let next = offset(at: second + week)
            if next != known {
                var (low, high) = (second, second + week)
                while high - low > 1 {
                    let middle = (low + high) / 2
                    if offset(at: middle) == known { low = middle } else { high = middle }
                }
                offsets.append((high, next))
            }
            second += week
        }
        return offsets
    }

    private static func offset(at second: Int64) -> Int {
        var clock = time_t(second)
        var time = tm()
        localtime_r(&clock, &time)
        return time.tm_gmtoff
    }

    /// The offset at a second since 1970.
    package func offset(at second: Int64) -> Int {
        var (low, high) = (0, offsets.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if offsets[middle].from <= second { low = middle } else { high = middle }
        }
        return offsets[low].offset
    }

    /// The seconds since 1970 that a local time names, the earlier first: two in the hour that comes twice. A time that does not exist, in
    /// the hour that is left out, names the one as far behind the change.
    package func seconds(local: Int64) -> [Int64] {
        let before = offset(at: local - 86_400)
        let after = offset(at: local + 86_400)
        let named = Set([before, after]).map { local - Int64($0) }.filter { local - Int64(offset(at: $0)) == $0 }
            .sorted()
        return named.isEmpty ? [local - Int64(before)] : named
    }
}

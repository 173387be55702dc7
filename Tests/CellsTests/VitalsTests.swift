import NimmerCell
import NimmerSensing
import Testing

@testable import VitalsCell

@Suite("vitals: the kernel's files")
struct VitalsParserTests {
    @Test("/proc/stat: busy is what is not idle, per core and in differences")
    func processors() throws {
        let before = try #require(
            ProcessorTimes(
                parsing:
                    "cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 50 0 25 400 25\ncpu1 1 2 3 4\nprocs_running 3\nprocs_blocked 1\n"
            ))
        #expect(before.cores == 2)
        #expect(before.busy == 150)
        #expect(before.total == 1000)
        #expect(before.running == 3)
        #expect(before.blocked == 1)
        let after = try #require(ProcessorTimes(parsing: "cpu  190 0 60 890 60 0 0 0 0 0\n"))
        #expect(after.busyFraction(since: before) == 0.5)
        #expect(before.busyFraction(since: after) == nil)
        #expect(after.busyFraction(since: after) == nil)
    }

    @Test(
        "/proc/meminfo: used is what cannot be had",
        arguments: [
            ("MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 250 kB\n", 0.75),
            ("MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 350 kB\n", 0.5),
        ])
    func memory(text: String, used: Double) throws {
        #expect(try abs(#require(MemoryUse(parsing: text)).usedFraction - used) < 1e-12)
    }

    @Test(
        "text that is not what it should be gives nothing", arguments: ["", "cpu a b c d", "MemTotal: x kB", "\u{0}"])
    func garbage(text: String) {
        #expect(ProcessorTimes(parsing: text) == nil)
        #expect(MemoryUse(parsing: text) == nil)
        #expect(LoadAverage(parsing: text) == nil)
        #expect(NetworkCounters(parsing: text) == nil)
        #expect(DiskCounters.parse(text).isEmpty)
    }

    @Test("/proc/loadavg")
    func load() throws {
        let load = try #require(LoadAverage(parsing: "0.50 1.25 2.00 1/92 20327\n"))
        #expect((load.one, load.five, load.fifteen) == (0.5, 1.25, 2))
    }

    @Test("/proc/diskstats: whole disks only, time for one operation from differences")
    func disks() throws {
        func text(_ reads: Int, _ readTime: Int, _ writes: Int, _ writeTime: Int, _ active: Int) -> String {
            ["loop0", "ram0", "zram0", "dm-0", "sda1", "nvme0n1p2", "mmcblk0p1", "sda", "nvme0n1", "mmcblk0"].map {
                " 8 0 \($0) \(reads) 0 0 \(readTime) \(writes) 0 0 \(writeTime) 0 \(active) 0 0 0 0 0 0 0"
            }.joined(separator: "\n")
        }
        let before = DiskCounters.parse(text(100, 50, 100, 50, 80))
        #expect(before.keys.sorted() == ["mmcblk0", "nvme0n1", "sda"])
        let after = DiskCounters.parse(text(105, 100, 105, 500, 580))
        let start = try #require(before["sda"])
        let seen = try #require(after["sda"]?.latency(since: start, milliseconds: 1000))
        #expect(seen.latency == 50)
        #expect(seen.active == 0.5)
        let few = DiskCounters.parse(text(101, 500, 101, 500, 80))
        #expect(few["sda"]?.latency(since: start, milliseconds: 1000)?.latency == 0)
    }

    @Test("/proc/net/dev: broken and dropped packets of all but the loopback")
    func network() throws {
        func text(_ errors: Int, _ drops: Int) -> String {
            """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls
                lo:    3793      41    9    9    0     0          0         0     3793      41    9    9    0     0  0 0
              eth0: 46253034     943    \(errors)    \(drops)    0     0          0         0    50223     618    1 2 0 0 0 0
            """
        }
        let before = try #require(NetworkCounters(parsing: text(3, 4)))
        #expect((before.errors, before.dropped) == (4, 6))
        let after = try #require(NetworkCounters(parsing: text(5, 9)))
        #expect(after.lost(since: before) == 7)
        #expect(before.lost(since: after) == nil)
    }

    @Test("a temperature that no sensor can mean is nothing", arguments: ["999999", "-273000", "hot", ""])
    func brokenTemperature(text: String) {
        #expect(Temperature(sensor: "zone", parsing: text) == nil)
        #expect(Temperature(sensor: "zone", parsing: "45500\n")?.celsius == 45.5)
    }

    @Test(
        "an origin is a token, whatever the host is called",
        arguments: [
            ("web-1", "web-1-cpu"), ("Web.Example.ORG", "web-example-org-cpu"), ("", "host-cpu"), ("_ñ_", "host-cpu"),
            (String(repeating: "a", count: 64), String(repeating: "a", count: 40) + "-cpu"),
        ])
    func origin(host: String, expected: String) {
        #expect(Vital.cpu.origin(host: host)?.text == expected)
    }
}

@Suite("vitals: readings from looks")
struct VitalSignsTests {
    private func look(_ second: Int, busy: UInt64 = 0) -> Snapshot {
        var snapshot = Snapshot(at: Timestamp(nanoseconds: Int64(second) * 1_000_000_000))
        snapshot.processors = ProcessorTimes(
            parsing:
                "cpu \(busy) 0 0 \(UInt64(second) * 200 - busy)\ncpu0 1\ncpu1 1\nprocs_running 4\nprocs_blocked 1\n")
        snapshot.memory = MemoryUse(parsing: "MemTotal: 1000 kB\nMemAvailable: 900 kB\n")
        snapshot.disks = ["sda": DiskCounters(operations: UInt64(second) * 10, waited: UInt64(second) * 300, active: 0)]
        return snapshot
    }

    @Test("the first look has no rates, the second has")
    func rates() throws {
        var signs = VitalSigns()
        #expect(signs.observe(look(1)).map(\.vital) == [.memory, .load])
        let second = signs.observe(look(2, busy: 100))
        #expect(second.map(\.vital) == [.cpu, .memory, .diskLatency, .load])
        #expect(second[0].value == 0.5)
        #expect(second[2].value == 30)
        #expect(second[3].value == 2)
    }

    @Test("a clock that stands still gives no rates instead of a division by zero")
    func standing() {
        var signs = VitalSigns()
        _ = signs.observe(look(1))
        #expect(signs.observe(look(1)).allSatisfy { $0.value.isFinite })
    }

    @Test("a sensor that the machine lacks is named once")
    func missing() {
        var signs = VitalSigns()
        #expect(signs.newlyMissing(look(1)) == [.disk, .networkErrors, .temperature])
        #expect(signs.newlyMissing(look(2)).isEmpty)
    }
}

@Suite("vitals: how loud")
struct PressureTests {
    private let levels = Levels(notice: 0.3, warning: 0.7, critical: 0.95)

    private func second(_ number: Int) -> Timestamp { Timestamp(nanoseconds: Int64(number) * 1_000_000_000) }

    @Test("critical is loud whatever is normal; at the warning level there is no pressure yet")
    func absolute() {
        var pressure = Pressure(levels: levels, smoothing: 0)
        #expect(pressure.judge(0.7, at: second(0), surprise: 0).confidence == 0)
        let critical = pressure.judge(0.95, at: second(1), surprise: 0)
        #expect(abs(critical.confidence - 0.9) < 1e-9)
        #expect(critical.reason == .pressure)
        #expect(pressure.judge(5, at: second(2), surprise: 0).confidence == 1)
    }

    @Test("the unusual counts from the notice level on, and in full at the warning level")
    func unusual() {
        var pressure = Pressure(levels: levels, smoothing: 0)
        #expect(pressure.judge(0.2, at: second(0), surprise: 1).confidence == 0)
        let middle = pressure.judge(0.5, at: second(1), surprise: 0.8)
        #expect(abs(middle.confidence - 0.4) < 1e-9)
        #expect(middle.reason == .unusual)
        #expect(pressure.judge(0.7, at: second(2), surprise: 0.8).confidence == 0.8)
    }

    @Test("one busy second is no pressure, several are")
    func sustained() {
        var pressure = Pressure(levels: levels, smoothing: 2)
        _ = pressure.judge(0, at: second(0), surprise: 0)
        #expect(pressure.judge(1, at: second(1), surprise: 0).confidence == 0)
        var last = 0.0
        for number in 2...5 { last = pressure.judge(1, at: second(number), surprise: 0).confidence }
        #expect(last > 0.7)
    }

    @Test("levels that do not rise are refused", arguments: [[1, 2], [3, 2, 1], [1, 2, 2], [1, 2, .infinity]])
    func levels(numbers: [Double]) {
        #expect(throws: Refusal.self) { try Levels(numbers, of: "cpu") }
    }
}

@Suite("vitals: all of a machine")
struct VitalsMonitorTests {
    private func monitor() throws -> VitalsMonitor {
        VitalsMonitor(settings: try VitalsSettings(Settings()), host: "host")
    }

    private func look(_ second: Int, running: Int, memory: Int = 900) -> Snapshot {
        var snapshot = Snapshot(at: Timestamp(nanoseconds: Int64(second) * 1_000_000_000))
        snapshot.processors = ProcessorTimes(
            parsing: "cpu 0 0 0 \(second * 200)\ncpu0 1\ncpu1 1\nprocs_running \(running)\nprocs_blocked 0\n")
        snapshot.memory = MemoryUse(parsing: "MemTotal: 1000 kB\nMemAvailable: \(memory) kB\n")
        return snapshot
    }

    @Test("a quiet machine is quiet, restless within its habits too")
    func quiet() throws {
        var monitor = try monitor()
        for second in 0..<600 {
            let seen = monitor.observe(look(second, running: 1 + second % 7 / 6, memory: 900 - second % 11))
            #expect(seen.allSatisfy { $0.confidence < 0.2 })
        }
    }

    @Test("what is unusual here counts before it is a pressure anywhere")
    func unusual() throws {
        var monitor = try monitor()
        for second in 0..<200 { _ = monitor.observe(look(second, running: 1 + second % 7 / 6)) }
        var load: VitalsMonitor.Observation?
        for second in 200..<210 { load = monitor.observe(look(second, running: 3)).first { $0.vital == .load } }
        let seen = try #require(load)
        #expect(seen.confidence > 0.5)
        #expect(seen.content["reason"]?.string == "unusual")
        #expect(try #require(seen.content["times_worst_learned"]?.double) > 2)
    }

    @Test("a machine that is always full is a pressure all the same")
    func full() throws {
        var monitor = try monitor()
        var memory: VitalsMonitor.Observation?
        for second in 0..<300 {
            memory = monitor.observe(look(second, running: 1, memory: 60)).first { $0.vital == .memory }
        }
        #expect(try #require(memory).confidence > 0.9)
        #expect(memory?.content["reason"]?.string == "pressure")
    }
}

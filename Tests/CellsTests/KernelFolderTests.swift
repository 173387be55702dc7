import BatteryMachine
import Foundation
import NimmerCell
import NimmerProcess
import NimmerTesting
import Testing
import VitalsMachine

@testable import BatteryCell
@testable import VitalsCell

/// Folders as the kernel shows its sensors and batteries, with the oddities of real machines.
@Suite("cells: the kernel's folders")
struct KernelFolderTests {
    /// Runs a test in a folder with these files, which is removed after it.
    private func inFolder(_ files: [String: String], _ body: (String) throws -> Void) throws {
        var template = Array("/tmp/nimmer-kernel-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in files {
            var path = folder
            for part in name.split(separator: "/").dropLast() {
                path += "/\(part)"
                mkdir(path, 0o700)
            }
            let file = try #require(fopen("\(folder)/\(name)", "w"))
            fputs(text, file)
            fclose(file)
        }
        try body(folder)
    }

    private static let thermal = [
        "sys/class/thermal/thermal_zone0/type": "x86_pkg_temp\n", "sys/class/thermal/thermal_zone0/temp": "45000\n",
        "sys/class/thermal/thermal_zone2/type": "acpitz\n", "sys/class/thermal/thermal_zone2/temp": "110000\n",
        "sys/class/thermal/thermal_zone20/type": "iwlwifi\n", "sys/class/thermal/thermal_zone20/temp": "48000\n",
        "sys/class/hwmon/hwmon1/name": "nvme\n", "sys/class/hwmon/hwmon1/temp1_input": "39000\n",
    ]

    private func hottest(_ without: [String], _ folder: String) throws -> (sensor: String?, unknown: [String]) {
        let settings = try VitalsSettings(
            Settings<VitalsOptions>(
                try Configuration(of: Vitals<Machine>.self, changes: ["without_sensors": .list(without)]).settings))
        var monitor = VitalsMonitor(settings: settings, host: "host")
        let look = Machine(root: folder).look(at: Timestamp(milliseconds: 1000))
        let unknown = monitor.newlyUnknown(look)
        #expect(monitor.newlyUnknown(look).isEmpty)
        let seen = monitor.observe(look).first { $0.vital == .temperature }
        return (seen?.content["sensor"]?.string, unknown)
    }

    @Test(
        "a thermal zone that reports nonsense is left out by any of its names, and the others stay",
        arguments: [
            ([], "thermal_zone2 (acpitz)"), (["thermal_zone2"], "thermal_zone20 (iwlwifi)"),
            (["acpitz"], "thermal_zone20 (iwlwifi)"), (["thermal_zone2 (acpitz)"], "thermal_zone20 (iwlwifi)"),
            (["acpitz", "thermal_zone20"], "thermal_zone0 (x86_pkg_temp)"),
            (["acpitz", "iwlwifi", "x86_pkg_temp"], "hwmon1/temp1 (nvme)"),
            (["thermal_zone2", "thermal_zone20", "thermal_zone0", "hwmon1"], nil),
        ] as [([String], String?)])
    func zones(without: [String], left: String?) throws {
        try inFolder(Self.thermal) { folder in
            let (sensor, unknown) = try hottest(without, folder)
            #expect(sensor == left)
            #expect(unknown.isEmpty)
        }
    }

    @Test("a name that no sensor has is named once, and leaves nothing out")
    func unknownZone() throws {
        try inFolder(Self.thermal) { folder in
            let (sensor, unknown) = try hottest(["thermal_zone", "nvme"], folder)
            #expect(sensor == "thermal_zone2 (acpitz)")
            #expect(unknown == ["thermal_zone"])
        }
    }

    @Test("batteries that have only a capacity, also above 100, are watched; a mouse and an unknown charge are not")
    func batteries() throws {
        let files = [
            "BAT0/type": "Battery\n", "BAT0/capacity": "15\n", "BAT1/type": "Battery\n", "BAT1/capacity": "104\n",
            "BAT2/type": "Battery\n", "BAT2/capacity": "130\n", "BAT2/status": "Full\n",
            "BAT3/type": "Battery\n", "BAT3/capacity": "255\n", "AC/type": "Mains\n", "AC/online": "1\n",
            "hidpp_battery_0/type": "Battery\n", "hidpp_battery_0/scope": "Device\n", "hidpp_battery_0/capacity": "5\n",
        ]
        try inFolder(files) { folder in
            let found = PowerSupplyFolder(path: folder).batteries()
            #expect(found.map(\.name) == ["BAT0", "BAT1", "BAT2"])
            #expect(found.map(\.charge) == [0.15, 1, 1])
            var bench = try CellBench<Batteries<PowerSupplyFolder>>(["path": .text(folder)])
            bench.start()
            #expect(bench.failure == nil)
            #expect(bench.waves.compactMap { $0.semanticContent["charge"]?.double } == [0.15, 1, 1])
            #expect(bench.states == ["LOW"])
        }
    }
}

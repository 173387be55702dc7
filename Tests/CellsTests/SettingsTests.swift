import NimmerCell
import NimmerSensing
import NimmerWave
import Testing

@testable import BatteryCell
@testable import DistanceCell
@testable import MotorCell
@testable import VitalsCell

@Suite("cells: what can be set")
struct CellSettingsTests {
    private func settings(_ manifest: Manifest, _ changes: [String: SettingValue] = [:]) -> Settings {
        Settings(Configuration.settings(of: manifest, role: .cell), changes)
    }

    private func row(_ name: String, _ values: String...) -> SettingValue {
        .table([SettingValue.TableRow(name: name, values: values)])
    }

    @Test("vitals: defaults, and what is left out or moved")
    func vitals() throws {
        let plain = try VitalsSettings(settings(.vitals))
        #expect(plain.vitals == Vital.allCases)
        #expect(plain.levels[.cpu] == Vital.cpu.levels)
        let changed = try VitalsSettings(
            settings(.vitals, ["without": .list(["temperature"]), "levels": row("cpu", "0.1", "0.2", "0.3")]))
        #expect(!changed.vitals.contains(.temperature))
        #expect(changed.levels[.cpu] == Levels(notice: 0.1, warning: 0.2, critical: 0.3))
    }

    @Test("vitals: a wrong setting is refused by its name")
    func wrongVitals() {
        func field(_ changes: [String: SettingValue]) -> String? {
            do {
                _ = try VitalsSettings(settings(.vitals, changes))
                return nil
            } catch { return error.field }
        }
        #expect(field(["without": .list(["pulse"])]) == "without")
        #expect(field(["levels": row("pulse", "1", "2", "3")]) == "levels")
        #expect(field(["levels": row("cpu", "1", "x", "3")]) == "levels.cpu")
        #expect(field(["levels": row("cpu", "3", "2", "1")]) == "levels.cpu")
        #expect(field(["mounts": .list(["home"])]) == "mounts")
    }

    @Test("battery: the defaults make sense, and a critical level above the low one does not")
    func battery() throws {
        _ = try BatteryMonitor.Limits(settings(.battery))
        #expect(throws: Refusal.self) { try BatteryMonitor.Limits(settings(.battery, ["critical": .number(0.5)])) }
    }

    @Test("distance: exactly one source, centimetres by the unit")
    func distance() throws {
        #expect(throws: Refusal.self) { try DistanceSettings(settings(.distance)) }
        #expect(throws: Refusal.self) {
            try DistanceSettings(settings(.distance, ["subject": .text("a.b"), "file": .text("x.csv")]))
        }
        let read = try DistanceSettings(
            settings(.distance, ["subject": .text("robot.front"), "path": .text("range"), "unit": .text("cm")]))
        #expect(read.origin == .subject(try SubjectPattern("robot.front"), path: "range"))
        #expect(read.ranger.scale == 0.01)
        let file = try DistanceSettings(settings(.distance, ["file": .text("x.csv"), "delimiter": .text(";")]))
        #expect(file.origin == .file("x.csv", column: "1", DelimitedText(delimiter: UInt8(ascii: ";"))))
        #expect(throws: Refusal.self) {
            try DistanceSettings(settings(.distance, ["file": .text("x.csv"), "delimiter": .text(";;")]))
        }
    }

    @Test("motor: at least one command, each either run or published")
    func motor() throws {
        #expect(throws: Refusal.self) { try MotorSettings(settings(.motor)) }
        let made = try MotorSettings(
            settings(.motor, ["run": row("go", "/bin/true"), "publish": row("turn", "robot.wheels")]))
        #expect(made.motions == ["go": .run(["/bin/true"]), "turn": .publish(try Subject(foreign: "robot.wheels"))])
        #expect(throws: Refusal.self) {
            try MotorSettings(settings(.motor, ["run": row("go", "/bin/true"), "publish": row("go", "robot.wheels")]))
        }
        #expect(throws: Refusal.self) { try MotorSettings(settings(.motor, ["publish": row("go", "robot.*")])) }
    }
}

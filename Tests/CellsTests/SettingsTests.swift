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
    private func settings<Options: ProcessOptions>(
        _ options: Options.Type, _ changes: [String: SettingValue] = [:]
    ) throws(ProcessFailure) -> Settings<Options> { try Settings(changes: changes) }

    private func row(_ name: String, _ values: String...) -> SettingValue {
        .table([SettingValue.TableRow(name: name, values: values)])
    }

    @Test("vitals: defaults, and what is left out or moved")
    func vitals() throws {
        let plain = try VitalsSettings(try settings(VitalsOptions.self))
        #expect(plain.vitals == Vital.allCases)
        #expect(plain.levels[.cpu] == Vital.cpu.levels)
        let changed = try VitalsSettings(
            settings(
                VitalsOptions.self, ["without": .list(["temperature"]), "levels": row("cpu", "0.1", "0.2", "0.3")]))
        #expect(!changed.vitals.contains(.temperature))
        #expect(changed.levels[.cpu] == Levels(notice: 0.1, warning: 0.2, critical: 0.3))
    }

    @Test("vitals: a wrong setting is refused by its name")
    func wrongVitals() {
        func field(_ changes: [String: SettingValue]) -> String? {
            do {
                _ = try VitalsSettings(try settings(VitalsOptions.self, changes))
                return nil
            } catch { return (error as? Refusal)?.field }
        }
        #expect(field(["without": .list(["pulse"])]) == "without")
        #expect(field(["levels": row("pulse", "1", "2", "3")]) == "levels")
        #expect(field(["levels": row("cpu", "1", "x", "3")]) == "levels.cpu")
        #expect(field(["levels": row("cpu", "3", "2", "1")]) == "levels.cpu")
        #expect(field(["mounts": .list(["home"])]) == "mounts")
    }

    @Test("battery: the defaults make sense, and a critical level above the low one does not")
    func battery() throws {
        _ = try BatteryMonitor.Limits(settings(BatteryOptions.self))
        #expect(throws: Refusal.self) {
            try BatteryMonitor.Limits(settings(BatteryOptions.self, ["critical": .number(0.5)]))
        }
    }

    @Test("distance: exactly one source, centimetres by the unit")
    func distance() throws {
        #expect(throws: Refusal.self) { try DistanceSettings(settings(DistanceOptions.self)) }
        #expect(throws: Refusal.self) {
            try DistanceSettings(settings(DistanceOptions.self, ["subject": .text("a.b"), "file": .text("x.csv")]))
        }
        let read = try DistanceSettings(
            settings(
                DistanceOptions.self, ["subject": .text("robot.front"), "path": .text("range"), "unit": .text("cm")]))
        #expect(read.origin == .subject(try SubjectPattern("robot.front"), path: "range"))
        #expect(read.ranger.scale == 0.01)
        let file = try DistanceSettings(
            settings(DistanceOptions.self, ["file": .text("x.csv"), "delimiter": .text(";")]))
        #expect(file.origin == .file("x.csv", column: "1", DelimitedText(delimiter: UInt8(ascii: ";"))))
        #expect(throws: Refusal.self) {
            try DistanceSettings(settings(DistanceOptions.self, ["file": .text("x.csv"), "delimiter": .text(";;")]))
        }
    }

    @Test("motor: at least one command, each either run or published")
    func motor() throws {
        #expect(throws: Refusal.self) { try MotorSettings(settings(MotorOptions.self)) }
        let made = try MotorSettings(
            settings(MotorOptions.self, ["run": row("go", "/bin/true"), "publish": row("turn", "robot.wheels")]))
        #expect(made.motions == ["go": .run(["/bin/true"]), "turn": .publish(try Subject(foreign: "robot.wheels"))])
        #expect(throws: Refusal.self) {
            try MotorSettings(
                settings(MotorOptions.self, ["run": row("go", "/bin/true"), "publish": row("go", "robot.wheels")]))
        }
        #expect(throws: Refusal.self) {
            try MotorSettings(settings(MotorOptions.self, ["publish": row("go", "robot.*")]))
        }
    }
}

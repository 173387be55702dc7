import NimmerWave
import Testing

@testable import NimmerProcess

private enum Unit: String, CaseIterable, Sendable { case metres, feet }

private struct Options: ProcessOptions {
    let level = Setting.number("level", 0.5, in: 0...1, "How much.")
    let limit = Setting.number("limit", in: 0...10, "At most; nil unless set.")
    let count = Setting.whole("count", 3, in: 1...9, "How many.")
    let batch = Setting.whole("batch", in: 1...9, "Rows; nil unless set.")
    let file = Setting.text("file", "/dev/null", "Where it reads.")
    let host = Setting.text("host", "Which machine; nil unless set.")
    let unit = Setting.choice("unit", Unit.metres, "The unit.")
    let mode = Setting.choice("mode", "a", of: ["a", "b"], "The mode.")
    let isLoud = Setting.flag("loud", false, "Whether it is heard.")
    let names = Setting.list("names", ["x"], "Names.")
    let moves = Setting.table("moves", "Moves.")
}

@Suite("Declared settings")
struct DeclaredSettingsTests {
    private func failure<Options: ProcessOptions>(_ options: Options.Type) -> ProcessFailure? {
        let manifest = Manifest(name: "gauge", version: "1.0.0", summary: "Reads.", interval: 1000)
        do throws(ProcessFailure) {
            _ = try DeclaredSettings(manifest, options, role: .cell)
            return nil
        } catch { return error }
    }

    @Test("each is read by its name in Swift with the type that it was declared with")
    func types() throws {
        let plain = try Settings<Options>()
        let (level, limit, count, batch): (Double, Double?, Int, Int?) =
            (plain.level, plain.limit, plain.count, plain.batch)
        #expect(level == 0.5 && limit == nil && count == 3 && batch == nil)
        let (file, host, unit, mode): (String, String?, Unit, String) = (plain.file, plain.host, plain.unit, plain.mode)
        #expect(file == "/dev/null" && host == nil && unit == .metres && mode == "a")
        #expect(!plain.isLoud && plain.names == ["x"] && plain.moves.isEmpty && plain.senseInterval == nil)
        let set = try Settings<Options>(changes: [
            "limit": .whole(4), "batch": .whole(5), "host": .text("web"), "unit": .text("feet"), "loud": .flag(true),
        ])
        #expect(set.limit == 4 && set.batch == 5 && set.host == "web" && set.unit == .feet && set.isLoud)
    }

    @Test("what is declared is listed, in order, with type and default")
    func listed() throws {
        #expect(
            Options.declarations.map(\.key) == [
                "level", "limit", "count", "batch", "file", "host", "unit", "mode", "loud", "names", "moves",
            ])
        #expect(
            Options.declarations.map { $0.standard?.text } == [
                "0.5", nil, "3", nil, "/dev/null", nil, "metres", "a", "false", "[x]", "{}",
            ])
        #expect(Options.declarations[6].expectation == "one of metres, feet")
        #expect(Options.mistakes == [])
        let manifest = Manifest(name: "gauge", version: "1.0.0", summary: "Reads.", interval: 1000)
        let declared = try DeclaredSettings(manifest, Options.self, role: .cell)
        #expect(
            declared.all.map(\.key).suffix(10) == [
                "domain", "region", "origin", "weight", "garden", "interval_ms", "stale_after_ms", "log_level",
                "connect", "state",
            ])
    }

    @Test("a declaration that cannot be right is refused at the start")
    func mistakes() {
        struct Twice: ProcessOptions {
            let level = Setting.number("level", 0.5, in: 0...1, "How much.")
            let other = Setting.whole("level", 1, in: 0...1, "How many.")
        }
        struct Outside: ProcessOptions { let level = Setting.number("level", 2, in: 0...1, "How much.") }
        struct Key: ProcessOptions { let level = Setting.flag("Level", false, "How much.") }
        struct Common: ProcessOptions { let level = Setting.flag("check", false, "How much.") }
        struct Other: ProcessOptions { let level = 3 }
        struct Retyped: ProcessOptions { let weight = Setting.text("weight", "How heavy.") }
        struct Own: ProcessOptions { let interval = Setting.whole("interval_ms", 20, in: 10...50, "How often.") }
        #expect(failure(Twice.self)?.message.contains("'level' is declared twice") == true)
        #expect(failure(Outside.self)?.message.contains("is '2'; expected a number from 0 to 1") == true)
        #expect(failure(Key.self)?.message.contains("the key 'Level' must be") == true)
        #expect(failure(Common.self)?.message.contains("'check' is a flag of every process") == true)
        #expect(failure(Other.self)?.message.contains("'level' of Other is no Setting") == true)
        #expect(failure(Retyped.self)?.message.contains("'weight' has another type") == true)
        #expect(failure(Twice.self)?.status == .software)
        #expect(failure(Own.self) == nil)
    }

    @Test("what cannot be listed cannot be read: no default of a setting that nobody can set")
    func unlisted() async {
        class Base: ProcessOptions, @unchecked Sendable {
            let level = Setting.number("level", 0.5, in: 0...1, "How much.")
            required init() {}
        }
        final class Derived: Base, @unchecked Sendable {}
        #expect(failure(Base.self) == nil)
        #expect(failure(Derived.self)?.message.contains("Derived inherits settings, which cannot be listed") == true)
        await #expect(processExitsWith: .failure) {
            struct Computed: ProcessOptions {
                var level: Setting<Double> { .number("level", 0.5, in: 0...1, "How much.") }
            }
            _ = try Settings<Computed>().level
        }
    }

    @Test("a test that sets what is not declared, or not its type, gets an error")
    func changes() throws {
        #expect(throws: ProcessFailure.self) { try Settings<Options>(changes: ["levl": .number(1)]) }
        #expect(throws: ProcessFailure.self) { try Settings<Options>(changes: ["level": .number(2)]) }
        #expect(throws: ProcessFailure.self) { try Settings<Options>(changes: ["file": .flag(true)]) }
    }
}

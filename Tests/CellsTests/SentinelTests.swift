import DistanceMachine
import Foundation
import MultivariateCell
import NimmerCell
import NimmerSensing
import NimmerTesting
import SensorCell
import Testing

@testable import DistanceCell

/// Values that a device publishes when it has no reading: 0, 65535, 85 °C, or infinity.
@Suite("cells: values that are no readings")
struct SentinelTests {
    private func logs<C: Cell>(_ bench: CellBench<C>) -> [String] {
        bench.actions.compactMap { if case .log(_, _, let values) = $0 { values["value"] } else { nil } }
    }

    private func sensor(_ changes: [String: SettingValue]) throws -> CellBench<Sensor> {
        var bench = try CellBench<Sensor>(changes.merging(["subject": .text("room.t")]) { one, _ in one })
        bench.start()
        return bench
    }

    private func range(_ changes: [String: SettingValue] = [:]) throws -> CellBench<Distance<LineFile>> {
        var bench = try CellBench<Distance<LineFile>>(
            changes.merging(["subject": .text("robot.front")]) { one, _ in one })
        bench.start()
        return bench
    }

    @Test("a live sensor takes what states that nothing was measured for a gap, and refuses what it cannot read")
    func gaps() throws {
        var bench = try sensor([:])
        for text in ["20", "unavailable", "unknown", "", "null", "nan", "20.5"] {
            #expect(try bench.receive(text, on: "room.t") == nil, "\(text)")
            bench.advance(milliseconds: 1000)
        }
        #expect(bench.body.cell.detector.samples == 2)
        #expect(bench.body.counters.sentinels == 5 && bench.body.counters.rejected == 0)
        #expect(logs(bench) == ["a message which states that nothing was measured"])
        #expect(try bench.receive("warm", on: "room.t") != nil)
        var json = try sensor(["path": .text("t")])
        #expect(try json.receive(#"{"t": null}"#, on: "room.t") == nil)
        #expect(try json.receive(#"{"t": "unavailable"}"#, on: "room.t") == nil)
        #expect(try json.receive(#"{"temperature": 20}"#, on: "room.t") != nil, "a path that leads nowhere is no gap")
        #expect(json.body.counters.sentinels == 2 && json.body.counters.rejected == 1)
    }

    @Test("so does a cell of several inputs")
    func gapsOfSeveral() throws {
        var bench = try CellBench<Multivariate>(["subjects": .list(["room.t", "room.h"])])
        bench.start()
        for (text, subject) in [("20", "room.t"), ("unavailable", "room.h"), ("21", "room.t"), ("45", "room.h")] {
            #expect(try bench.receive(text, on: subject) == nil, "\(text)")
            bench.advance(milliseconds: 1000)
        }
        #expect(bench.body.counters.sentinels == 1 && bench.body.counters.rejected == 0)
        #expect(logs(bench).count == 1 && logs(bench)[0].contains("room.h"))
    }

    @Test("a sensor leaves out what its settings name, counts it, and logs each kind once")
    func sensor() throws {
        var bench = try sensor(["minimum": .number(-40), "maximum": .number(60), "ignore": .list(["0", "21.5e0"])])
        for value in ["20", "-127", "85", "0", "0.0", "21.5", "127", "-41", "20.5"] {
            #expect(try bench.receive(value, on: "room.t") == nil, "\(value)")
            bench.advance(milliseconds: 1000)
        }
        #expect(bench.body.cell.detector.samples == 2)
        #expect(bench.body.counters.sentinels == 7)
        #expect(bench.body.counters.json["sentinels"] == 7)
        #expect(bench.body.counters.rejected == 0)
        #expect(
            logs(bench) == [
                "-127, below the minimum of -40", "85, above the maximum of 60", "0, which the setting ignore lists",
                "21.5, which the setting ignore lists",
            ])
    }

    @Test("without settings every finite number is a reading of a sensor")
    func everything() throws {
        var bench = try sensor([:])
        for value in ["0", "65535", "-127"] { #expect(try bench.receive(value, on: "room.t") == nil) }
        #expect(bench.body.cell.detector.samples == 3)
        #expect(bench.body.counters.sentinels == 0)
    }

    @Test(
        "settings that make no sense are refused with their name",
        arguments: [
            (["minimum": .number(2), "maximum": .number(1)], "minimum 2, maximum 1"),
            (["ignore": .list(["0", "none"])], "found 'none'"), (["ignore": .list(["nan"])], "found 'nan'"),
        ] as [([String: SettingValue], String)])
    func refused(changes: [String: SettingValue], part: String) throws {
        let error = #expect(throws: Refusal.self) { try sensor(changes) }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
        #expect(throws: Refusal.self) { try range(changes) }
    }

    @Test("0 is no echo: no reading of a distance cell, and no obstacle")
    func zero() throws {
        var bench = try range()
        for _ in 0..<10 {
            #expect(try bench.receive("0", on: "robot.front") == nil)
            bench.advance(milliseconds: 100)
        }
        #expect(bench.waves.isEmpty)
        #expect(bench.body.counters.sentinels == 10)
        #expect(logs(bench) == ["0, which the setting ignore lists"])
        _ = try bench.receive("0.3", on: "robot.front")
        #expect(bench.waves.last?.semanticContent["refused"] == nil)
    }

    @Test("a sensor that means 0 gets it with an empty list")
    func meantZero() throws {
        var bench = try range(["ignore": .list([])])
        for _ in 0..<4 {
            #expect(try bench.receive("0", on: "robot.front") == nil)
            bench.advance(milliseconds: 100)
        }
        #expect(bench.waves.last?.confidence == 1)
        #expect(bench.body.counters.sentinels == 0)
    }

    @Test(
        "infinity is a free way: a wave that is not sure, clear, and no fault",
        arguments: ["inf", " Infinity\n", "+inf", #""inf""#])
    func infinity(text: String) throws {
        var bench = try range()
        for _ in 0..<8 {
            #expect(try bench.receive(text, on: "robot.front") == nil)
            bench.advance(milliseconds: 100)
        }
        #expect(bench.waves.count == 8)
        let wave = try #require(bench.waves.last)
        #expect(wave.confidence == 0)
        #expect(wave.semanticContent["clear"] == true)
        #expect(wave.semanticContent["distance_m"] == nil)
        #expect(wave.semanticContent["refused"] == nil)
        for _ in 0..<3 {
            _ = try bench.receive("0.3", on: "robot.front")
            bench.advance(milliseconds: 100)
        }
        #expect(bench.waves.last?.confidence == 1)
        #expect(bench.waves.last?.semanticContent["distance_m"]?.double == 0.3)
    }

    @Test("infinity in JSON, and in a file; minus infinity is refused")
    func infinityElsewhere() throws {
        var bench = try range(["path": .text("ranges.0")])
        #expect(try bench.receive(#"{"ranges": ["inf", 1]}"#, on: "robot.front") == nil)
        #expect(bench.waves.last?.semanticContent["clear"] == true)
        #expect(try bench.receive(#"{"ranges": ["-inf"]}"#, on: "robot.front") != nil)
        var template = Array("/tmp/nimmer-sentinels-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = try #require(fopen("\(folder)/ranges.csv", "w"))
        fputs("front\ninf\n0\n1200\n1200\n1200\n", file)
        fclose(file)
        var reader = try CellBench<Distance<LineFile>>([
            "file": .text("\(folder)/ranges.csv"), "column": .text("front"), "unit": .text("mm"),
            "interval_ms": .whole(100),
        ])
        reader.start()
        reader.advance(milliseconds: 1000)
        #expect(reader.waves.count == 4)
        #expect(reader.waves.first?.semanticContent["clear"] == true)
        #expect(reader.waves.last?.semanticContent["distance_m"]?.double == 1.2)
        #expect(reader.body.counters.sentinels == 1)
    }

    @Test(
        "a range with a unit is converted to that of the cell",
        arguments: [
            ("m", "50 cm"), ("m", "500mm"), ("m", "0,5 m"), ("cm", "0.5 m"), ("cm", "500 mm"), ("mm", "50 CM"),
            ("mm", "500"), ("m", #""50 cm""#),
        ])
    func units(unit: String, text: String) throws {
        var bench = try range(["unit": .text(unit)])
        #expect(try bench.receive(text, on: "robot.front") == nil)
        #expect(bench.waves.last?.semanticContent["distance_m"]?.double == 0.5)
    }

    @Test("a range with a unit that is no length is refused by name, and so is text")
    func otherUnits() throws {
        var bench = try range(["path": .text("r")])
        var plain = try range()
        for text in ["3 ft", "50 %", "near"] {
            #expect(
                try plain.receive(text, on: "robot.front")?.description
                    == "expected a finite number, alone or in m, cm or mm; found '\(text)'")
            #expect(
                try bench.receive(#"{"r": "\#(text)"}"#, on: "robot.front")?.description
                    == "expected a finite number, alone or in m, cm or mm at r; found '\(text)'")
        }
        #expect(bench.waves.isEmpty)
    }

    @Test("a range of a file that cannot be read is named by its line and column")
    func unreadableLine() throws {
        var template = Array("/tmp/nimmer-ranges-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = try #require(fopen("\(folder)/ranges.csv", "w"))
        fputs("# made by a logger\ntime,front\n1,1.2\n2,50 cm\n3,3 ft\n4,4 ft\n5,1.2\n", file)
        fclose(file)
        var bench = try CellBench<Distance<LineFile>>([
            "file": .text("\(folder)/ranges.csv"), "column": .text("front"), "interval_ms": .whole(100),
        ])
        bench.start()
        bench.advance(milliseconds: 1000)
        #expect(bench.waves.count == 3)
        let logs = bench.actions.compactMap { action -> [String: String]? in
            if case .log(_, "Ranges are refused", let values) = action { values } else { nil }
        }
        #expect(logs.map { $0["at"] } == ["line 5, column front"])
        #expect(logs.first?["reason"] == "expected a finite number, alone or in m, cm or mm; found '3 ft'")
    }

    @Test("millimetres, with the value of a sensor that sees nothing left out")
    func millimetres() throws {
        var bench = try range(["unit": .text("mm"), "ignore": .list(["0", "8190"]), "maximum_m": .number(4)])
        for value in ["8190", "900", "900", "900", "8190"] {
            #expect(try bench.receive(value, on: "robot.front") == nil)
            bench.advance(milliseconds: 100)
        }
        #expect(bench.waves.count == 3)
        #expect(bench.waves.last?.semanticContent["distance_m"]?.double == 0.9)
        #expect(bench.body.counters.sentinels == 2)
    }

    @Test("values that are no readings are silence: the cell is STALE")
    func silence() throws {
        var bench = try range()
        bench.start()
        for value in [String](repeating: "1", count: 100) + [String](repeating: "0", count: 200) {
            _ = try bench.receive(value, on: "robot.front")
            bench.advance(milliseconds: 100)
        }
        #expect(bench.body.isStale)
        let stale = bench.actions.count { action in
            if case .log(_, "STALE: no reading any more", _) = action { true } else { false }
        }
        #expect(stale == 1)
    }
}

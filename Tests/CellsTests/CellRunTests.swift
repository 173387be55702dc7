import BatteryMachine
import DistanceMachine
import Glibc
import MotorMachine
import NimmerCell
import NimmerTesting
import Testing
import VitalsMachine

@testable import BatteryCell
@testable import DistanceCell
@testable import MathCell
@testable import MotorCell
@testable import VitalsCell

/// A folder that is gone after the test.
private struct Folder: ~Copyable {
    let path: String

    init() throws {
        var template = Array("/tmp/nimmer-cells-XXXXXX".utf8CString)
        path = String(cString: try #require(mkdtemp(&template)))
    }

    deinit {
        for name in ["BAT0/type", "BAT0/capacity", "BAT0/status", "BAT0", "ranges.csv"] { remove("\(path)/\(name)") }
        rmdir(path)
    }

    func write(_ name: String, _ text: String) throws {
        if let slash = name.lastIndex(of: "/") { mkdir("\(path)/\(name[..<slash])", 0o700) }
        let file = try #require(fopen("\(path)/\(name)", "w"))
        fputs(text, file)
        fclose(file)
    }
}

@Suite("cells: their lives")
struct CellRunTests {
    @Test("math answers with what it understood; a request that it did not understand gives no wave")
    func math() async throws {
        var bench = try CellBench<Calculator>()
        bench.start()
        let result = await bench.result(of: "calculate", ["operation": "addition", "operands": [15, 27]])
        #expect(result.status == .ok)
        #expect(result.result["result"]?.double == 42)
        #expect(bench.waves.map(\.confidence) == [0.95])
        #expect(bench.waves.first?.domain.text == "math")
        #expect(bench.waves.first?.semanticContent["result"]?.double == 42)
        bench.clear()
        #expect(await bench.result(of: "power", ["operands": [2, 10]]).result["result"]?.double == 1024)
        bench.clear()
        let refused = await bench.result(of: "calculate", ["operation": "dance"])
        #expect(refused.status == .refused)
        #expect(refused.error?.contains("addition, subtraction") == true)
        #expect(bench.waves.isEmpty)
    }

    @Test("vitals emits a wave for each vital of this machine, each of its own origin")
    func vitals() throws {
        var bench = try CellBench<Vitals<Machine>>(["host": .text("Test.Host")])
        bench.start()
        bench.advance(milliseconds: 1000)
        let origins = Set(bench.waves.compactMap(\.origin?.text))
        #expect(origins.isSuperset(of: ["test-host-memory", "test-host-disk", "test-host-load"]))
        #expect(bench.waves.allSatisfy { (0...1).contains($0.confidence) && $0.effectiveRegion.text == "vitals" })
        #expect(bench.waves.allSatisfy { $0.semanticContent["value"]?.double?.isFinite == true })
    }

    @Test("battery without a battery leaves with status 69 and one line")
    func noBattery() throws {
        let folder = try Folder()
        var bench = try CellBench<Batteries<PowerSupplyFolder>>(["path": .text(folder.path)])
        bench.start()
        #expect(bench.failure == ProcessFailure(.unavailable, "this machine has no battery under \(folder.path)"))
        #expect(bench.waves.isEmpty)
    }

    @Test("battery follows a battery that runs empty")
    func battery() throws {
        let folder = try Folder()
        try folder.write("BAT0/type", "Battery\n")
        try folder.write("BAT0/status", "Discharging\n")
        try folder.write("BAT0/capacity", "50\n")
        var bench = try CellBench<Batteries<PowerSupplyFolder>>(["path": .text(folder.path)])
        bench.start()
        try folder.write("BAT0/capacity", "5\n")
        bench.advance(milliseconds: 5000)
        #expect(bench.states == ["LOW", "CRITICAL"])
        #expect(bench.waves.map(\.confidence).first == 0)
        #expect(try #require(bench.waves.last).confidence > 0.9)
        #expect(bench.waves.last?.origin?.text == "battery-bat0")
    }

    @Test("distance reads a device, refuses what it cannot mean, and counts it")
    func device() throws {
        var bench = try CellBench<Distance<LineFile>>([
            "subject": .text("robot.front"), "path": .text("range"), "unit": .text("cm"), "sector": .text("front"),
        ])
        bench.start()
        for _ in 0..<4 {
            #expect(try bench.receive(#"{"range": 30}"#, on: "robot.front") == nil)
            bench.advance(milliseconds: 100)
        }
        #expect(try bench.receive(#"{"range": -4}"#, on: "robot.front") != nil)
        bench.advance(milliseconds: 100)
        _ = try bench.receive(#"{"range": 30}"#, on: "robot.front")
        #expect(bench.waves.count == 5)
        #expect(bench.waves[3].confidence == 1)
        #expect(bench.waves.last?.semanticContent["refused"]?["negative"]?.int == 1)
        #expect(bench.waves.last?.semanticContent["sector"]?.string == "front")
    }

    @Test("distance reads a file at its pace, to the end")
    func file() throws {
        let folder = try Folder()
        try folder.write("ranges.csv", "left,front\n1,0.3\n1,0.3\n1,x\n1,0.3")
        var bench = try CellBench<Distance<LineFile>>([
            "file": .text("\(folder.path)/ranges.csv"), "column": .text("front"), "interval_ms": .whole(100),
        ])
        bench.start()
        bench.advance(milliseconds: 1000)
        #expect(bench.waves.count == 3)
        #expect(bench.waves.last?.semanticContent["refused"]?["not_a_number"]?.int == 1)
    }

    @Test("distance reads a file as a recording is read: a separator, comments, decimal commas, names again")
    func forms() throws {
        let folder = try Folder()
        try folder.write("ranges.csv", "sep=;\n# lidar\nleft;front\n1;0,3\n# pause\nleft;front\n1;0,31 m\n1;inf\n")
        var bench = try CellBench<Distance<LineFile>>([
            "file": .text("\(folder.path)/ranges.csv"), "column": .text("front"), "interval_ms": .whole(100),
        ])
        bench.start()
        bench.advance(milliseconds: 1000)
        #expect(bench.waves.count == 3)
        #expect(bench.waves.first?.semanticContent["distance_m"]?.double == 0.3)
        #expect(bench.waves.last?.semanticContent["refused"] == nil)
    }

    @Test(
        "distance leaves when its file or column is not there",
        arguments: [("none.csv", "1", 66), ("ranges.csv", "9", 78)])
    func missing(file: String, column: String, status: Int32) throws {
        let folder = try Folder()
        try folder.write("ranges.csv", "1,2\n")
        var bench = try CellBench<Distance<LineFile>>([
            "file": .text("\(folder.path)/\(file)"), "column": .text(column),
        ])
        bench.start()
        #expect(bench.failure?.status.rawValue == status)
    }

    private func motor(_ row: String...) throws -> CellBench<MotorController<Program>> {
        var bench = try CellBench<MotorController<Program>>([
            "run": .table([SettingValue.TableRow(name: "go", values: row)]),
            "publish": .table([SettingValue.TableRow(name: "turn", values: ["robot.wheels"])]),
        ])
        bench.start()
        return bench
    }

    @Test("motor runs a program to its end and publishes each step")
    func program() async throws {
        var bench = try motor("/bin/sh", "-c", "exit 0")
        #expect(await bench.result(of: "go").status == .ok)
        #expect(bench.states == ["COMMANDED", "RUNNING", "STOPPED"])
        #expect(bench.waves.count == 3)
        #expect(await bench.result(of: "fly").status == .refused)
    }

    @Test("motor ends a program that takes too long: STALLED")
    func stalled() async throws {
        var bench = try motor("/bin/sleep", "600")
        guard case .later(let work, let wait) = bench.ask("go") else {
            Issue.record("expected work that takes time")
            return
        }
        await bench.work()
        bench.advance(milliseconds: 5000)
        bench.finish(work, .success(try await wait()))
        #expect(bench.states == ["COMMANDED", "RUNNING", "STALLED"])
        #expect(bench.waves.last?.confidence == 0.9)
    }

    @Test("motor ends at stop, a stubborn program after a second")
    func stop() async throws {
        var bench = try motor("/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.05; done")
        guard case .later(let work, let wait) = bench.ask("go") else {
            Issue.record("expected work that takes time")
            return
        }
        await bench.work()
        #expect(await bench.result(of: "stop").status == .ok)
        bench.advance(milliseconds: 1000)
        bench.finish(work, .success(try await wait()))
        #expect(bench.states.last == "STOPPED")
    }

    @Test("motor publishes the command with its payload")
    func publishing() async throws {
        var bench = try motor("/bin/true")
        #expect(await bench.result(of: "turn", ["degrees": 90]).status == .ok)
        let sent = bench.actions.compactMap {
            if case .publish(let subject, let bytes) = $0 { (subject, bytes) } else { nil }
        }
        #expect(sent.first?.0.text == "robot.wheels")
        #expect(
            sent.first.map { String(decoding: $0.1, as: UTF8.self) } == #"{"command":"turn","payload":{"degrees":90}}"#)
        #expect(bench.states == ["COMMANDED", "RUNNING", "STOPPED"])
    }
}

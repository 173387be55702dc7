import NimmerBus
import NimmerCell
import NimmerProcess
import NimmerSensing
import NimmerSystem
import NimmerSystemFile
import NimmerTesting
@testable import SensorCell
import Synchronization
import Testing

@Suite("sensor: any stream of numbers")
struct SensorTests {
    /// A bench whose sensor has learned a level of 10 with a saw-toothed noise of ±1.
    private func learned(_ changes: [String: SettingValue] = [:]) throws -> CellBench<Sensor> {
        var bench = try CellBench<Sensor>(changes.merging(["subject": .text("pump.flow")]) { one, _ in one })
        bench.start()
        for index in 0..<500 { try emit(saw(index), &bench) }
        return bench
    }

    private func saw(_ index: Int) -> Double { 10 + Double(index * 7 % 5 - 2) / 2 }

    private func emit(_ value: Double, _ bench: inout CellBench<Sensor>) throws {
        let refusal = try bench.receive("\(value)", on: "pump.flow")
        #expect(refusal == nil)
        bench.advance(milliseconds: 1000)
    }

    @Test("it is silent while nothing changes, and publishes what changed")
    func change() throws {
        var bench = try learned()
        #expect(bench.waves.isEmpty)
        #expect(bench.states == ["CALM"])
        for index in 0..<40 { try emit(saw(index) + 6, &bench) }
        let wave = try #require(bench.waves.max { $0.confidence < $1.confidence })
        #expect(wave.confidence > 0.9)
        #expect(wave.semanticContent["view"] == "level")
        #expect(wave.semanticContent["direction"] == "above")
        #expect(wave.semanticContent["value"]?.double ?? 0 > 14)
        #expect(abs((wave.semanticContent["normal"]?.double ?? 0) - 10) < 3)
        #expect(wave.semanticContent["times"]?.double ?? 0 > 2.75)
        #expect(bench.states == ["CALM", "SURPRISED"])
    }

    @Test("its floor is where it begins to speak")
    func floor() throws {
        var quiet = try learned(["floor": .number(0.5)])
        var open = try learned(["floor": .number(0)])
        for index in 0..<30 {
            try emit(saw(index) + 1, &quiet)
            try emit(saw(index) + 1, &open)
        }
        #expect(quiet.waves.allSatisfy { $0.confidence >= 0.5 })
        #expect(open.waves.filter { $0.confidence >= 0.5 } == quiet.waves)
        #expect(open.waves.count > quiet.waves.count)
    }

    @Test("what is no number is refused with what was found, and the next reading counts")
    func refusals() throws {
        var bench = try learned()
        for text in ["warm", "{\"value\": 3}", "1e999", "[1]"] {
            let refusal = try bench.receive(text, on: "pump.flow")
            #expect(refusal != nil, "\(text)")
            if text == "1e999" { #expect("\(refusal.map { "\($0)" } ?? "")".contains("a number that is too large")) }
        }
        #expect(bench.body.cell.detector.samples == 500)
        try emit(10, &bench)
        #expect(bench.body.cell.detector.samples == 501)
    }

    @Test("a path leads into JSON")
    func path() throws {
        var bench = try CellBench<Sensor>(["subject": .text("pump"), "path": .text("sensors.1.flow")])
        bench.start()
        let good = try bench.receive(#"{"sensors": [{}, {"flow": 31.5}]}"#, on: "pump")
        #expect(good == nil)
        #expect(bench.body.cell.detector.samples == 1)
        let bad = try bench.receive(#"{"sensors": []}"#, on: "pump")
        #expect(bad != nil)
    }

    @Test("two sources are one too many")
    func sources() {
        #expect(throws: Refusal.self) {
            _ = try CellBench<Sensor>(["subject": .text("pump"), "file": .text("pump.csv")])
        }
        #expect(throws: Refusal.self) {
            _ = try CellBench<Sensor>(["command": .list(["true"]), "file": .text("pump.csv")])
        }
    }

    @Test("the pump system is one that these cells can run")
    func pump() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let system = try SystemFile(path: "/\(root)/deploy/systems/pump.yaml")
        #expect(system.cells.count == 8)
        for organism in system.cells {
            let configuration = try Configuration(
                of: Sensor.self, environment: .dev, organism: organism, system: system)
            _ = try CellBody<Sensor>(configuration)
        }
    }
}

@Suite("numbers out of text")
struct NumberTextTests {
    @Test(
        "bare numbers, with white space around them",
        arguments: [
            ("42.5", 42.5), (" -1e3\r\n", -1000), ("\t7", 7), ("0x10", 16), ("+3", 3), ("\u{feff}42.5", 42.5),
            ("21,5", 21.5), ("21.5 °C", 21.5),
            ("\"21.5\"", 21.5), ("on", 1), ("\u{feff}{\"a\": 5}", 5), ("{\"a\": \"5,5 W\"}", 5.5),
            ("{\"a\": true, \"b\": NaN}", 1),
        ])
    func bare(text: String, number: Double) throws {
        #expect(try NumberText.number(in: Array(text.utf8), path: text.contains("{") ? "a" : "") == number)
    }

    @Test(
        "where nothing was measured, the refusal is that",
        arguments: ["unavailable", "null", "{\"a\": null}", "{\"a\": \"unknown\"}", "nan"])
    func nothing(text: String) {
        let error = #expect(throws: Refusal.self) {
            try NumberText.number(in: Array(text.utf8), path: text.contains("{") ? "a" : "")
        }
        #expect(
            error?.code == .missing && error?.description.contains("nothing was measured") == true,
            "\(error?.description ?? "")")
    }

    @Test("a subject keeps its decimal mark and its unit")
    func column() throws {
        var column = NumberColumn(decimal: nil)
        #expect(try column.number(in: Array("21,49 °C".utf8), path: "") == 21.49)
        #expect(try column.number(in: Array("1,046 °C".utf8), path: "") == 1.046)
        #expect(throws: Refusal.self) { try column.number(in: Array("21.49 K".utf8), path: "") }
        #expect(throws: Refusal.self) { try column.number(in: Array("inf".utf8), path: "") }
    }

    @Test("a refusal names where it looked and what it found")
    func refusal() {
        let error = #expect(throws: Refusal.self) {
            try NumberText.number(in: Array(#"{"a": {"b": "warm"}}"#.utf8), path: "a.c")
        }
        #expect(error?.description == "expected a number at a.c; found no 'c' in a")
    }

    @Test("cells of a row, quoted or not, and the delimiter that a line speaks for")
    func rows() throws {
        let line = Array(#"a ;"b;c"; "d ""e""" ;"#.utf8)
        let text = DelimitedText(guessedFrom: line[...])
        #expect(text.delimiter == UInt8(ascii: ";"))
        #expect(text.cells(line[...]).map { String(decoding: $0, as: UTF8.self) } == ["a", "b;c", #"d "e""#, ""])
        #expect(text.names(line[...]) == ["a", "b;c", #"d "e""#, ""])
        #expect(text.names(Array("1;2".utf8)[...]) == nil)
        #expect(try DelimitedText.place(of: "b;c", names: ["a", "b;c"], count: 2) == 1)
        #expect(try DelimitedText.place(of: "2", names: nil, count: 3) == 1)
        #expect(throws: Refusal.self) { try DelimitedText.place(of: "4", names: nil, count: 3) }
        #expect(throws: Refusal.self) { try DelimitedText(delimiter: ";;") }
        #expect(try DelimitedText(delimiter: "tab").delimiter == 9)
    }

    @Test("a program's lines arrive, and its exit status; one that does not exist is named")
    func command() async throws {
        let lines = Mutex<[String]>([])
        let status = try await CommandLines.run(["sh", "-c", "echo 1; printf 2; exit 3"]) { line in
            lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
        }
        #expect(status == 3)
        #expect(lines.withLock { $0 } == ["1", "2"])
        let error = await #expect(throws: ProcessFailure.self) {
            try await CommandLines.run(["/no/such/program"]) { _ in }
        }
        #expect(error?.message.contains("/no/such/program") == true)
    }

    @Test("a line that holds no number is named by its number, and one after the other is logged once")
    func linesOfACommand() throws {
        var bench = try CellBench<Sensor>(["command": .list(["sh"])])
        func take(_ lines: String...) {
            for line in lines {
                bench.update { sensor, pulse in try sensor.read(nextLine: Array(line.utf8), path: "", &pulse) }
            }
        }
        take("1", "2", "warm", "warm", "3", "hot")
        bench.update { sensor, _ in sensor.beginLines() }
        take("cold")
        let logs = bench.actions.compactMap { action -> [String: String]? in
            if case .log(_, "The cell failed", let values) = action { values } else { nil }
        }
        #expect(logs.map { $0["at"] } == ["line 3", "line 6", "line 1"])
        #expect(logs.first?["reason"] == "expected a number; found 'warm'")
    }

    @Test("a value of JSON that is no number is named with its path")
    func valueAtAPath() throws {
        var bench = try CellBench<Sensor>(["subject": .text("pump"), "path": .text("sensors.1.flow")])
        let refusal = try bench.receive(#"{"sensors": [{}, {"flow": "warm"}]}"#, on: "pump")
        #expect(refusal?.description == "expected a finite number at sensors.1.flow; found 'warm'")
    }

    @Test("a program that is not there is refused before it is started")
    func programs() throws {
        func refusal(_ command: String...) throws -> Refusal? {
            let cell = try CellBench<Sensor>(["command": .list(command)]).cell
            do { try cell.checkSource() } catch { return error as? Refusal }
            return nil
        }
        #expect(try refusal("sh", "-c", "echo 1") == nil && refusal("/bin/sh") == nil)
        for program in ["./nothere", "/etc", "no-such-program-of-mine"] {
            let found = try refusal(program, "5")
            #expect(found?.field == "command")
            #expect(found?.found == "the program '\(program)', which is not there or cannot be run")
        }
    }

    @Test("a program ends with the task that reads it")
    func cancellation() async throws {
        let started = AsyncStream<Void>.makeStream()
        let reading = Task {
            try await CommandLines.run(["sh", "-c", "echo ready; sleep 600 & wait"]) { _ in
                started.continuation.yield()
            }
        }
        for await _ in started.stream { break }
        reading.cancel()
        #expect(try await reading.value == 128 + 15)
    }
}

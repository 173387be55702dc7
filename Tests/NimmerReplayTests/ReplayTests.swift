import Glibc
import NimmerOutput
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@testable import NimmerReplay

@Suite("replay: recordings")
struct ReplayInputTests {
    private func events(
        _ text: String, _ format: ReplayFormat = ReplayFormat(), pace: Double = 1
    ) throws -> (input: ReplayInput, events: [ReplayEvent]) {
        var input = try ReplayInput(Array(text.utf8), file: "pump.csv", format: format, pace: pace)
        var events: [ReplayEvent] = []
        while let event = input.nextEvent() { events.append(event) }
        return (input, events)
    }

    private func numbers(_ event: ReplayEvent) -> ([Double], Timestamp)? {
        if case .numbers(let numbers, let at) = event { (numbers, at) } else { nil }
    }

    private func message(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch { return (error as? Failure)?.message.text }
    }

    @Test("a table with names, semicolons and times of its own")
    func named() throws {
        let (input, events) = try events("datetime;a;b\r\n2020-03-09 10:14:33;1.5;x\r\n2020-03-09 10:14:34;;-2\r\n")
        #expect(input.columns == ["datetime", "a", "b"])
        #expect(input.kind == .delimited)
        let rows = events.compactMap(numbers)
        #expect(rows.count == 2)
        #expect(rows[0].0[1] == 1.5 && rows[0].0[2].isNaN)
        #expect(rows[1].0[1].isNaN && rows[1].0[2] == -2)
        #expect(rows[0].1 == (try Timestamp(rfc3339: "2020-03-09T10:14:33Z")))
        #expect(rows[1].1.milliseconds(since: rows[0].1) == 1000)
    }

    @Test("a table without names or times comes at its pace")
    func bare() throws {
        let (input, events) = try events("1,2,left\n3,4,right\n", pace: 9)
        #expect(input.columns == ["1", "2", "3"])
        #expect(!input.hasTimes)
        let rows = events.compactMap(numbers)
        #expect(rows.map(\.1.nanoseconds) == [0, 111_000_000])
        var format = ReplayFormat()
        format.rate = 2
        format.start = Timestamp(nanoseconds: 5)
        #expect(
            try self.events("1,2\n3,4\n", format).events.compactMap(numbers).map(\.1.nanoseconds) == [5, 500_000_005])
    }

    @Test("a column of words beside the numbers")
    func labelled() throws {
        var format = ReplayFormat()
        format.labelColumn = "3"
        var input = try ReplayInput(Array("1,2,left \r\n3,4, right\n".utf8), file: "pump.csv", format: format, pace: 9)
        var labels: [String] = []
        while input.nextEvent() != nil { labels.append(input.label) }
        #expect(labels == ["left", "right"])
        format.labelColumn = "did"
        #expect(try events("did,b\nleft,2\n", format).input.label == "left")
        #expect(message { _ = try events("a,b\n1,2\n", format) } == "pump.csv: no label column 'did'")
    }

    @Test("objects of numbers, a line each")
    func objects() throws {
        let (input, events) = try events(#"{"at": 1600000000, "flow": 3}"# + "\n" + #"{"at": 1600000001.5}"# + "\n")
        #expect(input.kind == .numbers)
        let rows = events.compactMap(numbers)
        #expect(rows[0].0[1] == 3 && rows[1].0[1].isNaN)
        #expect(rows[1].1.milliseconds(since: rows[0].1) == 1500)
    }

    @Test("recorded waves; what is no wave among them is passed over")
    func waves() throws {
        let lines = [
            #"{"at":"2020-01-01T00:00:00Z","subject":"prod.nervous.cells.flow.wave","message":{"x": 1e2}}"#,
            #"{"at":"2020-01-01T00:00:01Z","subject":"prod.nervous.thalamus.collapse","message":{}}"#,
            #"{"at":"2020-01-01T00:00:02Z","subject":"prod.nervous.nerves.arm.wave","message":{}}"#,
        ]
        let (input, events) = try events(lines.joined(separator: "\n"))
        #expect(input.kind == .waves)
        #expect(events.count == 2)
        guard case .wave(let cell, let isNerve, let payload, _) = events[0] else { throw Failure(.failed, "no wave") }
        #expect(cell.text == "flow" && !isNerve)
        #expect(String(decoding: payload, as: UTF8.self) == #"{"x": 1e2}"#)
    }

    @Test("a mistake is named with file, line, what was found and what was expected")
    func mistakes() {
        #expect(message { _ = try events("") } == "pump.csv is empty")
        #expect(
            message { _ = try events("time,a\n1600000000,2\n1600000001\n1600000002\n") }
                == "pump.csv:3: found 1 column; expected 2, as in the first line")
        #expect(
            message { _ = try events("time,a\nsoon,2\n") }
                == "pump.csv:2: found the time 'soon'; expected a time such as 2020-03-09 10:14:33 or "
                + "2020-03-09T10:14:33Z, or seconds since 1970")
        #expect(
            message { _ = try events("{\"a\": 1}\nx\ny\n") }
                == "pump.csv:2: found a line that is no JSON object; expected one JSON object a line")
        var format = ReplayFormat()
        format.timeColumns = ["when"]
        #expect(message { _ = try events("a,b\n1,2\n", format) } == "pump.csv: no time column 'when'")
    }

    @Test(
        "times as recordings write them",
        arguments: [
            ("auto", "2020-03-09 10:14:33", "2020-03-09T10:14:33.000Z"),
            ("auto", "2020-03-09T10:14:33.25+01:00", "2020-03-09T09:14:33.250Z"),
            ("auto", "1600000000", "2020-09-13T12:26:40.000Z"), ("auto", "1600000000123", "2020-09-13T12:26:40.123Z"),
            ("seconds", "1.5", "1970-01-01T00:00:01.500Z"), ("ms", "1500", "1970-01-01T00:00:01.500Z"),
            ("%d.%m.%Y %H:%M", "9.3.2020 10:14", "2020-03-09T10:14:00.000Z"),
            ("%d %b %y %T.%f", "09 Mar 20 10:14:33.0001", "2020-03-09T10:14:33.0001Z"),
        ])
    func times(format: String, text: String, expected: String) throws {
        #expect(try TimeFormat(format).moment(text)?.rfc3339 == expected)
    }

    @Test(
        "what is no time is none",
        arguments: [
            ("auto", "soon"), ("auto", "2020-13-01 00:00:00"), ("%Y-%m-%d", "2020-02-30"), ("%Y", "2020x"),
            ("seconds", "nan"),
        ])
    func noTimes(format: String, text: String) throws {
        #expect(try TimeFormat(format).moment(text) == nil)
    }
}

@Suite("replay: a system on a virtual clock")
struct ReplayEngineTests {
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    /// A recording of a pump: of the clone that SKAB names, or beside the project where it was developed.
    static let recording =
        getenv("SKAB").map { "\(String(cString: $0))/data/valve1/6.csv" } ?? root + "/../shared/data/skab/valve1-6.csv"

    /// Two sensors with noise that both jump after 120 rows.
    static let table: String = {
        var text = "time,a,b\n"
        for index in 0..<200 {
            let wobble = Double(index * 7 % 11 - 5) / 10
            let jump = index >= 120 ? 8.0 : 0
            text += "\(1_600_000_000 + index),\(20 + wobble + jump),\(-3 - wobble - jump)\n"
        }
        return text
    }()

    static let system = """
        nimmerverse: 1
        name: pair
        cells:
          - {name: one, kind: sensor/v1, settings: {column: a, learning_samples: 60, region: plant.x}}
          - {name: two, kind: sensor/v1, settings: {column: b, learning_samples: 60, region: plant.y}}
          - {name: sums, kind: math/v1}
        gates: {regions: {plant: {window_ms: 30000, half_life_ms: 15000}}}
        thalamus: {regions: {plant: ["plant.>"]}}
        bridge: {event_types: {plant: leak}}
        """

    static func run(
        _ system: String, _ recording: String, mapping: [(column: String, cell: String)] = []
    ) throws -> (lines: [JSON], counts: ReplayCounts, recorded: [String]) {
        let file = try SystemFile(parsing: Array(system.utf8), file: "pair.yaml")
        let cast = try ReplayCast(file, environment: .dev)
        var input = try ReplayInput(Array(recording.utf8), file: "pair.csv", format: ReplayFormat(), pace: 1)
        let places =
            input.kind == .waves
            ? cast.members.map { _ in [] } : try cast.places(in: input.columns, of: "pair.csv", mapping: mapping)
        var replay = try Replay(file, cast: cast, places: places, environment: .dev)
        var outputs: [ReplayOutput] = []
        while let event = input.nextEvent() { outputs += replay.take(event) }
        return (outputs.map(\.json), replay.counts, outputs.compactMap(\.recorded?.text))
    }

    @Test("what both sensors see opens the region, once, and asks once")
    func escalates() throws {
        let (lines, counts, _) = try Self.run(Self.system, Self.table)
        #expect(counts.rows == 200)
        #expect(counts.escalations == 1 && counts.openings == 1 && counts.collapses == 1)
        let escalation = try #require(lines.first { $0["type"] == "escalation" })
        #expect(escalation["event_type"] == "leak")
        let at = try Timestamp(rfc3339: escalation["at"]?.string ?? "")
        #expect((120.0...140).contains(at.milliseconds / 1000 - 1_600_000_000))
        #expect(escalation["structured_input"]?["witnesses"]?.array?.count == 2)
        let opening = try #require(lines.first { $0["type"] == "transition" })
        #expect(opening["to_state"] == "open" && opening["gate_id"] == "plant" && opening["at"] == escalation["at"])
        let times = try lines.map { try Timestamp(rfc3339: $0["at"]?.string ?? "") }
        #expect(times == times.sorted())
    }

    @Test("the same input always gives the same output")
    func deterministic() throws {
        let first = try Self.run(Self.system, Self.table)
        let second = try Self.run(Self.system, Self.table)
        #expect(first.lines == second.lines)
        #expect(first.recorded == second.recorded)
    }

    @Test("a recording of its waves gives the same openings, without the cells")
    func recorded() throws {
        let live = try Self.run(Self.system, Self.table)
        let again = try Self.run(Self.system, live.recorded.joined(separator: "\n"))
        #expect(again.counts.waves == live.counts.waves)
        #expect(again.counts.emitted == 0)
        let kept = { (lines: [JSON]) in lines.filter { $0["type"] != "wave" } }
        #expect(kept(again.lines) == kept(live.lines))
    }

    @Test("a column can be given to a cell; one that is missing is named with those that there are")
    func columns() throws {
        let other = Self.table.split(separator: "\n").joined(separator: "\n")
            .replacingFirst("time,a,b", "time,left,b")
        let mapped = try Self.run(Self.system, other, mapping: [("left", "one")])
        #expect(mapped.counts.escalations == 1)
        let error = #expect(throws: Failure.self) { try Self.run(Self.system, other) }
        #expect(error?.message == "pair.csv has no column 'a' for the cell one")
        #expect(error?.remedy == "it has time, left, b; --column NAME=one names another")
        #expect(throws: Failure.self) { try Self.run(Self.system, other, mapping: [("left", "three")]) }
    }

    @Test("what is no text is refused as that, and of many columns only some are named")
    func noText() throws {
        for bytes: [UInt8] in [[0x00, 0x01, 0x08, 0x00, 0x0a], [0x7f, 0x45, 0x4c, 0x46, 0x02, 0x01]] {
            let error = #expect(throws: Failure.self) {
                try ReplayInput(bytes, file: "pair.csv.gz", format: ReplayFormat(), pace: 1)
            }
            #expect(
                error?.message == "pair.csv.gz:1: found bytes that are not text; expected a CSV or NDJSON recording")
        }
        let wide = (1...40).map { "n\($0)" }.joined(separator: ",")
        let error = #expect(throws: Failure.self) {
            try Self.run(Self.system, wide + "\n" + wide.replacing("n", with: "") + "\n")
        }
        let remedy = error?.remedy?.text ?? ""
        #expect(remedy.contains("n29, n30 and 10 more;"), "\(remedy)")
    }

    @Test("gaps and rows out of order are counted, and harm nothing")
    func gaps() throws {
        let (_, counts, _) = try Self.run(Self.system, "time,a,b\n10,1,\n9,2,3\n11,x,nan\n")
        #expect(counts.gaps.count == 3)
        #expect(counts.notes.first == "3 fields held no number and were left out; the first: row 1, for the cell two")
        #expect(counts.outOfOrder == 1)
        #expect(counts.rows == 3)
    }

    @Test("a nerve runs on the same clock: it hears the cells, and asks the motor")
    func nerve() throws {
        let system = try SystemFile(path: "\(Self.root)/deploy/systems/robot.yaml")
        let cast = try ReplayCast(system, environment: .dev)
        #expect(cast.leftOut.map(\.kind) == ["motor"])
        var rows = ""
        for index in 0..<120 { rows += "\(max(0.2, 3 - Double(index) * 0.04)),2.5,0.3,2.5\n" }
        var input = try ReplayInput(Array(rows.utf8), file: "robot.csv", format: ReplayFormat(), pace: 9)
        let places = try cast.places(in: input.columns, of: "robot.csv", mapping: [])
        #expect(places == [[0], [1], [2], [3], []])
        var replay = try Replay(system, cast: cast, places: places, environment: .dev)
        var outputs: [JSON] = []
        while let event = input.nextEvent() { outputs += replay.take(event).map(\.json) }
        let states = outputs.filter { $0["type"] == "state" }.compactMap { $0["to_state"]?.string }
        #expect(states.first == "DETECT")
        #expect(states.contains("EVADE"))
        let command = try #require(outputs.first { $0["type"] == "command" })
        #expect(command["command"] == "turn_left" && command["target"] == "motor")
    }

    @Test(
        "every recording of the pump is the same twice",
        .enabled(
            if: FileText.exists(recording),
            "no recording of a pump: set SKAB to a clone of https://github.com/waico/SKAB"))
    func pump() throws {
        let bytes = try FileText.bytes(Self.recording)
        var texts: [String] = []
        for _ in 0..<2 {
            var run = try ReplayRun(
                SystemFile(path: Self.root + "/deploy/systems/pump.yaml"), bytes: bytes, file: "valve1-6.csv",
                format: ReplayFormat(), mapping: [], environment: .dev)
            var text = ""
            try run.finish { (output) throws(ReaderGone) in text += output.json.text + "\n" }
            texts.append(text)
            #expect(run.counts.escalations == 1)
        }
        #expect(texts[0] == texts[1])
    }
}

@Suite("replay: what would have been different")
struct ReplayComparisonTests {
    private func at(_ second: Double, _ region: String = "plant") -> ReplayComparison.Escalation {
        .init(region: region, at: Timestamp(milliseconds: second * 1000), confidence: 0.9)
    }

    @Test("the same, moved, gone and new ones are distinguished")
    func differences() {
        let comparison = ReplayComparison(
            [at(10), at(100), at(500), at(900, "other")], [at(10), at(130), at(300), at(900)])
        #expect(comparison.same == 1)
        #expect(
            comparison.differences == [
                .moved(from: at(100), to: at(130)), .appeared(at(300)), .disappeared(at(500)),
                .disappeared(at(900, "other")), .appeared(at(900)),
            ])
    }

    @Test("nothing is different from itself")
    func itself() {
        let all = [at(1), at(2), at(2, "other")]
        #expect(ReplayComparison(all, all).differences.isEmpty)
        #expect(ReplayComparison(all, all).same == 3)
    }
}

@Suite("replay: beside labels")
struct ReplayLabelsTests {
    @Test("each row counts for what the nerve is doing when the row is done")
    func counted() throws {
        let arm = try Token("arm")
        var labels = ReplayLabels(nerves: [arm])
        let state = { (to: String, details: JSON?) in
            ReplayOutput.state(
                NerveState(nerve: arm, fromState: "X", toState: to, at: Timestamp(nanoseconds: 0), details: details))
        }
        labels.count("go")
        labels.take(state("EVADE", ["maneuver": "turn_left"]))
        labels.count("turn")
        labels.count("turn")
        labels.take(state("IDLE", [:]))
        labels.count("turn")
        #expect(labels.counts == ["arm": ["go": ["IDLE": 1], "turn": ["turn_left": 2, "IDLE": 1]]])
        #expect(
            labels.json.map(\.text) == [
                #"{"type":"labels","nerve":"arm","counts":{"go":{"IDLE":1},"turn":{"IDLE":1,"turn_left":2}}}"#
            ])
        #expect(labels.lines(.plain).count == 3)
    }
}

extension String {
    fileprivate func replacingFirst(_ text: String, _ other: String) -> String {
        hasPrefix(text) ? other + dropFirst(text.count) : self
    }
}

import NimmerOutput
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@testable import NimmerReplay

/// Recordings whose rows are not in the order of their times, through a system (recordings.md, Wrong times).
@Suite("replay: rows in another order than their times") struct RecordingOrderTests {
    private struct Row {
        var second: Int
        var values: [Double]
        /// What its clock is ahead.
        var ahead = 0
    }

    /// What a replay made of a recording.
    private struct Outcome: Equatable {
        var rows: Int
        var waves: Int
        var openings: Int
        var outOfOrder: Int
    }

    private static let system = """
        nimmerverse: 1
        name: detect
        cells:
          - {name: a, kind: sensor/v1, settings: {column: t, region: house.room, learning_samples: 100}}
          - {name: b, kind: sensor/v1, settings: {column: h, region: house.room, learning_samples: 100}}
        thalamus: {regions: {house: [house, "house.>"]}}
        bridge: {commands: dry-run}
        """

    /// Readings of two sensors in a quiet room, which both step at second 170.
    private static func rows(_ count: Int = 220) -> [Row] {
        var state: UInt64 = 7
        return (0..<count).map { second in
            let values = [21.5, 45.0].map { level in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return level + Double(state >> 56) / 1000 + (second >= 170 ? 6 : 0)
            }
            return Row(second: second, values: values)
        }
    }

    private static func time(_ second: Int, step: Int = 1) -> String {
        Timestamp(seconds: Int64(1_772_445_600 + second * step)).rfc3339
    }

    private static func wide(_ rows: [Row]) -> String {
        "time,t,h\n" + rows.map { "\(time($0.second + $0.ahead)),\($0.values[0]),\($0.values[1])\n" }.joined()
    }

    private static func run(_ text: String, _ adjust: (inout ReplayFormat) throws -> Void = { _ in }) throws -> (
        outcome: Outcome, notes: [String]
    ) {
        var format = ReplayFormat()
        try adjust(&format)
        var run = try ReplayRun(
            SystemFile(parsing: Array(system.utf8), file: "x.yaml"), bytes: Array(text.utf8), file: "x.csv",
            format: format, mapping: [], environment: .dev)
        try run.finish { (_) throws(ReaderGone) in }
        try run.checkRefusals()
        let counts = run.counts
        return (
            Outcome(
                rows: counts.rows, waves: counts.waves, openings: counts.escalations, outOfOrder: counts.outOfOrder),
            run.endNotes
        )
    }

    /// Numbers without order, the same ones at each run.
    private static func shuffled<Element>(_ elements: [Element]) -> [Element] {
        var state: UInt64 = 99
        return elements.map { element in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33, element)
        }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    private static func good() throws -> Outcome {
        let good = try run(wide(rows())).outcome
        #expect(good.rows == 220 && good.openings == 1 && good.waves > 0 && good.outOfOrder == 0, "\(good)")
        return good
    }

    private static func long(_ rows: [[Row]], _ line: (Row, Int) -> String) -> String {
        rows.enumerated().map { entity, rows in rows.map { line($0, entity) }.joined() }.joined()
    }

    @Test("the rows of one entity behind those of another: each has its own times", arguments: [false, true])
    func entities(newestFirst: Bool) throws {
        let rows = newestFirst ? Array(Self.rows().reversed()) : Self.rows()
        let names = ["t", "h"]
        let apart =
            "entity_id,state,last_changed\n"
            + Self.long([rows, rows]) { "\(names[$1]),\($0.values[$1]),\(Self.time($0.second))\n" }
        let inTurn =
            "entity_id,state,last_changed\n"
            + Self.rows().map { row in
                names.indices.map { "\(names[$0]),\(row.values[$0]),\(Self.time(row.second))\n" }.joined()
            }.joined()
        let expected = try Self.run(inTurn) { $0.entityColumn = "entity_id" }
        #expect(expected.outcome.rows == 440 && expected.outcome.openings == 1 && expected.notes.isEmpty)
        let found = try Self.run(apart) { $0.entityColumn = "entity_id" }
        #expect(found.outcome == expected.outcome)
        var notes = ["rows of one kind stand behind those of another: merged by their times"]
        if newestFirst { notes.append("the newest row stands first: read from the last row to the first") }
        #expect(found.notes == notes)
    }

    @Test("entities of which one stands newest first, and one whose rows are at other times")
    func mixed() throws {
        let rows = Self.rows()
        let text =
            "entity_id,state,last_changed\n"
            + rows.map { "t,\($0.values[0]),\(Self.time($0.second))\n" }.joined()
            + rows.reversed().map { "h,\($0.values[1]),\(Self.time($0.second))\n" }.joined()
        let found = try Self.run(text) { $0.entityColumn = "entity_id" }
        #expect(found.outcome.rows == 440 && found.outcome.openings == 1 && found.outcome.outOfOrder == 0)
    }

    @Test("tables of InfluxDB, one behind the other, in long form and with a column for each sensor")
    func influx() throws {
        let rows = Self.rows()
        let head =
            "#group,false,false,false,false,true\n#datatype,string,long,dateTime:RFC3339,double,string\n"
            + "#default,_result,,,,\n,result,table,_time,_value,_field\n"
        let names = ["t", "h"]
        let text = Self.long([rows, rows]) {
            ($0.second == 0 ? ($1 == 0 ? head : "\n" + head) : "")
                + ",,\($1),\(Self.time($0.second)),\($0.values[$1]),\(names[$1])\n"
        }
        let found = try Self.run(text) { $0.entityColumn = "_field" }
        #expect(found.outcome.rows == 440 && found.outcome.openings == 1 && found.outcome.outOfOrder == 0)
        let wide =
            "#group,false,false,false,false,false\n#datatype,string,long,dateTime:RFC3339,double,double\n"
            + "#default,_result,,,,\n,result,table,_time,t,h\n"
            + Self.long([rows, rows]) {
                ",,\($1),\(Self.time($0.second)),\($1 == 0 ? "\($0.values[0])," : ",\($0.values[1])")\n"
            }
        let pivoted = try Self.run(wide)
        #expect(pivoted.outcome.rows == 440 && pivoted.outcome.outOfOrder == 0, "\(pivoted)")
        #expect(pivoted.notes.first == "rows of one kind stand behind those of another: merged by their times")
    }

    @Test("entities apart in the hour that comes twice", arguments: [false, true])
    func entitiesInZone(newestFirst: Bool) throws {
        // From 01:30 to 03:29 of local time, which are three hours.
        let locals = ["01", "02", "02", "03"].enumerated().flatMap { part, hour in
            (part == 0 ? 30..<60 : part == 3 ? 0..<30 : 0..<60).map { "2026-10-25 \(hour):\($0 < 10 ? "0" : "")\($0)" }
        }
        #expect(locals.count == 180)
        let order = newestFirst ? Array(locals.indices.reversed()) : Array(locals.indices)
        let text =
            "entity_id,state,time\n"
            + ["t", "h"].map { name in order.map { "\(name),\($0),\(locals[$0])\n" }.joined() }.joined()
        let found = try RecordingFormsTests.read(text, ["t", "h"]) {
            $0.entityColumn = "entity_id"
            $0.zone = try ZoneRules("Europe/Berlin")
        }
        let expected = (0..<180).map { Double($0) }
        let columns = found.columns.map { column in column.filter { !$0.isNaN } }
        #expect(columns == [expected, expected])
        let start = try Timestamp(rfc3339: "2026-10-24T23:30:00Z")
        let minutes: [Double] = found.times.map { $0.milliseconds(since: start) / 60_000 }
        let twice: [Double] = expected.flatMap { [$0, $0] }
        #expect(minutes == twice)
    }

    @Test("a clock that is set back while entities take turns is one clock for all")
    func setBackInTurns() throws {
        let seconds = Array(0..<200) + Array(100..<300)
        let text =
            "entity_id,state,time\n"
            + seconds.enumerated().map { "t,\($0),\(Self.time($1))\nh,\($0),\(Self.time($1))\n" }.joined()
        let found = try RecordingFormsTests.read(text, ["t", "h"]) { $0.entityColumn = "entity_id" }
        #expect(found.times.count == 800)
        #expect(found.times == found.times.sorted())
        let columns = found.columns.map { column in column.filter { !$0.isNaN } }
        let expected = (0..<400).map { Double($0) }
        #expect(columns == [expected, expected])
    }

    @Test(
        "rows in no order, chunks in the wrong order, and rows astray are sorted",
        arguments: ["none", "two chunks", "five chunks", "ten chunks", "astray", "one astray", "half", "future"])
    func sorted(kind: String) throws {
        let good = try Self.good()
        let rows = Self.rows()
        func chunks(_ places: [Int]) -> [Row] {
            places.flatMap { rows[($0 * 220 / places.count)..<(($0 + 1) * 220 / places.count)] }
        }
        var found: [Row] = []
        switch kind {
        case "none": found = Self.shuffled(rows)
        case "two chunks": found = chunks([1, 0])
        case "five chunks": found = chunks([3, 0, 4, 1, 2])
        case "ten chunks": found = chunks([7, 2, 9, 0, 5, 1, 8, 3, 6, 4])
        case "astray", "one astray":
            // They come to one another's places.
            let places = kind == "astray" ? Self.shuffled(Array(0..<220)).prefix(60) : [30, 150]
            found = rows
            for (place, other) in zip(places, places.dropFirst() + places.prefix(1)) { found[place] = rows[other] }
        case "half": found = rows[..<100] + Self.shuffled(Array(rows[100...]))
        default:
            found = Self.shuffled(rows)
            found[80].ahead = 400_000_000
        }
        let run = try Self.run(Self.wide(found))
        if kind == "future" {
            #expect(run.outcome.rows == 219 && run.outcome.openings == 1 && run.outcome.outOfOrder == 0)
            #expect(run.notes.contains { $0.hasPrefix("1 row left out, with times far from those around them") })
        } else {
            #expect(run.outcome == good, "\(run.notes)")
        }
        #expect(run.notes.first == "the rows are not in the order of their times: sorted")
    }

    @Test("a clock that was set back keeps all rows as they stand", arguments: [5, 30, 110, 2000])
    func setBack(distance: Int) throws {
        var rows = Self.rows()
        for place in 120..<220 { rows[place].ahead = -distance }
        let found = try Self.run(Self.wide(rows))
        #expect(found.outcome == (try Self.good()), "\(found.notes)")
        #expect(found.notes.count == 1 && found.notes[0].hasPrefix("x.csv:122: the time goes back"), "\(found.notes)")
    }

    @Test("a small recording whose newest row stands first", arguments: [2, 3, 4, 24])
    func small(count: Int) throws {
        for step in [1, 60, 3600] {
            let text = "time,t\n" + (0..<count).reversed().map { "\(Self.time($0, step: step)),\($0)\n" }.joined()
            let found = try RecordingFormsTests.read(text, ["t"])
            let values: [Double] = (0..<count).map { Double($0) }
            let times: [String] = (0..<count).map { Self.time($0, step: step) }
            #expect(found.columns == [values])
            #expect(found.times.map(\.rfc3339) == times)
        }
    }

    @Test("a small recording whose newest row stands first, in the hour that comes twice", arguments: 3...24)
    func smallInZone(count: Int) throws {
        let berlin = try ZoneRules("Europe/Berlin")
        for step in [1, 2, 5, 12, 20] where step * count <= 60 {
            let text =
                "time,t\n"
                + (0..<count).reversed().map { "2026-10-25 02:\($0 * step < 10 ? "0" : "")\($0 * step),\($0)\n" }
                .joined()
            let found = try RecordingFormsTests.read(text, ["t"]) { $0.zone = berlin }
            let values: [Double] = (0..<count).map { Double($0) }
            #expect(found.columns == [values], "\(step)")
            let start = try Timestamp(rfc3339: "2026-10-25T00:00:00Z")
            let minutes: [Double] = found.times.map { $0.milliseconds(since: start) / 60_000 }
            #expect(minutes == values.map { $0 * Double(step) })
        }
    }

    @Test("of three rows the one in the future is left out, wherever it stands", arguments: 0..<3)
    func future(place: Int) throws {
        let text =
            "time,t\n"
            + (0..<3).map { "\(Self.time($0 == place ? 400_000_000 : $0)),\($0)\n" }.joined()
        let found = try RecordingFormsTests.read(text, ["t"])
        let left: [Int] = (0..<3).filter { $0 != place }
        let times: [String] = left.map { Self.time($0) }
        #expect(found.columns == [left.map { Double($0) }])
        #expect(found.times.map(\.rfc3339) == times)
    }

    @Test(
        "rows whose clock is a few seconds wrong are set between their neighbours; all others are left as they are",
        arguments: [5, -5, 20],
        [[100], [100, 101], Array(stride(from: 20, to: 220, by: 50)), Array(stride(from: 5, to: 220, by: 10))])
    func slips(ahead: Int, places: [Int]) throws {
        var rows = Self.rows()
        for place in places { rows[place].ahead = ahead }
        let found = try Self.run(Self.wide(rows))
        #expect(found.outcome == (try Self.good()), "\(found.notes)")
        let count = places.count == 1 ? "1 row" : "\(places.count) rows"
        #expect(
            found.notes.count == 1 && found.notes[0].hasPrefix("\(count) set between those around them"),
            "\(found.notes)")
        let read = try RecordingFormsTests.read(Self.wide(rows), ["t"])
        let times: [String] = (0..<220).map { Self.time($0) }
        #expect(read.times.map(\.rfc3339) == times)
    }

    @Test("a day of seconds in no order, and with every tenth row ahead, is judged at once")
    func many() {
        let seconds = Array(0..<86_400)
        let none = RowTimes(Self.shuffled(seconds).map { Timestamp(seconds: Int64($0)) })
        #expect(none.isSorted && none.aside.isEmpty && none.count == 86_400)
        let inOrder = (0..<86_400).allSatisfy { none.moments[none.row(at: $0)] == Timestamp(seconds: Int64($0)) }
        #expect(inOrder)
        let slips = RowTimes(seconds.map { Timestamp(seconds: Int64($0 % 10 == 5 ? $0 + 5 : $0)) })
        #expect(slips.placed.count == 8640 && slips.setBack.isEmpty && slips.aside.isEmpty)
    }

    /// Moments of readings that come whenever something changes, one a minute on average.
    private static func irregular(_ count: Int) -> [Double] {
        var state: UInt64 = 5
        var moment = 0.0
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            moment += 1 + 119 * Double(state >> 40) / 16_777_216
            return moment.rounded()
        }
    }

    private static func judged(_ seconds: [Double]) -> RowTimes {
        RowTimes(seconds.map { Timestamp(milliseconds: 1_772_445_600_000 + $0 * 1000) })
    }

    @Test("readings at no steady pace: set back, in no order, and with single wrong clocks")
    func uneven() {
        let good = Self.irregular(600)
        var back = good
        for place in 300..<600 { back[place] -= 7200 }
        let setBack = Self.judged(back)
        #expect(setBack.setBack.map(\.row) == [300] && !setBack.isSorted)
        #expect(setBack.aside.isEmpty && setBack.placed.isEmpty)
        let none = Self.judged(Self.shuffled(good))
        let moments = (0..<none.count).compactMap { none.moments[none.row(at: $0)] }
        #expect(none.isSorted && moments.count == 600 && moments == moments.sorted())
        for ahead: Double in [315_360_000, 172_800, -86_400] {
            var wrong = good
            for place in [100, 250, 251, 400] { wrong[place] += ahead }
            let found = Self.judged(wrong)
            #expect(found.aside == [100, 250, 251, 400] && found.setBack.isEmpty && !found.isSorted, "\(ahead)")
        }
    }

    @Test("ten readings a second with clocks that were wrong, newest first or last", arguments: [false, true])
    func fast(newestFirst: Bool) {
        var seconds = (0..<1000).map { Double($0) / 10 }
        for place in [100, 333, 700] { seconds[place] += 5 }
        let found = Self.judged(newestFirst ? Array(seconds.reversed()) : seconds)
        #expect(found.placed.sorted() == (newestFirst ? [299, 666, 899] : [100, 333, 700]))
        #expect(found.isReversed == newestFirst && found.setBack.isEmpty && found.aside.isEmpty && !found.isSorted)
    }

    @Test("where most rows have no time that can be read, the run fails")
    func lost() {
        let text = "time,t,h\n" + (0..<10).map { "\($0 < 6 ? "soon" : Self.time($0)),1,2\n" }.joined()
        let failure = RecordingFormsTests.failure { _ = try Self.run(text) }
        #expect(failure.hasPrefix("x.csv:2: found the time 'soon'"), "\(failure)")
    }
}

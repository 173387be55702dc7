import NimmerOutput
import NimmerSensing
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@testable import NimmerReplay

/// Recordings with faults, and forms that are found by what rows hold (recordings.md).
@Suite("replay: recordings with faults") struct RecordingFaultsTests {
    private typealias Forms = RecordingFormsTests

    /// Seconds of the times since the first.
    private static func seconds(_ found: RecordingFormsTests.Found) -> [Double] {
        found.times.map { ($0.milliseconds - (found.times.first?.milliseconds ?? 0)) / 1000 }
    }

    @Test(
        "the separator is judged over the rows: decimal commas without names",
        arguments: [
            ("2026-03-02 10:00:00;1,5\n2026-03-02 10:00:01;2,5\n2026-03-02 10:00:02;3,5\n", "2"),
            ("2026-03-02 10:00:00\t1,5\n2026-03-02 10:00:01\t2,5\n2026-03-02 10:00:02\t3,5\n", "2"),
            ("2026-03-02 10:00:00|1,5\n2026-03-02 10:00:01|2,5\n2026-03-02 10:00:02|3,5\n", "2"),
            ("1772445600;7;1,5\n1772445601;8;2,5\n1772445602;9;3,5\n", "3"),
            ("2026-03-02 10:00:00,250;1,5\n2026-03-02 10:00:01,250;2,5\n2026-03-02 10:00:02,250;3,5\n", "2"),
            ("Zeit;Wert, roh\n2026-03-02 10:00:00;1,5\n2026-03-02 10:00:01;2,5\n2026-03-02 10:00:02;3,5\n", "2"),
            ("1,5\n2,5\n3,50\n4\n", "1"), ("1,5\n2,05\n", "1"),
        ])
    func decimalCommas(text: String, column: String) throws {
        let found = try Forms.read(text, [column])
        #expect(found.columns[0].first == 1.5)
        #expect(found.columns[0].allSatisfy { $0 != $0.rounded() || $0 == 4 })
        #expect(!found.notes.contains { $0.contains("--decimal") }, "\(found.notes)")
    }

    @Test("a comma that may be either is named, and --decimal decides")
    func openComma() throws {
        let open = try Forms.read("1,5\n2,7\n", ["1"])
        #expect(open.columns == [[1, 2]])
        #expect(
            open.notes == ["x.csv: '1,5' was read as two columns, 1 and 2: --decimal , reads it as one number"],
            "\(open.notes)")
        // Names, and times since 1970, show that there are two.
        for (first, step) in [("1772359200", 1), ("1772359200000", 500), ("1772359200000000", 1)] {
            let rows = (0..<3).map { "\((Int(first) ?? 0) + $0 * step),\($0 + 5)\n" }.joined()
            for (text, column) in [(rows, "2"), ("epoch,integer\n" + rows, "integer")] {
                let found = try Forms.read(text, [column])
                #expect(found.columns == [[5, 6, 7]] && found.times.count == 3)
                #expect(!found.notes.contains { $0.contains("--decimal") }, "\(found.notes)")
            }
        }
        #expect(try Forms.read("1772359200,5\n1672359200,6\n1872359200,7\n", ["1"]).notes.count == 1)
        #expect(try Forms.read("1,5\n2,7\n", ["1"]) { $0.table.decimal = .comma }.columns == [[1.5, 2.7]])
        #expect(
            try Forms.read("time,x\n2026-03-02 10:00:00,\"1,5\"\n2026-03-02 10:00:01,\"2,5\"\n", ["x"]) {
                $0.table.decimal = .comma
            }.columns == [[1.5, 2.5]])
    }

    @Test(
        "names in the middle, in another order or with others, apply from there on",
        arguments: [
            ("time,a,b\n", "time,b,a\n", "20,2"), ("time,a,b\n", "time,x,b,a\n", "7,20,2"),
            ("time,a,b\n", "time,b,a,c,d\n", "20,2,7,8"), ("time,a,b\ns,mV,°C\n", "time,b,a\ns,°C,mV\n", "20,2"),
        ])
    func namesAgain(first: String, second: String, row: String) throws {
        let rows = (0..<5).map { "2026-03-02 10:00:0\($0),1,10\n" }.joined()
        let found = try Forms.read(first + rows + second + "2026-03-02 10:00:05,\(row)\n", ["a", "b"])
        #expect(found.columns == [[1, 1, 1, 1, 1, 2], [10, 10, 10, 10, 10, 20]])
        #expect(Self.seconds(found) == [0, 1, 2, 3, 4, 5])
        #expect(found.notes == [])
    }

    @Test("blocks of InfluxDB without annotations")
    func blocks() throws {
        let text =
            ",result,table,_time,a,b\n,,0,2026-03-02T10:00:00Z,1,10\n\n,result,table,_time,b,a\n,,1,2026-03-02T10:00:01Z,20,2\n"
        let found = try Forms.read(text, ["a", "b"])
        #expect(found.columns == [[1, 2], [10, 20]])
        #expect(Self.seconds(found) == [0, 1])
        #expect(found.notes == [])
    }

    @Test("a column that later names lack has no part from there on; rows that lack all or their time are lost by name")
    func namesLack() throws {
        let lacking =
            "time,a,b\n2026-03-02 10:00:00,1,10\n2026-03-02 10:00:01,2,20\ntime,b,c\n2026-03-02 10:00:02,30,7\n"
        let found = try Forms.read(lacking, ["a", "b"])
        #expect(found.columns[1] == [10, 20, 30])
        #expect(ReplayEvent.isAbsent(found.columns[0][2]))
        #expect(found.notes == ["x.csv:4: found other names, without a"])
        let other = "time,a\n2026-03-02 10:00:00,1\nzeit,druck\n2026-03-02 10:00:01,990\n2026-03-02 10:00:02,991\n"
        let failure = Forms.failure { _ = try Forms.read(other, ["a"]) }
        #expect(
            failure.hasPrefix("x.csv:4: found a row under the names zeit, druck of line 3; expected columns"),
            "\(failure)")
        // A line of words that are no names is one row without a time.
        let words = "time,a\n2026-03-02 10:00:00,1\nerror,timeout\n2026-03-02 10:00:01,2\n2026-03-02 10:00:02,3\n"
        #expect(try Forms.read(words, ["a"]).columns == [[1, 2, 3]])
    }

    @Test(
        "a date and a time of day in two columns of any names",
        arguments: [
            ("Datum;Uhrzeit", ";", "2026-03-02", "10:00:00"), ("date,clock", ",", "2026-03-02", "10:00:00"),
            ("date,hour", ",", "2026-03-02", "10"), ("foo,bar", ",", "2026-03-02", "10:00"),
            ("bar,foo", ",", "10:00:00", "2026-03-02"), ("Datum\tUhrzeit", "\t", "02.03.2026", "10:00"),
            ("", ",", "2026-03-02", "10:00:00"),
        ])
    func twoColumns(names: String, separator: String, date: String, clock: String) throws {
        let later = clock.hasPrefix("10") ? "11" + clock.dropFirst(2) : clock
        let laterDate = date.hasPrefix("10") ? "11" + date.dropFirst(2) : date
        var text = names.isEmpty ? "" : names + separator + "x\n"
        for (value, parts) in [[date, clock], [laterDate, later]].enumerated() {
            text += parts.joined(separator: separator) + separator + "\(value).5\n"
        }
        let found = try Forms.read(text, [names.isEmpty ? "3" : "x"])
        #expect(found.columns == [[0.5, 1.5]])
        #expect(found.times.map(\.rfc3339) == ["2026-03-02T10:00:00.000Z", "2026-03-02T11:00:00.000Z"])
    }

    @Test("times of day that cannot be read beside their dates fail by name; dates alone are named")
    func clocksThatCannotBeRead() throws {
        let text = "date,clock,x\n2026-03-02,10:00 AM,1\n2026-03-02,11:00 AM,2\n"
        let failure = Forms.failure { _ = try Forms.read(text, ["x"]) }
        #expect(
            failure.contains(
                "found dates in the column date, and times of day in the column clock that cannot be read"),
            "\(failure)")
        let dates = try Forms.read("date,x\n2026-03-02,1\n2026-03-02,2\n2026-03-03,3\n", ["x"])
        #expect(
            dates.notes.contains { $0.contains("the column date holds dates without times of day") }, "\(dates.notes)")
        let daily = try Forms.read("date,sunrise,sunset,x\n2026-03-02,07:00,18:00,1\n2026-03-03,06:58,18:02,2\n", ["x"])
        #expect(daily.times.map(\.rfc3339) == ["2026-03-02T00:00:00.000Z", "2026-03-03T00:00:00.000Z"])
    }

    @Test("most lost, whatever the mix of reasons, fails; less does not")
    func sum() throws {
        func text(good: Int) -> String {
            var (text, second) = ("time,x\n", 0)
            func time() -> String {
                second += 1
                return "2026-03-02 10:\(second / 60 + 10):\(second % 60 + 10 > 59 ? 59 : second % 60 + 10)"
            }
            for _ in 0..<20 {
                for _ in 0..<good { text += "\(time()),1.5\n" }
                text += "2026-03\n\(time())\nyesterday,1.5\n"
            }
            return text
        }
        let failure = Forms.failure { _ = try Forms.read(text(good: 1), ["x"]) }
        #expect(failure.contains("60 of 80 lines are lost: 40 no rows, 20 without a readable time"), "\(failure)")
        #expect(try Forms.read(text(good: 4), ["x"]).columns[0].count == 80)
        // Of a column: no numbers in one row, no time in the next, one that is cut.
        let mixed =
            "time,x\n"
            + (0..<20).map {
                "\(1_772_445_600 + $0 * 9),1.5\n\(1_772_445_601 + $0 * 9),bad\nnever,1.5\n\(1_772_445_603 + $0 * 9)\n"
            }.joined()
        let column = Forms.failure { _ = try Forms.read(mixed, ["x"]) }
        #expect(column.hasPrefix("x.csv: 60 of 80 values of the column x are lost"), "\(column)")
    }

    @Test(
        "a line with bytes that are no text is lost alone, by name",
        arguments: [[0], [27], [UInt8](repeating: 0, count: 5000)])
    func controlBytes(_ bytes: [UInt8]) throws {
        let start = Array("time,x\n2026-03-02 10:00:00,1\n2026-03-02 10:00:01,2\n".utf8)
        let end = Array("2026-03-02 10:00:02,3\n2026-03-02 10:00:03,4\n2026-03-02 10:00:04,5\n".utf8)
        let found = try Forms.read(start + bytes + end, ["x"])
        #expect(found.columns == [[1, 2, 4, 5]])
        let byte = bytes[0] == 0 ? "00" : "1b"
        #expect(found.notes == ["1 line left out: x.csv:4: found the byte 0x\(byte), which is no text; expected text"])
        let first = try Forms.read(bytes + Array("\n".utf8) + start + end, ["x"]).columns
        #expect(first == [[1, 2, 3, 4, 5]])
        let objects = (0..<4).map { "{\"time\": \($0), \"x\": \($0)}\n" }.map { Array($0.utf8) }
        let lines = try Forms.read(objects[0] + objects[1] + bytes + objects[2] + objects[3], ["x"])
        #expect(lines.columns == [[0, 1, 3]])
        #expect(
            lines.notes.first?.hasPrefix("1 line left out: x.csv:3: found the byte 0x\(byte)") == true, "\(lines.notes)"
        )
        let binary = Forms.failure { _ = try Forms.read((0..<4000).map { UInt8(truncatingIfNeeded: $0 &* 7) }, ["x"]) }
        #expect(binary.contains("found bytes that are not text"), "\(binary)")
    }

    @Test(
        "times since 1970 are found by their values",
        arguments: [
            "{\"last_seen\": 1772445600000, \"x\": 1}\n{\"last_seen\": 1772445601000, \"x\": 2}\n",
            "{\"params\": {\"ts\": 1772445600.0}, \"x\": 1}\n{\"params\": {\"ts\": 1772445601.0}, \"x\": 2}\n",
            "state,x,last_updated_ts\non,1,1772445600.25\non,2,1772445601.25\n",
            "start,x\n1772445600,1\n1772445601,2\n", "1772445600000000,1\n1772445601000000,2\n",
            "n,1772445600000000000,x\n1,1772445600000000000,1\n2,1772445601000000000,2\n",
        ])
    func epochs(text: String) throws {
        let found = try Forms.read(text, [text.hasPrefix("1") ? "2" : "x"])
        #expect(found.columns == [[1, 2]])
        #expect(Self.seconds(found) == [0, 1])
        #expect(found.times.first.map { ($0.milliseconds / 1000).rounded(.down) } == 1_772_445_600)
        #expect(found.notes.contains { $0.contains("whose numbers are times since 1970") }, "\(found.notes)")
    }

    @Test("other numbers are no times")
    func noEpochs() throws {
        let found = try Forms.read("x,count\n1,17\n2,18\n", ["x"])
        #expect(found.times.map(\.milliseconds) == [0, 1000])
        #expect(
            try Forms.read("x,y\n1,1772445601\n2,1772445600\n3,1772445609\n", ["x"]).times.last?.milliseconds == 2000)
    }

    @Test("a cut array of JSON loses its last object, and that is reported")
    func cutArray() throws {
        let text = "[ {\"time\": 1, \"x\": 5},\n  {\"time\": 2, \"x\": 6},\n  {\"ti"
        let found = try Forms.read(text, ["x"])
        #expect(found.columns == [[5, 6]])
        #expect(
            found.notes == [
                "the last line is cut and was left out: x.csv:3: found a line that is no JSON object; expected one JSON object a line"
            ])
    }

    @Test(
        "a row for each value as objects: NDJSON, the answers of Home Assistant and openHAB",
        arguments: [
            "{\"entity_id\": \"a\", \"state\": \"1.5\", \"last_changed\": \"2026-03-02T10:00:00Z\"}\n{\"entity_id\": \"b\", \"state\": \"7\", \"last_changed\": \"2026-03-02T10:00:01Z\"}\n",
            "[[{\"entity_id\": \"a\", \"state\": \"1.5\", \"last_changed\": \"2026-03-02T10:00:00Z\"}], [{\"entity_id\": \"b\", \"state\": \"7\", \"last_changed\": \"2026-03-02T10:00:01Z\"}]]",
        ])
    func entities(text: String) throws {
        let found = try Forms.read(text, ["a", "b"]) { $0.entityColumn = "entity_id" }
        #expect(found.columns[0].filter { !$0.isNaN } == [1.5] && found.columns[1].filter { !$0.isNaN } == [7])
        #expect(ReplayEvent.isAbsent(found.columns[0][1]))
        #expect(Self.seconds(found) == [0, 1])
        let openHAB =
            "{\"name\": \"T\", \"data\": [{\"time\": 1772445600000, \"state\": \"21.5\"}, {\"time\": 1772445601000, \"state\": \"21.6\"}]}"
        #expect(try Forms.read(openHAB, ["state"]).columns == [[21.5, 21.6]])
    }

    @Test("objects grouped by what they are about have their own times, and name it once where an array shortens them")
    func groupedEntities() throws {
        let short = """
            [[{"entity_id": "a", "state": "1", "last_changed": "2026-03-02T10:00:00Z"},
              {"state": "2", "last_changed": "2026-03-02T10:00:10Z"}, {"state": "3", "last_changed": "2026-03-02T10:00:20Z"}],
             [{"entity_id": "b", "state": "7", "last_changed": "2026-03-02T10:00:00Z"},
              {"state": "8", "last_changed": "2026-03-02T10:00:10Z"}, {"state": "9", "last_changed": "2026-03-02T10:00:20Z"}]]
            """
        let lines = ["a", "b"].flatMap { name in
            (0..<3).map {
                "{\"entity_id\": \"\(name)\", \"state\": \"\($0 + (name == "a" ? 1 : 7))\", "
                    + "\"last_changed\": \"2026-03-02T10:00:\($0)0Z\"}"
            }
        }.joined(separator: "\n")
        for text in [short, lines] {
            let found = try Forms.read(text, ["a", "b"]) { $0.entityColumn = "entity_id" }
            #expect(found.columns[0].filter { !$0.isNaN } == [1, 2, 3], "\(text)")
            #expect(found.columns[1].filter { !$0.isNaN } == [7, 8, 9], "\(text)")
            #expect(Self.seconds(found) == [0, 10, 20, 0, 10, 20], "\(text)")
        }
    }

    @Test("small things: no rows, too much skipped, quotes over lines, gaps, fractions, marks and comments in NDJSON")
    func small() throws {
        let empty = Forms.failure { _ = try Forms.read("time,x\n", ["x"]) }
        #expect(empty.hasPrefix("x.csv holds no rows | "), "\(empty)")
        let comments = Forms.failure { _ = try Forms.read("time,x\n1,2\n1,3\n", ["x"]) { $0.table.comment = "1" } }
        #expect(comments.hasPrefix("x.csv holds no rows | "), "\(comments)")
        let gaps = Forms.failure { _ = try Forms.read("time,x,y\n1,,a\n2,null,b\n", ["x"]) }
        #expect(gaps.hasPrefix("x.csv holds no number in the 2 rows of the columns that are read: x"), "\(gaps)")
        let skipped = Forms.failure { _ = try Forms.read("time,x\n1,2\n", ["x"]) { $0.table.skip = 9 } }
        #expect(skipped.hasPrefix("x.csv has 2 lines: --skip 9 passes over all of them"), "\(skipped)")
        let quoted = try Forms.read("time,x,note\n1,2,a\n2,3,\"b\nc\"\n3,4,d\n4,5,e\n5,6,f\n", ["x"]).notes
        #expect(quoted.first?.contains("x.csv:3: found a quote that does not end in its line") == true, "\(quoted)")
        #expect(try Forms.read("x\n1\n<NA>\n2\n", ["x"]).notes == [])
        #expect(try Forms.read("x\n1\n5½\n2\n", ["x"]).notes.first?.contains("found '5½'") == true)
        let marked = "\u{feff}{\"time\": 1, \"x\": 1}\n\u{feff}{\"time\": 2, \"x\": 2}\n"
        #expect(try Forms.read(marked, ["x"]).columns == [[1, 2]])
        let log = try Forms.read(
            "# made by hand\nINFO started\n{\"time\": 1, \"x\": 1}\n{\"time\": 2, \"x\": 2}\n{\"time\": 3, \"x\": 3}\n",
            ["x"])
        #expect(log.columns == [[1, 2, 3]])
        #expect(
            log.notes.first?.hasPrefix("1 line left out: x.csv:2: found a line that is no JSON object") == true,
            "\(log.notes)")
    }
}

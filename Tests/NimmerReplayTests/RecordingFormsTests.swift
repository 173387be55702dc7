import Foundation
import NimmerOutput
import NimmerSensing
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@testable import NimmerReplay

/// Recordings as people have them: numbers, encodings and forms (recordings.md, Numbers).
@Suite("replay: forms of recordings") struct RecordingFormsTests {
    /// Content of a recording, read for some columns.
    struct Found {
        var columns: [[Double]]
        var times: [Timestamp]
        var notes: [String]
    }

    static func read(
        _ bytes: [UInt8], _ wanted: [String] = ["temperature", "humidity"],
        _ adjust: (inout ReplayFormat) throws -> Void = { _ in }
    ) throws -> Found {
        var format = ReplayFormat()
        try adjust(&format)
        var input = try ReplayInput(bytes, file: "x.csv", format: format, pace: 1, wanted: wanted)
        let places = try wanted.map {
            try DelimitedText.place(of: $0, names: input.columns, count: input.columns.count)
        }
        var found = Found(columns: wanted.map { _ in [] }, times: [], notes: [])
        while let event = input.nextEvent() {
            guard case .numbers(let numbers, let at) = event else { continue }
            for (index, place) in places.enumerated() { found.columns[index].append(numbers[place]) }
            found.times.append(at)
        }
        found.notes = input.report.notes
        return found
    }

    static func read(
        _ text: String, _ wanted: [String] = ["temperature", "humidity"],
        _ adjust: (inout ReplayFormat) throws -> Void = { _ in }
    ) throws -> Found { try read(Array(text.utf8), wanted, adjust) }

    static func failure(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "nothing"
        } catch { return (error as? Failure).map { "\($0.message.text) | \($0.remedy?.text ?? "")" } ?? "\(error)" }
    }

    static let good =
        "time,temperature,humidity\n2026-03-02 10:00:00,21.49,1046.02\n2026-03-02 10:00:01,21.51,1044.37\n"
    static let temperatures = [21.49, 21.51]
    static let humidities = [1046.02, 1044.37]

    @Test(
        "the same readings in other words",
        arguments: [
            "time;temperature;humidity\n2026-03-02 10:00:00;21,49;1046,02\n2026-03-02 10:00:01;21,51;1044,37\n",
            "time;temperature;humidity\n2026-03-02 10:00:00;21,49;1.046,02\n2026-03-02 10:00:01;21,51;1.044,37\n",
            "time;temperature;humidity\n2026-03-02 10:00:00;21.49;1,046.02\n2026-03-02 10:00:01;21.51;1,044.37\n",
            "time,temperature,humidity\n2026-03-02 10:00:00,\"21,49\",\"1046,02\"\n2026-03-02 10:00:01,\"21,51\",\"1044,37\"\n",
            "time,temperature,humidity\n2026-03-02 10:00:00,21.49 °C,1046.02 hPa\n2026-03-02 10:00:01,21.51 °C,1044.37 hPa\n",
            "time,temperature,humidity\n2026-03-02 10:00:00,21.49°C,1046.02hPa\n2026-03-02 10:00:01,21.51°C,1044.37hPa\n",
            "time;temperature;humidity\n2026-03-02 10:00:00;21,49 °C;1 046,02 hPa\n2026-03-02 10:00:01;21,51 °C;1 044,37 hPa\n",
            "time;temperature;humidity\n2026-03-02 10:00:00;21.49;1'046.02\n2026-03-02 10:00:01;21.51;1’044.37\n",
            "time,temperature,humidity\n2026-03-02 10:00:00,'21.49,'1046.02\n2026-03-02 10:00:01,\"=\"\"21.51\"\"\",'1044.37\n",
            "sep=;\ntime;temperature;humidity\n2026-03-02 10:00:00;21.49;1046.02\n2026-03-02 10:00:01;21.51;1044.37\n",
            "\"sep=;\"\r\ntime;temperature;humidity\r\n2026-03-02 10:00:00;21.49;1046.02\r\n2026-03-02 10:00:01;21.51;1044.37\r\n",
            "#version=13.0\ntime,temperature,humidity\n2026-03-02 10:00:00,21.49,1046.02\n# pause\n2026-03-02 10:00:01,21.51,1044.37\n",
            "# time,temperature,humidity\n2026-03-02 10:00:00,21.49,1046.02\n2026-03-02 10:00:01,21.51,1044.37\n",
            "version=1.0\nfile created: 2026-03-02\n\ntime,temperature,humidity\n2026-03-02 10:00:00,21.49,1046.02\n2026-03-02 10:00:01,21.51,1044.37\n",
            "time,temperature,humidity,,\n2026-03-02 10:00:00,21.49,1046.02,,\n2026-03-02 10:00:01,21.51,1044.37,,\n",
            "time,temperature,humidity\n2026-03-02 10:00:00,21.49,1046.02,,\n2026-03-02 10:00:01,21.51,1044.37,,\n",
            "time,note,temperature,humidity\n2026-03-02 10:00:00,pipe 5\" north,21.49,1046.02\n2026-03-02 10:00:01,pipe 5\" north,21.51,1044.37\n",
            "time,temperature,humidity\n2026-03-02 10:00:00,21.49,1046.02\ntime,temperature,humidity\n2026-03-02 10:00:01,21.51,1044.37\n",
            "time\ttemperature\thumidity\n2026-03-02 10:00:00\t21.49\t1046.02\n2026-03-02 10:00:01\t21.51\t1044.37\n",
            "time | temperature | humidity\n2026-03-02 10:00:00 | 21.49 | 1046.02\n2026-03-02 10:00:01 | 21.51 | 1044.37\n",
            "time,temperature,humidity\r2026-03-02 10:00:00,21.49,1046.02\r2026-03-02 10:00:01,21.51,1044.37\r",
            "\u{feff}time,temperature,humidity\n2026-03-02 10:00:00,21.49,1046.02\n2026-03-02 10:00:01,21.51,1044.37",
            """
            #group,false,false,true,false,false
            #datatype,string,long,dateTime:RFC3339,double,double
            #default,_result,,,,
            ,result,table,_time,temperature,humidity
            ,,0,2026-03-02T10:00:00Z,21.49,1046.02

            #group,false,false,true,false,false
            #datatype,string,long,dateTime:RFC3339,double,double
            #default,_result,,,,
            ,result,table,_time,humidity,temperature
            ,,1,2026-03-02T10:00:01Z,1044.37,21.51
            """,
            "{\"time\": \"2026-03-02T10:00:00Z\", \"temperature\": \"21.49\", \"humidity\": \"1046,02\"}\n"
                + "{\"time\": \"2026-03-02T10:00:01Z\", \"temperature\": \"21.51 °C\", \"humidity\": \"1044,37\"}\n",
            "\u{feff}{\"time\": \"2026-03-02T10:00:00Z\", \"temperature\": 21.49, \"humidity\": 1046.02}\n"
                + "{\"time\": \"2026-03-02T10:00:01Z\", \"temperature\": 21.51, \"humidity\": 1044.37}\n",
            "[{\"time\": \"2026-03-02T10:00:00Z\", \"temperature\": 21.49, \"humidity\": 1046.02},\n"
                + " {\"time\": \"2026-03-02T10:00:01Z\", \"temperature\": 21.51, \"humidity\": 1044.37}]\n",
        ])
    func sameReadings(text: String) throws {
        let found = try Self.read(text)
        #expect(found.columns == [Self.temperatures, Self.humidities])
        #expect(found.times.map(\.rfc3339) == ["2026-03-02T10:00:00.000Z", "2026-03-02T10:00:01.000Z"])
    }

    @Test("in UTF-16 of both orders, with and without a mark, in Windows-1252, and packed")
    func encodings() throws {
        let units = Array(Self.good.utf16)
        let little = units.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        let big = units.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        for bytes in [little, big, [0xff, 0xfe] + little, [0xfe, 0xff] + big] {
            #expect(try Self.read(bytes).columns == [Self.temperatures, Self.humidities])
        }
        let latin = Array("time;Wärme °C\n2026-03-02 10:00:00;21,49 °C\n".unicodeScalars.map { UInt8($0.value) })
        let found = try Self.read(latin, ["Wärme °C"])
        #expect(found.columns == [[21.49]])
        #expect(found.notes == ["x.csv is no UTF-8: read as Windows-1252"])
        let object = Array("{\"Wärme\": 21.49}\n".unicodeScalars.map { UInt8($0.value) })
        #expect(try Self.read(object, ["Wärme"]).notes == ["x.csv is no UTF-8: read as Windows-1252"])
        let folder = FileManager.default.temporaryDirectory.appending(path: "packed-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(Self.good.utf8).write(to: folder.appending(path: "x.csv"))
        for program in ["gzip", "zstd", "xz", "bzip2"] {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = [
                "sh", "-c", "command -v \(program) > /dev/null || exit 3; \(program) -c x.csv > x.\(program)",
            ]
            process.currentDirectoryURL = folder
            try process.run()
            process.waitUntilExit()
            if process.terminationStatus == 3 { continue }
            let bytes = try Array(Data(contentsOf: folder.appending(path: "x.\(program)")))
            #expect(try Self.read(bytes).columns == [Self.temperatures, Self.humidities], "\(program)")
            let cut = Self.failure { _ = try Self.read(Array(bytes.prefix(bytes.count - 9))) }
            #expect(cut.contains("cannot be unpacked"), "\(cut)")
        }
        #expect(Self.failure { _ = try Self.read([0x50, 0x4b, 3, 4, 1, 2]) }.contains("found a zip archive"))
    }

    @Test("unpacking has a limit, and names the signal that ended the program")
    func unpacking() throws {
        func unpack(_ program: String, _ limit: Int = 1 << 20) throws(Failure) -> [UInt8] {
            try RecordingText.unpacked([1, 2], with: program, package: "p", "x.gz", limit: limit)
        }
        #expect(try unpack("sh -c cat x") == [1, 2])
        #expect(
            Self.failure { _ = try unpack("cat /dev/zero #") }
                == "x.gz unpacks to more than 1 MiB, the most that is read | unpack it and cut it into parts")
        #expect(
            Self.failure { _ = try unpack("sh -c 'kill -9 $$' #") }
                == "x.gz cannot be unpacked: sh -c 'kill -9 $$' # was ended by signal 9 (Killed) | ")
        #expect(Self.failure { _ = try unpack("sh -c 'exit 3' #") }.contains("ended with 3; the file may be cut"))
        #expect(Self.failure { _ = try unpack("no-such-program") }.contains("there is no no-such-program to unpack it"))
    }

    @Test("names that are numbers are names; numbers without names are columns by their places")
    func numericNames() throws {
        let named = try Self.read(
            "time,101,102\n2026-03-02 10:00:00,21.49,1046.02\n2026-03-02 10:00:01,21.51,1044.37\n", ["101", "102"])
        #expect(named.columns == [Self.temperatures, Self.humidities])
        #expect(
            try Self.read("21.49,1046.02\n21.51,1044.37\n", ["1", "2"]).columns == [Self.temperatures, Self.humidities])
        #expect(try Self.read("door\non\noff\non\n", ["door"]).columns == [[1, 0, 1]])
        #expect(try Self.read("temperature\n21,49\n21,51\n", ["temperature"]).columns == [Self.temperatures])
    }

    @Test("what was not measured is a gap and counts as no fault")
    func gaps() throws {
        let words = ["", "unknown", "unavailable", "null", "nan", "NaN", "None", "N/A", "#N/A", "-", "\\N", "(null)"]
        let text =
            "time,temperature\n" + words.enumerated().map { "\(1_600_000_000 + $0),\($1)\n" }.joined()
            + "1600000100,3\n"
        let found = try Self.read(text, ["temperature"])
        #expect(found.columns[0].count == words.count + 1)
        #expect(found.columns[0].filter { !$0.isNaN } == [3])
        #expect(found.notes == [])
        let objects = """
            {"time": 1, "temperature": NaN}
            {"time": 2, "temperature": null}
            {"time": 3, "temperature": "unavailable"}
            {"time": 4, "temperature": true, "text": "NaN, \\" Infinity"}
            """
        let second = try Self.read(objects, ["temperature"])
        #expect(second.columns[0].prefix(3).allSatisfy(\.isNaN) && second.columns[0][3] == 1)
        #expect(second.notes == [])
    }

    @Test("a number that cannot be read is named with column, line and text; most of a column fails the run")
    func unreadable() throws {
        let found = try Self.read("time,temperature\n1,21.5\n2,2l.5\n3,21.4\n4,warm\n5,21.3\n", ["temperature"])
        #expect(found.columns[0].filter { !$0.isNaN } == [21.5, 21.4, 21.3])
        #expect(
            found.notes == [
                "2 values of 5 in the column temperature left out; the first: x.csv:3: found '2l.5' in the column temperature"
            ])
        let most = Self.failure { _ = try Self.read("time,temperature\n1,21.5\n2,warm\n3,cold\n", ["temperature"]) }
        #expect(
            most.hasPrefix("x.csv:3: found 'warm' in the column temperature; expected a number | 2 of its 3 values"),
            "\(most)")
        // Watts beside kilowatts are numbers of two scales.
        let units = try Self.read("time,power\n1,900 W\n2,1.2 kW\n3,950 W\n", ["power"])
        #expect(units.columns[0].filter { !$0.isNaN } == [900, 950])
        #expect(
            units.notes.first?.contains("found '1.2 kW' in the column power (its unit is W)") == true, "\(units.notes)")
        // What no cell reads may hold anything.
        #expect(try Self.read("time,temperature,note\n1,21.5,a\n2,21.6,b\n", ["temperature"]).notes == [])
    }

    @Test(
        "the decimal mark is a property of the column: what one text leaves open, others decide",
        arguments: [
            (["1,046", "985,12"], [1.046, 985.12]), (["1,046.5", "1,046"], [1046.5, 1046]),
            (["1,046", "1,044", "985"], [1046, 1044, 985]),
            (["0,985", "1,046"], [0.985, 1.046]), (["1.046", "1.044"], [1.046, 1.044]),
            (["1.046,5", "1.044"], [1046.5, 1044]),
            (["12.345.678", "1.000"], [12_345_678, 1000]), (["1 046,5", "985,1"], [1046.5, 985.1]),
            (["12,34,567.5", "5"], [1_234_567.5, 5]),
            (["−5,5", "+3"], [-5.5, 3]), (["1e3", "2,5e-1"], [1000, 0.25]), (["5 %", "6%"], [5, 6]),
            ([".5", "5."], [0.5, 5]),
            (["3 m/s2", "4 m/s2"], [3, 4]), (["0x1F", "16"], [31, 16]), (["on", "off"], [1, 0]),
        ])
    func marks(texts: [String], numbers: [Double]) throws {
        let text = "time;x\n" + texts.enumerated().map { "\($0);\($1)\n" }.joined()
        let found = try Self.read(text, ["x"]).columns
        #expect(found == [numbers])
    }

    @Test(
        "what is no number is none",
        arguments: ["10.0.0.1", "2026-03-02", "10:15", "1,2,3", "12ab34", "5 of 6", "--5", "1.2.3,4", "e5", "+"])
    func noNumbers(text: String) {
        #expect(NumberText.number(in: Array(text.utf8)[...]) == nil)
    }

    @Test("a mark that is given is the mark")
    func givenMark() throws {
        let text = "x\n1,046\n1,044\n"
        #expect(try Self.read(text, ["x"]).columns == [[1.046, 1.044]])
        #expect(try Self.read(text, ["x"]) { $0.table.decimal = .point }.columns == [[1046, 1044]])
        #expect(
            Self.failure { _ = try Self.read("x\n1.04\n1.05\n", ["x"]) { $0.table.decimal = .comma } }.contains(
                "found '1.04'"))
    }

    @Test("a cut last line loses that line alone, and that is reported")
    func cut() throws {
        for tail in ["2026-03-02 10:0", "2026-03-02 10:00:02,2"] {
            let found = try Self.read(Self.good + tail)
            #expect(found.columns == [Self.temperatures, Self.humidities])
            #expect(
                found.notes.count == 1
                    && found.notes[0].hasPrefix("the last line is cut and was left out: x.csv:4: found"),
                "\(found.notes)")
        }
        let objects = "{\"time\": 1, \"temperature\": 5}\n{\"time\": 2, \"temperature\": 6}\n{\"time\": 3, \"temp"
        let found = try Self.read(objects, ["temperature"])
        #expect(found.columns == [[5, 6]])
        #expect(
            found.notes == [
                "the last line is cut and was left out: x.csv:3: found a line that is no JSON object; expected one JSON object a line"
            ])
    }

    @Test("lines of JSON with different keys, and keys within objects")
    func keys() throws {
        let objects = """
            {"time":"2026-03-02T10:00:00Z","linkquality":80}
            {"time":"2026-03-02T10:00:01Z","temperature":21.5,"humidity":45}
            {"time":"2026-03-02T10:00:02Z","humidity":46}
            """
        let found = try Self.read(objects)
        #expect(found.columns[0].filter { !$0.isNaN } == [21.5])
        #expect(found.columns[1].filter { !$0.isNaN } == [45, 46])
        #expect(ReplayEvent.isAbsent(found.columns[0][0]))
        let nested = """
            {"Time":"2026-03-02T10:00:00","AM2301":{"temperature":21.5,"humidity":45},"list":[{"v":7}]}
            """
        #expect(try Self.read(nested, ["AM2301.temperature", "list.0.v"]).columns == [[21.5], [7]])
        #expect(try Self.read(nested, ["AM2301.temperature"]).times.first?.rfc3339 == "2026-03-02T10:00:00.000Z")
    }

    @Test("a table with a row for each value")
    func long() throws {
        let text = """
            entity_id,state,last_changed
            sensor.t,21.49,2026-03-02T10:00:00.000Z
            sensor.h,unavailable,2026-03-02T10:00:00.500Z
            sensor.t,21.51,2026-03-02T10:00:01.000Z
            sensor.h,45,2026-03-02T10:00:01.500Z
            light.x,on,2026-03-02T10:00:01.700Z
            """
        let found = try Self.read(text, ["sensor.t", "sensor.h"]) { $0.entityColumn = "entity_id" }
        #expect(found.columns[0].filter { !$0.isNaN } == [21.49, 21.51])
        #expect(found.columns[1].filter { !$0.isNaN } == [45])
        #expect(found.times.map(\.milliseconds).map { $0 - 1_772_445_600_000 } == [0, 500, 1000, 1500])
        // Two rows of an entity at one time are two readings.
        let twice =
            "t,entity,value\n2026-03-02T10:00:00Z,a,1\n2026-03-02T10:00:00Z,a,2\n2026-03-02T10:00:00Z,b,7\n2026-03-02T10:00:01Z,a,3\n"
        let both = try Self.read(twice, ["a", "b"]) { $0.entityColumn = "entity" }
        #expect(both.columns[0].filter { !$0.isNaN } == [1, 2, 3] && both.columns[1].filter { !$0.isNaN } == [7])
        #expect(both.notes.isEmpty)
        let refused = Self.failure { _ = try Self.read("a,b,c,d\n1,x,2,3\n", ["x"]) { $0.entityColumn = "b" } }
        #expect(refused.contains("--value-column names one of a, b, c, d"), "\(refused)")
    }

    @Test("lines before the table are passed over by number")
    func skipped() throws {
        let text = "a,b,c\nd,e,f\n" + Self.good
        #expect(try Self.read(text) { $0.table.skip = 2 }.columns == [Self.temperatures, Self.humidities])
        let percent =
            "% made by hand, 2 lines\ntime,temperature,humidity\n2026-03-02 10:00:00,21.49,1046.02\n% end\n2026-03-02 10:00:01,21.51,1044.37\n"
        #expect(try Self.read(percent) { $0.table.comment = "%" }.columns == [Self.temperatures, Self.humidities])
    }
}

/// Recordings through a system.
@Suite("replay: what cells make of recordings") struct RecordingRunTests {
    private func run(
        _ text: String, _ cells: String, mapping: [(column: String, cell: String)] = [],
        _ adjust: (inout ReplayFormat) -> Void = { _ in }
    ) throws -> ReplayRun {
        let system = try SystemFile(parsing: Array("nimmerverse: 1\nname: x\ncells:\n\(cells)\n".utf8), file: "x.yaml")
        var format = ReplayFormat()
        adjust(&format)
        var run = try ReplayRun(
            system, bytes: Array(text.utf8), file: "x.csv", format: format, mapping: mapping, environment: .dev)
        try run.finish { (_) throws(ReaderGone) in }
        return run
    }

    @Test("a cell that refuses most of its readings fails the run; a few are noted")
    func refused() throws {
        let cell =
            "  - {name: front, kind: distance/v1, settings: {sector: front, subject: x.front, column: front, region: obstacle, maximum_m: 4}}"
        let far = try run("front\n" + String(repeating: "8190\n", count: 10), cell)
        let failure = RecordingFormsTests.failure { try far.checkRefusals() }
        #expect(failure.hasPrefix("front refused 10 of its 10 readings: ") && failure.contains("8190"), "\(failure)")
        let sensor = "  - {name: warm, kind: sensor/v1, settings: {column: a, region: r}}"
        let infinite = try run("a\ninf\n5\n-inf\n", sensor)
        let reason = RecordingFormsTests.failure { try infinite.checkRefusals() }
        #expect(
            reason.hasPrefix("warm refused 2 of its 3 readings: expected a finite number; found infinity"), "\(reason)")
        let one = try run("front\n" + String(repeating: "2\n", count: 9) + "8190\n", cell)
        try one.checkRefusals()
        #expect(
            one.endNotes.contains { $0.hasPrefix("front refused 1 of 10 readings; the first: ") }, "\(one.endNotes)")
    }

    @Test("the inputs of a cell that looks across sensors come one by one where rows are about one of them")
    func apart() throws {
        let cell =
            "  - {name: all, kind: multivariate/v1, settings: {columns: [a, b, c], region: r, learning_samples: 50}}"
        let names = ["a", "b", "c"]
        var long = "time,entity,value\n"
        var wide = "time,a,b,c\n"
        var state: UInt64 = 7
        for row in 0..<400 {
            let values = names.map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Double(state >> 40) / 1e7 + (row > 300 ? 5 : 0)
            }
            for (name, value) in zip(names, values) { long += "\(1_600_000_000 + row),\(name),\(value)\n" }
            wide += "\(1_600_000_000 + row),\(values.map { "\($0)" }.joined(separator: ","))\n"
        }
        let apart = try run(long, cell) { $0.entityColumn = "entity" }
        let together = try run(wide, cell)
        #expect(together.counts.waves > 0)
        #expect(apart.counts.waves == together.counts.waves)
    }

    @Test("a column that stands twice is named, unless its place is given")
    func twice() throws {
        let cell = "  - {name: s, kind: sensor/v1, settings: {column: a, region: r}}"
        let failure = RecordingFormsTests.failure { _ = try run("a,b,a\n1,2,3\n", cell) }
        #expect(failure.contains("'a' in the columns 1 and 3") && failure.contains("--column PLACE=s"), "\(failure)")
        #expect(try run("a,b,a\n1,2,3\n", cell, mapping: [("3", "s")]).counts.rows == 1)
        #expect(try run("b,b,a\n1,2,3\n", cell).counts.rows == 1)
    }

    @Test("a system file may begin with a byte order mark; one in UTF-16 is named")
    func byteOrderMark() throws {
        let text = Array("nimmerverse: 1\nname: x\n".utf8)
        #expect(try SystemFile(parsing: [0xef, 0xbb, 0xbf] + text, file: "x.yaml").name == "x")
        let error = #expect(throws: SystemError.self) { try SystemFile(parsing: [0xff, 0xfe] + text, file: "x.yaml") }
        #expect(
            error?.description.contains("found a text in UTF-16; expected UTF-8") == true, "\(error?.description ?? "")"
        )
    }
}

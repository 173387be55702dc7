import NimmerOutput
import NimmerWave
import Testing

@testable import NimmerReplay

/// Times as recordings write them, and times that are wrong (recordings.md, Wrong times).
@Suite("replay: times of recordings") struct RecordingTimesTests {
    @Test(
        "times as programs and people write them",
        arguments: [
            ("auto", "2026-03-02 10:00:00+02", "2026-03-02T08:00:00.000Z"),
            ("auto", "2026-03-02 10:00:00+0200", "2026-03-02T08:00:00.000Z"),
            ("auto", "2026-03-02 10:00:00 +02:00", "2026-03-02T08:00:00.000Z"),
            ("auto", "2026-03-02T10:00+01:00", "2026-03-02T09:00:00.000Z"),
            ("auto", "2026-03-02 10:00:00 UTC", "2026-03-02T10:00:00.000Z"),
            ("auto", "2026-03-02 10:00:00.25 -0330", "2026-03-02T13:30:00.250Z"),
            ("auto", "2026/03/02 10:00", "2026-03-02T10:00:00.000Z"),
            ("auto", "20260302T100001Z", "2026-03-02T10:00:01.000Z"),
            ("auto", "02.03.2026 10:00:01", "2026-03-02T10:00:01.000Z"),
            ("auto", "2026-03-02", "2026-03-02T00:00:00.000Z"),
            ("auto", "2026-03-02 10:00:00,5", "2026-03-02T10:00:00.500Z"),
            ("auto", "2026-03-02 10:00:00 +0100 CET", "2026-03-02T09:00:00.000Z"),
            ("auto", "1772445600", "2026-03-02T10:00:00.000Z"), ("auto", "1772445600123", "2026-03-02T10:00:00.123Z"),
            ("auto", "1772445600123456", "2026-03-02T10:00:00.123456Z"),
            ("auto", "1772445600123456789", "2026-03-02T10:00:00.123456789Z"),
            ("auto", "2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
            ("auto", "2026-03-02 24:00", "2026-03-03T00:00:00.000Z"),
            ("ns", "1772445600000000001", "2026-03-02T10:00:00.000000001Z"),
            ("us", "1772445600000001", "2026-03-02T10:00:00.000001Z"),
            ("%m/%d/%y %I:%M:%S %p", "03/02/26 10:00:00 AM", "2026-03-02T10:00:00.000Z"),
            ("%m/%d/%y %I:%M:%S %p", "03/02/26 12:30:00 am", "2026-03-02T00:30:00.000Z"),
            ("%d.%m.%Y %I.%M %p", "2.3.2026 12.30 PM", "2026-03-02T12:30:00.000Z"),
            ("%Y-%m-%dT%H:%M:%S%z", "2026-03-02T10:00:00+0100", "2026-03-02T09:00:00.000Z"),
            ("%a %b %e %T %Y", "Mon Mar  2 10:00:00 2026", "2026-03-02T10:00:00.000Z"),
            ("%d %B %Y %R", "2 March 2026 10:00", "2026-03-02T10:00:00.000Z"),
            ("%Y %j", "2026 061", "2026-03-02T00:00:00.000Z"), ("%s", "1772445600", "2026-03-02T10:00:00.000Z"),
            ("%y%%", "99%", "1999-01-01T00:00:00.000Z"),
        ])
    func written(format: String, text: String, expected: String) throws {
        #expect(try TimeFormat(format).moment(text)?.rfc3339 == expected)
    }

    @Test(
        "what names no moment is none",
        arguments: [
            "2026-02-30", "03/02/26 10:00:00 AM", "10:00:00", "2026-03-02 25:00", "2026-03-02 10:60",
            "2026-03-02 10:00:00 CET", "soon", "", "1e30",
            "2026-03-02T", "99999-01-01", "2026-03-02 10:00:00+99",
        ])
    func none(text: String) {
        #expect(TimeFormat.automatic.moment(text) == nil)
    }

    @Test("letters of a pattern that mean nothing are refused, with those that mean something")
    func letters() {
        for (pattern, letter) in [("%Y-%Q", "%Q"), ("%H:%i", "%i"), ("%Y %", "a % at its end")] {
            let failure = RecordingFormsTests.failure { _ = try TimeFormat(pattern) }
            #expect(failure.contains("has \(letter), which means nothing | known are %Y %y %m"), "\(failure)")
        }
    }

    @Test("a date and a time of day in two columns")
    func twoColumns() throws {
        let expected = ["2026-03-02T10:00:00.000Z", "2026-03-02T10:00:01.000Z"]
        for text in [
            "date,time,x\n2026-03-02,10:00:00,1\n2026-03-02,10:00:01,2\n",
            "Datum;Zeit;x\n02.03.2026;10:00:00;1\n02.03.2026;10:00:01;2\n",
        ] {
            #expect(try RecordingFormsTests.read(text, ["x"]).times.map(\.rfc3339) == expected)
        }
        let named = try RecordingFormsTests.read("d,x,t\n03/02/26,1,10:00:00\n03/02/26,2,10:00:01\n", ["x"]) {
            $0.timeColumns = ["d", "t"]
            $0.timeFormat = try TimeFormat("%m/%d/%y %H:%M:%S")
        }
        #expect(named.times.map(\.rfc3339) == expected)
        // No usual name: the column that holds times.
        #expect(
            try RecordingFormsTests.read("messzeit;x\n02.03.2026 10:00:00;1\n02.03.2026 10:00:01;2\n", ["x"]).times.map(
                \.rfc3339) == expected)
    }

    @Test("a zone by its name: summer and winter, the hour that comes twice, and the one that is left out")
    func zone() throws {
        let berlin = try ZoneRules("Europe/Berlin")
        func times(_ texts: [String]) throws -> [String] {
            let rows = texts.enumerated().map { "\($1),\($0)\n" }.joined()
            return try RecordingFormsTests.read("time,x\n" + rows, ["x"]) { $0.zone = berlin }.times.map {
                String($0.rfc3339.prefix(16))
            }
        }
        #expect(try times(["2026-01-01 12:00", "2026-07-01 12:00"]) == ["2026-01-01T11:00", "2026-07-01T10:00"])
        #expect(
            try times([
                "2026-10-25 01:30", "2026-10-25 02:00", "2026-10-25 02:30", "2026-10-25 02:00", "2026-10-25 02:30",
                "2026-10-25 03:00",
            ])
                == [
                    "2026-10-24T23:30", "2026-10-25T00:00", "2026-10-25T00:30", "2026-10-25T01:00", "2026-10-25T01:30",
                    "2026-10-25T02:00",
                ])
        #expect(try times(["2026-03-29 01:59", "2026-03-29 03:00"]) == ["2026-03-29T00:59", "2026-03-29T01:00"])
        #expect(try times(["2026-03-29 02:30"]) == ["2026-03-29T01:30"])
        // What names its own zone keeps it.
        #expect(
            try times(["2026-07-01 12:00Z", "2026-07-01 14:00+02:00"]) == ["2026-07-01T12:00", "2026-07-01T12:00"])
        #expect(
            RecordingFormsTests.failure { _ = try ZoneRules("Europe/Atlantis") }.contains(
                "unknown time zone: Europe/Atlantis"))
        #expect(RecordingFormsTests.failure { _ = try ZoneRules("../../etc/passwd") }.contains("unknown time zone"))
    }

    /// Times of rows after they were judged, in seconds since the first good one; nil for those that are set aside.
    private func judged(_ seconds: [Double]) -> [Double?] {
        RowTimes(seconds.map { Timestamp(milliseconds: $0 * 1000) }).moments.map { $0.map { $0.milliseconds / 1000 } }
    }

    @Test(
        "a row whose clock was wrong is set aside, wherever it stands",
        arguments: [10.0 * 365 * 86_400, 86_400, 600, -1_600_000_000, -600])
    func astray(distance: Double) {
        let start = 1_600_000_000.0
        for places in [[100], [100, 101, 102], [50, 120], [0], [199]] {
            if abs(distance) < 86_400, places == [0] || places == [199] { continue }
            let times = (0..<200).map { start + Double($0) + (places.contains($0) ? distance : 0) }
            let judged = judged(times)
            #expect(judged.indices.filter { judged[$0] == nil } == places, "\(distance)")
            #expect(zip(judged, times).allSatisfy { $0 == nil || $0 == $1 })
        }
    }

    @Test("an hour that comes again swallows nothing: rows follow each other, and what comes after is as much later")
    func again() {
        let first = (0..<7200).map(Double.init)
        let judged = judged(first + (3600..<10_800).map(Double.init))
        #expect(judged.compactMap { $0 } == (0..<14_400).map(Double.init))
        let rows = RowTimes((first + (3600..<10_800).map(Double.init)).map { Timestamp(milliseconds: $0 * 1000) })
        #expect(rows.setBack.map(\.row) == [7200] && rows.setBack.first?.nanoseconds == 3_600_000_000_000)
    }

    @Test("gaps, disorder of a moment, and equal times are left as they are")
    func plain() {
        for times in [
            [0, 1, 2, 3, 100_000, 100_001, 100_002, 100_003], [0, 1, 3, 2, 4, 5], [5, 5, 5, 6, 6],
            [0, 3600, 7200, 7200, 10_800], [7], [],
            [0, 60, 120, 86_400 * 30, 86_400 * 30 + 60, 86_400 * 30 + 120],
        ] as [[Double]] {
            #expect(judged(times) == times.map(Optional.some))
        }
    }

    @Test("a recording whose newest row stands first is read from its end")
    func newestFirst() throws {
        let rows = (0..<5).reversed().map { "2026-03-02 10:00:0\($0),\($0)\n" }.joined()
        let found = try RecordingFormsTests.read("time,x\n" + rows, ["x"])
        #expect(found.columns == [[0, 1, 2, 3, 4]])
        #expect(found.times.map(\.rfc3339).first == "2026-03-02T10:00:00.000Z")
        #expect(found.notes == ["the newest row stands first: read from the last row to the first"])
        // As many as a day of seconds, in a moment: no row is compared with all the others.
        let many = RowTimes((0..<86_400).reversed().map { Timestamp(seconds: $0 * 100) })
        #expect(many.isReversed && many.aside.isEmpty && many.setBack.isEmpty)
    }

    @Test("times that cannot be read lose their rows alone; where most cannot, the run fails")
    func unreadable() throws {
        let found = try RecordingFormsTests.read("time,x\n10,1\nsoon,2\n12,3\n", ["x"])
        #expect(found.columns == [[1, 3]])
        #expect(
            found.notes.first?.hasPrefix(
                "1 row without a readable time left out: x.csv:3: found the time 'soon'; expected") == true)
        let failure = RecordingFormsTests.failure {
            _ = try RecordingFormsTests.read("time,x\nsoon,1\nlater,2\n12,3\n", ["x"])
        }
        #expect(failure.hasPrefix("x.csv:2: found the time 'soon'"), "\(failure)")
    }
}

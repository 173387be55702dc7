import NimmerCell
import NimmerOutput
import NimmerReplay
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

/// What `nimmer up --play` sends to whom, and when.
@Suite("A recording that drives a running system")
struct PlaybackTests {
    private static let system = """
        nimmerverse: 1
        name: p
        cells:
          - {name: flow, kind: sensor/v1, settings: {column: Flow}}
          - {name: nas, kind: http/v1, settings: {column: NAS}}
          - {name: all, kind: multivariate/v1, settings: {columns: [Flow, Heat]}}
          - {name: math, kind: math/v1}
        """

    private func playback(
        _ text: String, mapping: [(column: String, cell: String)] = [], system: String = system
    ) throws -> Playback {
        try Playback(
            try SystemFile(parsing: Array(system.utf8), file: "p.yaml"), bytes: Array(text.utf8), file: "r.csv",
            format: ReplayFormat(), mapping: mapping, environment: .dev)
    }

    private func failure(_ text: String, mapping: [(column: String, cell: String)] = []) -> String? {
        do {
            _ = try playback(text, mapping: mapping)
            return nil
        } catch { return (error as? Failure).map { $0.message.text + " " + ($0.remedy?.text ?? "") } ?? "\(error)" }
    }

    @Test func eachCellIsHandedItsColumns() throws {
        let played = try playback(
            """
            time,Flow,Heat,NAS,label
            2026-03-01T10:00:00Z,1.5,20,12,0
            2026-03-01T10:00:01Z,,21,inf,0
            2026-03-01T10:00:05Z,2,22,13,1
            """)
        #expect(played.driven == ["flow", "nas", "all"])
        #expect(played.live == ["math"])
        #expect(played.absent.isEmpty)
        #expect(played.span == 5000)
        #expect(played.notes == ["columns that no cell reads: label"])
        #expect(played.gaps.note == "2 fields held no number and were left out; the first: row 2, for the cell flow")
        let sent = played.moments.map { moment in
            moment.events.map { event -> String in
                if case .reading(let subject, let bytes) = event {
                    subject.text + " " + String(decoding: bytes, as: UTF8.self)
                } else {
                    "a wave"
                }
            }
        }
        #expect(
            sent == [
                ["play.dev.flow [1.5]", "play.dev.nas [12]", "play.dev.all [1.5,20]"],
                [#"play.dev.nas ["inf"]"#, "play.dev.all [null,21]"],
                ["play.dev.flow [2]", "play.dev.nas [13]", "play.dev.all [2,22]"],
            ])
    }

    @Test func rowsOfOneValueEachComeOneByOne() throws {
        let played = try playback(
            """
            {"time": "2026-03-01T10:00:00Z", "Flow": 1, "Heat": 2, "NAS": 3}
            {"time": "2026-03-01T10:00:01Z", "Heat": 4}
            """)
        #expect(
            played.moments[1].events
                == [.reading(.play(.dev, cell: try Token("all")), Array(#"{"1":4}"#.utf8))])
    }

    @Test func aCellWithoutAColumnAndAColumnWithoutACellAreNamed() {
        let missing = failure("time,Flow,Heat\n2026-03-01T10:00:00Z,1,2\n")
        #expect(missing?.hasPrefix("r.csv has no column 'NAS' for the cell nas") == true, "\(missing ?? "")")
        #expect(missing?.contains("--column NAME=nas names another") == true)
        let several = failure("time,Heat\n2026-03-01T10:00:00Z,1\n")
        #expect(
            several?.hasPrefix(
                "r.csv has no columns 'Flow' for the cell flow, 'NAS' for the cell nas, 'Flow' for the cell all it has "
            ) == true, "\(several ?? "")")
        let unknown = failure("time,Flow,Heat,NAS\n2026-03-01T10:00:00Z,1,2,3\n", mapping: [("Flow", "flwo")])
        #expect(unknown?.hasPrefix("no cell 'flwo' to give a column to") == true, "\(unknown ?? "")")
        #expect(failure("")?.hasPrefix("r.csv is empty") == true)
    }

    @Test func recordedWavesAreSentAndTheirCellsDoNotRun() throws {
        let wave = Envelope(
            id: .v7(), at: Timestamp(milliseconds: 1000),
            from: Source(entityID: "door-1", entityType: .cell, garden: .real, tier: 1),
            WaveSignal(domain: try Token("door"), confidence: 0.9, semanticContent: [:], lifeforceCost: 0))
        let line = #"{"at": "2026-03-01T10:00:00Z", "subject": "dev.nervous.cells.flow.wave", "message": "#
        let played = try playback(line + String(decoding: wave.encoded(), as: UTF8.self) + "}\n")
        #expect(played.absent == ["flow"] && played.driven.isEmpty)
        #expect(played.live == ["nas", "all", "math"])
        #expect(played.moments.count == 1)
        guard case .wave(let subject, let bytes)? = played.moments.first?.events.first else {
            Issue.record("expected a wave")
            return
        }
        #expect(subject.text == "dev.nervous.cells.flow.wave")
        #expect(try Envelope<WaveSignal>(decoding: bytes).body.confidence == 0.9)
    }

    @Test func readingsTravelAsJSON() throws {
        for (reading, text) in [
            (PlayedReading.row([1.5, .infinity, -.infinity]), #"[1.5,"inf","-inf"]"#), (.row([]), "[]"),
            (.one(4, input: 3), #"{"3":4}"#), (.end, #""end""#),
        ] {
            #expect(String(decoding: reading.bytes, as: UTF8.self) == text)
            #expect(try PlayedReading(Array(text.utf8)) == reading)
        }
        guard case .row(let gap) = try PlayedReading(Array("[null]".utf8)) else { return }
        #expect(gap.count == 1 && gap[0].isNaN)
        for wrong in ["1", "[true]", #"["x"]"#, "{}", #"{"-1": 2}"#, #"{"x": 2}"#, "", #""start""#] {
            #expect(throws: Refusal.self, "\(wrong)") { try PlayedReading(Array(wrong.utf8)) }
        }
    }
}

import NimmerOutput
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@testable import NimmerReplay

/// `nimmer replay --changes`.
@Suite("replay: change events")
struct ReplayChangesTests {
    private static func run(
        _ recording: String, system: String = ReplayEngineTests.system, changes: Bool = true
    ) throws -> (outputs: [ReplayOutput], counts: ReplayCounts) {
        var format = ReplayFormat()
        format.readsChanges = changes
        var run = try ReplayRun(
            SystemFile(parsing: Array(system.utf8), file: "pair.yaml"), bytes: Array(recording.utf8), file: "pair.csv",
            format: format, mapping: [], environment: .dev)
        var outputs: [ReplayOutput] = []
        try run.finish { (output) throws(ReaderGone) in outputs.append(output) }
        return (outputs, run.counts)
    }

    private static func changes(_ outputs: [ReplayOutput]) -> [ReplayedChange] {
        outputs.compactMap { if case .change(let change) = $0 { change } else { nil } }
    }

    @Test("without the flag nothing is different, and no twin runs")
    func without() throws {
        let (with, without) = (
            try Self.run(ReplayEngineTests.table), try Self.run(ReplayEngineTests.table, changes: false)
        )
        #expect(Self.changes(without.outputs).isEmpty)
        let rest = with.outputs.filter { if case .change = $0 { false } else { true } }
        #expect(rest.map(\.json) == without.outputs.map(\.json))
        #expect(rest.compactMap(\.recorded) == without.outputs.compactMap(\.recorded))
        #expect(without.counts.json()["changes"] == nil && without.counts.changes == 0)
        #expect(
            without.counts.summary() == "200 rows over 3 min: \(without.counts.waves) waves, 1 opening, 1 escalation")
    }

    @Test("the first sensor of a home region speaks for those that follow within the bound")
    func merged() throws {
        let (outputs, counts) = try Self.run(ReplayEngineTests.table)
        let changes = Self.changes(outputs)
        let begins = changes.filter { $0.event.edge == .begin }
        #expect(begins.map(\.cell.text) == ["one", "two"])
        #expect(begins.map(\.isMerged) == [false, true])
        #expect(begins.map { $0.event.region?.text } == ["plant.x", "plant.y"], "of one home by the system file")
        #expect(counts.changes == changes.filter { !$0.isMerged }.count)
        #expect(counts.mergedChanges == changes.filter(\.isMerged).count)
        #expect(counts.json(hasChanges: true)["changes"]?.int == counts.changes)
        #expect(
            counts.summary(hasChanges: true).hasSuffix(
                "1 escalation, \(NimmerOutput.count(counts.changes, "change event"))"))
        // Apart, each speaks for itself.
        let apart = ReplayEngineTests.system.replacing(#"plant: ["plant.>"]"#, with: #"plant: ["plant.x"]"#)
        #expect(Self.changes(try Self.run(ReplayEngineTests.table, system: apart).outputs).allSatisfy { !$0.isMerged })
    }

    @Test("a line for a program names cell and edge, and comes in order of time")
    func lines() throws {
        let (outputs, _) = try Self.run(ReplayEngineTests.table)
        let line = try #require(outputs.first { if case .change = $0 { true } else { false } }).json
        #expect(line.object?.keys.prefix(4) == ["type", "at", "cell", "edge"])
        #expect(line["type"] == "change" && line["cell"] == "one" && line["edge"] == "begin")
        #expect(line["direction"] == "above" && line["domain"] == "sensor" && line["region"] == "plant.x")
        let times = outputs.map(\.at)
        #expect(times == times.sorted())
        #expect(outputs.map(\.isPrinted).filter { !$0 }.count == Self.changes(outputs).filter(\.isMerged).count)
    }

    @Test("a person reads the cell, the edge, the value and what is normal")
    func people() throws {
        let (outputs, _) = try Self.run(ReplayEngineTests.table)
        let formatter = EventFormatter(paint: .plain)
        let lines = outputs.compactMap { output in
            if case .change = output { output.line(formatter, .dev)?.text } else { nil }
        }
        let change = try #require(Self.changes(outputs).first).event
        let begin = try #require(lines.first)
        #expect(begin.contains("◖ change    one"))
        #expect(
            begin.contains(
                "begins: noise of \(JSON.number(try #require(change.spread)).text) where "
                    + "\(JSON.number(try #require(change.normalSpread)).text) is normal, "
                    + "\(JSON.number(change.times).text) times the worst learned"), "\(begin)")
    }

    @Test("a recording carries all of them as they were live, and gives the same lines again")
    func recorded() throws {
        let first = try Self.run(ReplayEngineTests.table)
        let recording = first.outputs.compactMap(\.recorded?.text).joined(separator: "\n")
        for line in recording.split(separator: "\n") {
            let json = try JSON(parsing: Array(line.utf8))
            let (subject, message) = (try #require(json["subject"]?.string), try #require(json["message"]))
            #expect(throws: Never.self) { try AnyMessage.decode(Array(message.text.utf8), on: subject) }
        }
        let again = try Self.run(recording)
        #expect(Self.changes(again.outputs).map(\.event) == Self.changes(first.outputs).map(\.event))
        #expect(Self.changes(again.outputs).map(\.isMerged) == Self.changes(first.outputs).map(\.isMerged))
        #expect(again.counts.waves == first.counts.waves && again.counts.refused == 0)
        let deaf = try Self.run(recording, changes: false)
        #expect(Self.changes(deaf.outputs).isEmpty && deaf.counts.rows == first.counts.waves)
    }

    /// A line of a recording: a begin that a cell published at a moment, of that moment unless its own is given.
    private static func line(_ cell: String, at moment: Timestamp, own: Timestamp? = nil, interval: Int) -> String {
        let (at, own) = (moment.rfc3339, (own ?? moment).rfc3339)
        let body =
            #""edge":"begin","domain":"x","region":"plant.x","view":"level","value":1,"normal":0,"times":3,"#
            + #""direction":"above","confidence":1,"at":"\#(own)","interval_ms":\#(interval)"#
        let header =
            #""message_id":"0190f5fe-7c2a-7b3e-8d55-1c1f6f3a9b10","message_type":"ChangeEvent","version":"2.1","#
            + #""timestamp":"\#(at)","source":{"entity_id":"\#(cell)","entity_type":"cell"}"#
        return
            #"{"at":"\#(at)","subject":"dev.nervous.cells.\#(cell).change","message":{"header":{\#(header)},"body":{\#(body)}}}"#
    }

    @Test("time passes to a recorded event: what was due before comes first")
    func passes() throws {
        let first = try Self.run(ReplayEngineTests.table).outputs
        let opening = try #require(
            first.firstIndex { if case .transition(let change) = $0 { change.toState == .open } else { false } })
        var lines = first[...opening].compactMap(\.recorded?.text)
        lines.append(Self.line("one", at: Timestamp(milliseconds: 1.6e12 + 3_600_000), interval: 1000))
        let (outputs, _) = try Self.run(lines.joined(separator: "\n"))
        let change = try #require(outputs.lastIndex { if case .change = $0 { true } else { false } })
        let release = try #require(
            outputs.lastIndex { if case .transition(let change) = $0 { change.toState == .stable } else { false } })
        #expect(release < change)
    }

    @Test("a time of its own in the future does not hide the events after it")
    func future() throws {
        let start = Timestamp(milliseconds: 1.8e12)
        let lines = [
            Self.line("one", at: start, own: start.advanced(milliseconds: 1e9), interval: 1000),
            Self.line("one", at: start.advanced(milliseconds: 30_000), interval: 1000),
        ]
        let (outputs, _) = try Self.run(lines.joined(separator: "\n"))
        #expect(Self.changes(outputs).map(\.isMerged) == [false, false])
    }

    @Test("the slowest sensor of a region decides how far apart its events are")
    func slowest() throws {
        func line(_ cell: String, _ minute: Int, interval: Int) -> String {
            Self.line(cell, at: Timestamp(milliseconds: 1.8e12 + Double(minute) * 60_000), interval: interval)
        }
        let lines = [
            line("fast", 0, interval: 1000), line("fast", 1, interval: 1000), line("slow", 30, interval: 180_000),
            line("fast", 60, interval: 1000), line("fast", 61, interval: 1000),
        ]
        let (outputs, counts) = try Self.run(lines.joined(separator: "\n"))
        #expect(counts.refused == 0)
        #expect(Self.changes(outputs).map(\.isMerged) == [false, false, true, true, false])
    }

    @Test("a recorded event that breaks the rules is counted and left out")
    func refused() throws {
        let recording = """
            {"at":"2026-01-01T00:00:00Z","subject":"dev.nervous.cells.one.change","message":{"header":{},"body":{}}}
            {"at":"2026-01-01T00:00:01Z","subject":"dev.nervous.cells.One.change","message":{}}
            """
        let (outputs, counts) = try Self.run(recording)
        #expect(outputs.isEmpty && counts.refused == 1)
    }

    @Test("a sensor whose setting turns them off stays silent")
    func turnedOff() throws {
        let system = ReplayEngineTests.system.replacing("column: a,", with: "column: a, changes: false,")
        let (outputs, _) = try Self.run(ReplayEngineTests.table, system: system)
        #expect(Set(Self.changes(outputs).map(\.cell.text)) == ["two"])
    }
}

import NimmerOutput
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@testable import NimmerReplay

/// Regions join in a replay by the table alone, the same each time (spec/iris.md, Regions that mean the same).
@Suite("replay: regions that mean the same") struct JoinedReplayTests {
    private func run(_ iris: String) throws -> (text: String, openings: [String], notes: [String]) {
        let text = """
            nimmerverse: 1
            name: joined
            gates: {defaults: {window_ms: 60000, half_life_ms: 60000}}
            \(iris)
            """
        var lines = ""
        let waves = [("first", "math"), ("second", "arithmetic"), ("third", "door"), ("fourth", "calculate")]
        for (place, (cell, region)) in waves.enumerated() {
            let at = Timestamp(milliseconds: 1_771_093_800_000 + Double(place) * 1000)
            let signal = WaveSignal(
                domain: try Token(cell), confidence: 0.9, semanticContent: [:], region: try Region(region))
            let wave = Envelope(
                id: .named("\(place)"), at: at, from: Source(entityID: cell, entityType: .cell), signal)
            let message = try JSON(parsing: wave.encoded())
            let line = JSON.object([
                "at": .string(at.rfc3339), "subject": .string("dev.nervous.cells.\(cell).wave"), "message": message,
            ])
            lines += line.text + "\n"
        }
        var run = try ReplayRun(
            SystemFile(parsing: Array(text.utf8), file: "joined.yaml"), bytes: Array(lines.utf8), file: "joined.ndjson",
            format: ReplayFormat(), mapping: [], environment: .dev)
        var output = ""
        var openings: [String] = []
        try run.finish { (event) throws(ReaderGone) in
            output += event.json.text + "\n"
            if case .transition(let transition) = event, transition.toState == .open {
                openings.append(transition.region.text)
            }
        }
        return (output, openings, run.endNotes)
    }

    @Test("two names of one thing open one gate, the same twice, and the notes name who joined")
    func joins() throws {
        let first = try run("iris: {}")
        #expect(first.openings == ["math"])
        #expect(first.notes.contains { $0.hasPrefix("the region arithmetic joined math") }, "\(first.notes)")
        #expect(!first.notes.contains { $0.contains("door joined") })
        #expect(try run("iris: {}").text == first.text)
    }

    @Test("without the section nothing joins") func apart() throws {
        let plain = try run("")
        #expect(plain.openings.isEmpty && !plain.notes.contains { $0.contains(" joined ") })
    }
}

import Extremes
import NimmerWave
import Testing

@testable import NimmerReplay

/// Recordings at the edges of what can be recorded are replayed like others.
@Suite("recordings at the edges, replayed")
struct ExtremeReplayRecordingsTests {
    @Test(arguments: UInt64(1)...4) func recordingsAreReplayed(seed: UInt64) throws {
        let (lines, counts, _) = try ReplayEngineTests.run("nimmerverse: 1\nname: x\n", Extremes.recording(seed))
        #expect(counts.waves + counts.refused > 0 && lines.count >= counts.transitions)
    }

    @Test func tablesOfNumbersMayBeOfAnyTime() throws {
        let rows = "time,a,b\n" + Extremes.times.map { "\($0),1e308,-1e308" }.joined(separator: "\n") + "\n"
        let (_, counts, _) = try ReplayEngineTests.run(ReplayEngineTests.system, rows)
        #expect(counts.rows == Extremes.times.count)
        var format = ReplayFormat()
        format.rate = 1e-300
        var input = try ReplayInput(Array("1,2\n3,4\n5,6\n".utf8), file: "x.csv", format: format, pace: 1)
        while input.nextEvent() != nil {}
    }
}

import Extremes
import NimmerWave
import Testing

@testable import NimmerReplay

/// Recordings at the edges of what can be recorded are replayed like others.
@Suite("recordings at the edges, replayed")
struct ExtremeReplayRecordingsTests {
    /// A recording of messages at the edges, of any times where the seed is even.
    private static func recording(_ seed: UInt64) -> String {
        var extremes = Extremes(seed)
        var recording = ""
        for step in 0..<120 {
            let (subject, payload) =
                step % 3 == 0
                ? (Extremes.subject(of: .waveSignal), extremes.message(WaveSignal.self)) : extremes.message()
            let at =
                seed % 2 == 0
                ? extremes.time() : Timestamp(milliseconds: 1_771_093_800_000 + Double(step) * 100)
            recording +=
                #"{"at":"\#(at.rfc3339)","subject":"\#(subject)","message":\#(String(decoding: payload, as: UTF8.self))}"#
            recording += "\n"
        }
        return recording
    }

    @Test(arguments: UInt64(1)...4) func recordingsAreReplayed(seed: UInt64) throws {
        let (lines, counts, _) = try ReplayEngineTests.run("nimmerverse: 1\nname: x\n", Self.recording(seed))
        #expect(counts.waves + counts.refused > 0 && lines.count >= counts.transitions)
    }

    @Test func tablesOfNumbersMayBeOfAnyTime() throws {
        let rows = "time,a,b\n" + Extremes.times.map { "\($0),1e308,-1e308" }.joined(separator: "\n") + "\n"
        let (_, counts, _) = try ReplayEngineTests.run(ReplayEngineTests.system, rows)
        #expect(counts.rows == Extremes.times.count)
        var format = ReplayFormat()
        format.rate = 1e-300
        var input = try ReplayInput(Array("1,2\n3,4\n5,6\n".utf8), file: "x.csv", format: format, pace: 1)
        while try input.next() != nil {}
    }
}

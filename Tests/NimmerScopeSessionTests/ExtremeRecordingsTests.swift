import Extremes
import NimmerScope
import NimmerWave
import Testing

@testable import NimmerScopeSession

/// Recordings at the edges of what can be recorded are played like others.
@Suite("recordings at the edges, played")
struct ExtremeRecordingsTests {
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

    @Test(arguments: UInt64(1)...4) func recordingsArePlayed(seed: UInt64) throws {
        let recording = Array(Self.recording(seed).utf8)
        var player = try Player(RecordingReader("x.ndjson", bytes: recording), speed: 1e12)
        var played = 0
        for _ in 0..<1000 where player.motion == .playing {
            played += try player.advance(milliseconds: 1e308, limit: 7).count
            _ = player.millisecondsUntilNext
        }
        #expect(played > 0)
    }
}

import Extremes
import NimmerScope
import NimmerWave
import Testing

@testable import NimmerScopeSession

/// Recordings at the edges of what can be recorded are played like others.
@Suite("recordings at the edges, played")
struct ExtremeRecordingsTests {
    @Test(arguments: UInt64(1)...4) func recordingsArePlayed(seed: UInt64) throws {
        let recording = Array(Extremes.recording(seed).utf8)
        var player = try Player(RecordingReader("x.ndjson", bytes: recording), speed: 1e12)
        var played = 0
        for _ in 0..<1000 where player.motion == .playing {
            played += try player.advance(milliseconds: 1e308, limit: 7).count
            _ = player.millisecondsUntilNext
        }
        #expect(played > 0)
    }
}

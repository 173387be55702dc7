import Extremes
import NimmerTerminal
import NimmerWave
import Testing

@testable import NimmerScope

/// Messages at the edges of what the wire allows are drawn, inspected and exported like others.
@Suite struct ExtremeMessagesTests {
    @Test(arguments: UInt64(1)...8) func areShownWhateverTheySay(seed: UInt64) throws {
        var extremes = Extremes(seed)
        var settings = ScopeSettings(face: seed % 4 == 0 ? .gates : .tail)
        settings.showsBackground = true
        settings.utcOffsetSeconds = seed % 2 == 0 ? 50_400 : -43_200
        var scope = ScopeState(settings)
        _ = scope.reduce(.resize(width: 200, height: 60))
        for step in 0..<240 {
            let (subject, payload) = extremes.message()
            // Of most seeds time goes on from one edge to the other within the first messages.
            let arrival = seed % 3 == 0 ? Timestamp(nanoseconds: Int64(step) * 1_000_000) : extremes.time()
            _ = scope.reduce(.message(subject: subject, payload: payload, arrival: arrival))
            _ = scope.reduce(.roundTrip(milliseconds: extremes.number()))
            _ = scope.reduce(.lost(total: .max))
            guard step % 12 == 0 else { continue }
            let now = extremes.time()
            _ = scope.reduce(.tick(now))
            for key in [Key.character(" "), .enter, .left, .down, .character("+"), .character("m"), .escape] {
                _ = scope.reduce(.key(key, at: now))
                #expect(scope.draw(width: 200, height: 60, now: now).height == 60)
            }
            #expect(scope.nextChange(after: now) > now)
        }
        #expect(!scope.plot().isEmpty)
    }
}

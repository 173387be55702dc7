import NimmerTerminal
import NimmerWave

@testable import NimmerScope

/// A scope that has seen the plant, ready to be looked at and typed to.
struct Stage {
    var scope: ScopeState
    var now: Timestamp

    /// - Parameter seconds: how much of the scenario has happened.
    init(
        _ arrivals: [Scenario.Arrival], seconds: Double, width: Int = 120, height: Int = 36,
        settings: ScopeSettings = ScopeSettings()
    ) {
        scope = ScopeState(settings)
        now = Scenario.start.advanced(milliseconds: seconds * 1000)
        _ = scope.reduce(.resize(width: width, height: height))
        _ = scope.reduce(.connection(.connected("nats://127.0.0.1:4222"), at: Scenario.start))
        _ = scope.reduce(.roundTrip(milliseconds: 0.3))
        for arrival in arrivals where arrival.at <= now {
            _ = scope.reduce(.message(subject: arrival.subject, payload: arrival.payload, arrival: arrival.at))
        }
        _ = scope.reduce(.tick(now))
    }

    /// A scope of a size whose settings are tuned.
    init(
        _ arrivals: [Scenario.Arrival], seconds: Double, _ size: (Int, Int), _ tune: (inout ScopeSettings) -> Void
    ) {
        var settings = ScopeSettings()
        tune(&settings)
        self.init(arrivals, seconds: seconds, width: size.0, height: size.1, settings: settings)
    }

    /// Presses keys, one after the other: characters as they are.
    @discardableResult
    mutating func press(_ keys: Key...) -> [ScopeEffect] { keys.flatMap { scope.reduce(.key($0, at: now)) } }

    /// Types text.
    mutating func type(_ text: String) { for character in text { press(.character(character)) } }

    /// Presses a key several times.
    mutating func press(_ key: Key, times: Int) { for _ in 0..<times { press(key) } }

    /// More of the scenario happens.
    mutating func pass(_ arrivals: [Scenario.Arrival], seconds: Double) {
        let until = now.advanced(milliseconds: seconds * 1000)
        for arrival in arrivals where arrival.at > now && arrival.at <= until {
            _ = scope.reduce(.message(subject: arrival.subject, payload: arrival.payload, arrival: arrival.at))
        }
        now = until
        _ = scope.reduce(.tick(now))
    }

    /// Changes the size.
    mutating func resize(_ width: Int, _ height: Int) { _ = scope.reduce(.resize(width: width, height: height)) }

    var screen: ScreenBuffer { scope.draw(width: scope.size.width, height: scope.size.height, now: now) }
}

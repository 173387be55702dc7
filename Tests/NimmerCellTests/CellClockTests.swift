import NimmerGate
import NimmerWave
import Testing

@testable import NimmerCell

@Suite("the clock of a cell")
struct CellClockTests {
    static let hour = 3_600_000.0

    private func transition(_ at: Timestamp, _ to: GateState) throws -> GateTransition {
        let token = try Token("own")
        return GateTransition(
            gateID: try GateID("own-cell"), domain: token, region: Region(token),
            fromState: to == .open ? .stable : .open, toState: to, stateValue: 0.6, weight: 0.1, correlationScore: 0.5,
            triggerSignals: [
                TriggerSignal(
                    source: "a", origin: token, confidence: 0.9, polarity: 1, timestamp: at.advanced(milliseconds: -80),
                    push: 0.3)
            ], at: at)
    }

    private func said(_ clock: inout CellClock, _ change: GateTransition) -> GateTransition? {
        if case .transition(let shown) = clock.onWall(.transition(change)) { shown } else { nil }
    }

    @Test("what is published names moments on the wall clock, those of its gate in order")
    func saying() throws {
        var clock = CellClock()
        let now = clock.now()
        let first = try #require(said(&clock, transition(now, .open)))
        #expect(abs(first.at.milliseconds(since: .now())) < 5_000)
        // The wall was an hour ahead then, and was set right.
        var ahead = try transition(now.advanced(milliseconds: Self.hour), .stable)
        ahead = try #require(said(&clock, ahead))
        let next = try #require(said(&clock, transition(now.advanced(milliseconds: 10), .open)))
        #expect(next.at == ahead.at.advanced(milliseconds: 1))
        #expect(next.triggerSignals.map { next.at.milliseconds(since: $0.timestamp) } == [80])
    }

    @Test("an estate from ahead of now counts as of now, and the next look comes within an interval")
    func takingOver() {
        var clock = CellClock()
        let now = clock.now()
        let handoverState = HandoverState(
            nextSense: now.advanced(milliseconds: Self.hour), state: .open, potential: 0.8, weight: 0.5,
            at: now.advanced(milliseconds: Self.hour))
        let taken = clock.takeUp(handoverState, interval: 500)
        let then = clock.now()
        #expect(taken.at >= now && taken.at <= then)
        #expect(taken.nextSense.map { $0 <= then.advanced(milliseconds: 500) } == true)
        let late = HandoverState(nextSense: .earliest, state: .open, potential: 0.8, weight: 0.5, at: .earliest)
        #expect(clock.takeUp(late, interval: 500).at == clock.clock.process(.earliest))
    }

    @Test("a moment that a caller names is no later than now")
    func moments() {
        var clock = CellClock()
        let now = clock.now()
        #expect(clock.time(of: .wall(now.advanced(milliseconds: -50))) == now.advanced(milliseconds: -50))
        #expect(clock.time(of: .wall(.latest)) <= clock.now())
        #expect(clock.time(of: .now) >= now)
    }
}

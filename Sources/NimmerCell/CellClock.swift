import NimmerWave

/// A cell's own time, and the time of day outside: a cell's own time never jumps, what it publishes names
/// moments on the wall.
struct CellClock: Sendable {
    /// Moment that a cell is to handle.
    enum Moment: Sendable {
        /// Now.
        case now
        /// Arrival of a message, from the bus.
        case arrival(Timestamp)
        /// A moment on the wall clock that a caller names.
        case wall(Timestamp)
    }

    private(set) var clock = LiveClock()
    private let tolerance: ClockTolerance
    private var lastTransition: Timestamp?

    /// A clock that has read nothing.
    init(tolerance: ClockTolerance = ClockTolerance()) { self.tolerance = tolerance }

    /// The cell's time now.
    mutating func now() -> Timestamp { clock.read(.now()) }

    /// The cell's time of a moment.
    mutating func time(of moment: Moment) -> Timestamp {
        switch moment {
        case .now: return now()
        case .arrival(let wall): return clock.process(clock.arrival(wall, ClockReading.now))
        case .wall(let wall):
            let now = now()
            return min(now, clock.process(wall))
        }
    }

    /// A wave that came, in the cell's time.
    mutating func received(_ message: Envelope<WaveSignal>, of cell: Token, arrival: Timestamp) -> HeardWave {
        var wave = HeardWave(
            message, cell: cell, arrival: clock.arrival(arrival, ClockReading.now), tolerance: tolerance)
        wave.at = clock.process(wave.at)
        return wave
    }

    /// Takes over the state that another instance left, in the cell's time: it rested or sensed no later than now, and senses next within an interval.
    mutating func takeUp(_ handoverState: HandoverState, interval: Int?) -> HandoverState {
        let now = now()
        var handoverState = handoverState
        handoverState.at = min(now, clock.process(handoverState.at))
        let latest = now.advanced(milliseconds: Double(interval ?? 0))
        handoverState.nextSense = handoverState.nextSense.map { min(latest, clock.process($0)) }
        return handoverState
    }

    /// State that is left to another instance, in wall time.
    func leave(_ handoverState: HandoverState) -> HandoverState {
        var handoverState = handoverState
        handoverState.at = clock.wall(handoverState.at)
        handoverState.nextSense = handoverState.nextSense.map(clock.wall)
        return handoverState
    }

    /// An action of a cell as it is published: moments in wall time, those of its gate in order.
    mutating func onWall(_ action: Pulse.Action) -> Pulse.Action {
        switch action {
        case .state(var change):
            change.at = clock.wall(change.at)
            return .state(change)
        case .change(var change):
            change.at = clock.wall(change.at)
            return .change(change)
        case .transition(var change):
            let at = clock.published(change.at, after: lastTransition)
            let shift = at.nanoseconds(since: change.at)
            for index in change.triggerSignals.indices {
                change.triggerSignals[index].timestamp = change.triggerSignals[index].timestamp.advanced(
                    nanoseconds: shift)
            }
            change.at = at
            lastTransition = at
            return .transition(change)
        case .wave, .publish, .send, .begin, .wake, .log, .leave, .verify, .artifact: return action
        }
    }
}

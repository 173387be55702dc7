import NimmerWave

/// The behaviour: IDLE → DETECT → EVALUATE → EVADE → RESUME over the distance cells (architecture.md, Nerve).
///
/// A value. Every obstacle and every passing of time returns what is to be done; the process around it publishes states
/// and waves and asks the motor.
public struct CollisionAvoidance: Sendable {
    /// State of the behaviour.
    public enum State: String, Sendable, CaseIterable {
        /// The front cannot be seen. Can go to ``idle``.
        case disabled = "DISABLED"
        /// Nothing is in the way. Can go to ``detect``.
        case idle = "IDLE"
        /// The gate opened; a second look at the front follows. Can go to ``evaluate`` or back to ``idle``.
        case detect = "DETECT"
        /// A way out is chosen, within the same reading. Can go to ``evade``, ``resume`` or ``escalated``.
        case evaluate = "EVALUATE"
        /// The way out is taken. Can go to ``resume`` when the front is clear, or to ``evaluate`` when it takes too long.
        case evade = "EVADE"
        /// The front is clear. Can go to ``idle`` or, when something else appears, to ``detect``.
        case resume = "RESUME"
        /// No way out was found. Can go to ``evaluate`` when the front or a side is free again.
        case escalated = "ESCALATED"

        /// Lifeforce spent on entering the state, in LF.
        public var cost: Double {
            switch self {
            case .disabled, .idle: 0
            case .detect, .evaluate, .resume: 0.5
            case .escalated: 1
            case .evade: 2
            }
        }
    }

    /// Next action.
    public enum Action: Sendable, Hashable {
        /// Publish a change of state.
        case state(Change)
        /// Ask the motor: a ``Maneuver``, `forward` or `stop`.
        case request(String)
        /// Emit the nerve's own wave.
        case wave(confidence: Double, content: JSON)
    }

    /// A change of the state.
    public struct Change: Sendable, Hashable {
        /// The state before.
        public var from: State
        /// The state after.
        public var to: State
        /// Reason.
        public var reason: String
        /// Time.
        public var at: Timestamp
        /// Basis of the decision: the distances, and the maneuver.
        public var details: JSON
    }

    /// State of the behaviour.
    public private(set) var state = State.idle
    /// Maneuver around an obstacle; nil unless it evades.
    public private(set) var maneuver: Maneuver?
    /// Lifeforce spent since the start, in LF.
    public private(set) var spent = 0.0

    private let settings: AvoidanceSettings
    private var seen: [Sector: Obstacle] = [:]
    private var started: Timestamp?
    private var entered: Timestamp?
    private var failures = 0
    private var wasOpen = false

    /// A behaviour at rest.
    public init(settings: AvoidanceSettings) {
        self.settings = settings
    }

    /// A distance cell spoke.
    ///
    /// - Parameters:
    ///   - obstacle: what it reported.
    ///   - isOpen: whether the gate over the distance cells is open, this wave included.
    public mutating func receive(_ obstacle: Obstacle, isOpen: Bool) -> [Action] {
        var actions = advance(to: obstacle.at)
        seen[obstacle.sector] = obstacle
        let opened = isOpen && !wasOpen
        wasOpen = isOpen
        if state == .disabled, obstacle.sector == .front {
            enter(.idle, "the front can be seen again", obstacle.at, &actions)
        }
        switch state {
        case .disabled: break
        case .idle where opened || (isOpen && isFrontBlocked(obstacle.at)):
            enter(.detect, "something is in the way", obstacle.at, &actions)
        case .detect where obstacle.sector == .front && obstacle.at != entered: confirm(obstacle.at, &actions)
        case .evade where isFrontClear(obstacle.at): resume("the front is clear", obstacle.at, &actions)
        case .resume where obstacle.sector == .front && obstacle.at != entered:
            enter(.idle, "under way", obstacle.at, &actions)
        case .escalated where isFrontClear(obstacle.at) || !freeSides(obstacle.at).isEmpty:
            failures = 0
            evaluate("a way is free again", obstacle.at, &actions)
        default: break
        }
        return actions
    }

    /// Time passes: sensors go missing, maneuvers take too long.
    public mutating func advance(to moment: Timestamp) -> [Action] {
        var actions: [Action] = []
        let start = started ?? moment
        started = start
        if state != .disabled, fresh(.front, moment) == nil,
            moment.milliseconds(since: seen[.front]?.at ?? start) > settings.missing
        {
            let wasMoving = state == .evade
            maneuver = nil
            failures = 0
            enter(.disabled, "the front sensor is missing", moment, &actions)
            if wasMoving { actions.append(.request("stop")) }
        }
        guard state == .evade, let maneuver, let entered else { return actions }
        let limit = maneuver == .reverse ? settings.reverse : settings.turn
        guard moment.milliseconds(since: entered) >= limit else { return actions }
        failures += 1
        evaluate(maneuver == .reverse ? "went back" : "the turn took too long", moment, &actions)
        return actions
    }

    /// The next moment at which ``advance(to:)`` may have something to do; nil while it waits for readings only.
    public var nextCheck: Timestamp? {
        let missing =
            state == .disabled ? nil : (seen[.front]?.at ?? started)?.advanced(milliseconds: settings.missing + 1)
        guard state == .evade, let maneuver, let entered else { return missing }
        let limit = entered.advanced(milliseconds: maneuver == .reverse ? settings.reverse : settings.turn)
        return missing.map { min($0, limit) } ?? limit
    }

    private mutating func confirm(_ at: Timestamp, _ actions: inout [Action]) {
        if wasOpen {
            evaluate("a second look agrees", at, &actions)
        } else {
            enter(.idle, "it was gone at the second look", at, &actions)
        }
    }

    private mutating func evaluate(_ reason: String, _ at: Timestamp, _ actions: inout [Action]) {
        maneuver = nil
        enter(.evaluate, reason, at, &actions)
        guard isFrontBlocked(at) else { return resume("nothing is ahead", at, &actions) }
        let missing = [Sector.left, .right].filter { fresh($0, at) == nil }
        let assumed =
            missing.isEmpty ? "" : "; \(missing.map(\.rawValue).joined(separator: " and ")) missing, assumed blocked"
        let free = freeSides(at)
        if failures >= settings.tries {
            enter(.escalated, "no way out after \(failures) tries\(assumed)", at, &actions)
            actions.append(.request("stop"))
            actions.append(.wave(confidence: 1, content: content(at)))
        } else if let roomiest = free.max(by: { $0.distance < $1.distance }) {
            evade(roomiest.sector == .left ? .turnLeft : .turnRight, "more room there\(assumed)", at, &actions)
        } else if let behind = fresh(.back, at), behind.distance < settings.back {
            failures = settings.tries
            evaluate("blocked on all sides", at, &actions)
        } else {
            evade(.reverse, "front and sides are blocked\(assumed)", at, &actions)
        }
    }

    private mutating func evade(_ way: Maneuver, _ reason: String, _ at: Timestamp, _ actions: inout [Action]) {
        maneuver = way
        enter(.evade, reason, at, &actions)
        actions.append(.request(way.rawValue))
        actions.append(.wave(confidence: 0.8 * (fresh(.front, at)?.confidence ?? 0), content: content(at)))
    }

    private mutating func resume(_ reason: String, _ at: Timestamp, _ actions: inout [Action]) {
        let wasEvading = state == .evade || failures > 0
        maneuver = nil
        failures = 0
        enter(.resume, reason, at, &actions)
        if wasEvading { actions.append(.request("forward")) }
    }

    private mutating func enter(_ next: State, _ reason: String, _ at: Timestamp, _ actions: inout [Action]) {
        let change = Change(from: state, to: next, reason: reason, at: at, details: content(at))
        state = next
        entered = at
        spent += next.cost
        actions.append(.state(change))
    }

    private func content(_ at: Timestamp) -> JSON {
        var object: JSONObject = [:]
        object["maneuver"] = maneuver.map { .string($0.rawValue) }
        let seen = Sector.allCases.compactMap { fresh($0, at) }
        for one in seen where one.distance.isFinite {
            object["\(one.sector.rawValue)_m"] = .number((one.distance * 1000).rounded() / 1000)
        }
        let clear = seen.filter { !$0.distance.isFinite }
        if !clear.isEmpty { object["clear"] = .array(clear.map { .string($0.sector.rawValue) }) }
        if failures > 0 { object["failed_tries"] = .number(Double(failures)) }
        return .object(object)
    }

    private func fresh(_ sector: Sector, _ at: Timestamp) -> Obstacle? {
        seen[sector].flatMap { at.milliseconds(since: $0.at) <= settings.missing ? $0 : nil }
    }

    private func isFrontBlocked(_ at: Timestamp) -> Bool {
        fresh(.front, at).map { $0.distance < settings.block } ?? true
    }

    private func isFrontClear(_ at: Timestamp) -> Bool {
        fresh(.front, at).map { $0.distance > settings.clear } ?? false
    }

    private func freeSides(_ at: Timestamp) -> [Obstacle] {
        [Sector.left, .right].compactMap { fresh($0, at) }.filter { $0.distance >= settings.side }
    }
}

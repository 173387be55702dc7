import NimmerGate
import NimmerWave

/// State of one gate, and how it came there.
struct GateTrack: Sendable {
    /// State of the gate at a moment.
    struct Sample: Sendable, Hashable {
        var at: Int64
        var potential: Float
        var state: GateState
    }

    /// From when to when the gate was open.
    struct Opening: Sendable, Hashable {
        let start: Int64
        /// `Int64.max` while it is.
        var end: Int64
    }

    /// A change of its state, and its entry.
    struct Change: Sendable, Hashable {
        let at: Int64
        let entry: Int
        let to: GateState
    }

    /// State when it was last seen.
    private(set) var gate: AttendedGate
    /// Former states, oldest first.
    private(set) var samples = Ring<Sample>()
    /// Times at which it was open, oldest first.
    private(set) var openings = Ring<Opening>()
    /// The changes of its state that were seen, oldest first, for its explanation.
    private(set) var changes = Ring<Change>()

    /// Time of the last change of its state that was seen; `Int64.min` before the first.
    private(set) var changed = Int64.min

    /// Samples of a gate that are kept at most.
    static let maximumSamples = 2048
    /// Changes of a gate that are kept at most.
    static let maximumChanges = 256

    init(_ gate: AttendedGate, at: Int64) {
        self.gate = gate
        if gate.state == .open {
            openings.append(Opening(start: gate.openedAt.map { ScopeState.bounded($0).nanoseconds } ?? at, end: .max))
        }
        note(at)
    }

    /// Takes in how the gate is now.
    mutating func update(_ newer: AttendedGate, at: Int64) {
        turn(to: newer.state, at: at)
        let openedAt = newer.openedAt ?? gate.openedAt
        gate = newer
        gate.openedAt = openedAt
        note(at)
    }

    /// Takes in a change of its state, from an entry.
    mutating func update(_ transition: GateTransition, at: Int64, entry: Int) {
        changes.append(Change(at: at, entry: entry, to: transition.toState))
        if changes.count > Self.maximumChanges { changes.removeFirst() }
        turn(to: transition.toState, at: at)
        gate.state = transition.toState
        gate.potential = transition.stateValue
        gate.weight = transition.weight
        gate.witnesses = transition.triggerSignals.count
        if transition.toState == .open { gate.openedAt = transition.at }
        note(at)
    }

    /// Takes in that the thalamus did not speak of it: it is at rest.
    mutating func rest(at: Int64) {
        turn(to: .stable, at: at)
        gate.state = .stable
        gate.potential = 0
        gate.witnesses = 0
        note(at)
    }

    private mutating func turn(to state: GateState, at: Int64) {
        let newest = openings.end - 1
        let isOpen = newest >= openings.first && openings[newest].end == .max
        if state != gate.state { changed = at }
        if state == .open, !isOpen { openings.append(Opening(start: at, end: .max)) }
        if state != .open, isOpen { openings[newest].end = at }
    }

    private mutating func note(_ at: Int64) {
        let sample = Sample(at: at, potential: Float(gate.potential), state: gate.state)
        if let last = samples.last, last.potential == sample.potential, last.state == sample.state { return }
        samples.append(sample)
        if samples.count > Self.maximumSamples { samples.removeFirst() }
    }

    /// Releases what is older than a moment, except for how the gate was at that moment.
    mutating func forget(before moment: Int64) {
        while samples.count > 1, samples[samples.first + 1].at <= moment { samples.removeFirst() }
        while let oldest = openings.oldest, oldest.end < moment { openings.removeFirst() }
    }

    /// State of the gate at a moment; nil when it was not known then.
    func sample(at moment: Int64) -> Sample? {
        let number = samples.firstNumber { $0.at > moment } - 1
        return number >= samples.first ? samples[number] : nil
    }

    /// The gate as it was at a moment, its thresholds and trust as they are now.
    func gate(at moment: Int64) -> AttendedGate? {
        guard let sample = sample(at: moment) else { return nil }
        var then = gate
        then.state = sample.state
        then.potential = Double(sample.potential)
        return then
    }

    /// The last change before a moment, or the last that opened it; nil when none was seen.
    func change(notAfter moment: Int64, to state: GateState? = nil) -> Change? {
        var number = changes.firstNumber { $0.at > moment } - 1
        while number >= changes.first, state.map({ $0 != changes[number].to }) ?? false { number -= 1 }
        return number >= changes.first ? changes[number] : nil
    }

    /// Time of the last change of its state that is not after a moment; `Int64.min` where none is known.
    func changed(notAfter moment: Int64) -> Int64 {
        if changed <= moment { return changed }
        var number = samples.firstNumber { $0.at > moment } - 1
        while number > samples.first, samples[number - 1].state == samples[number].state { number -= 1 }
        return number > samples.first ? samples[number].at : .min
    }

    /// Nearness of a gate to a threshold: 1 at the one it leans to.
    static func pull(_ gate: AttendedGate) -> Double {
        gate.potential >= 0 ? gate.potential / gate.openThreshold : gate.potential / gate.closeThreshold
    }
}

/// Every gate that was heard of.
struct GateBoard: Sendable {
    /// Gates that are kept at most; of more, those that are at rest are not shown.
    static let maximum = 512

    private(set) var tracks: [String: GateTrack] = [:]
    /// Mode of attention; nil before the thalamus reported one.
    private(set) var mode: AttentionMode?
    /// Last summary of the thalamus, without the gates.
    private(set) var summary: Attention?
    /// Time of the thalamus's last report of its gates; `Int64.min` before the first.
    private(set) var attended = Int64.min

    /// Takes in what the thalamus reports once a second: gates that it does not name are at rest.
    mutating func update(_ attention: Attention, at: Int64) {
        mode = attention.mode
        attended = at
        var summary = attention
        summary.openGates = []
        summary.risingGates = []
        self.summary = summary
        let named = attention.openGates + attention.risingGates
        for gate in named { update(gate, at: at) }
        let names = Set(named.map(\.region.text))
        for region in tracks.keys where !names.contains(region) { tracks[region]?.rest(at: at) }
    }

    /// Takes in one gate.
    mutating func update(_ gate: AttendedGate, at: Int64) {
        let region = gate.region.text
        if tracks[region] != nil {
            tracks[region]?.update(gate, at: at)
        } else if tracks.count < Self.maximum {
            tracks[region] = GateTrack(gate, at: at)
        }
    }

    /// Takes in a change of a gate's state, from an entry.
    mutating func update(_ transition: GateTransition, at: Int64, entry: Int) {
        let region = transition.region.text
        if tracks[region] == nil, tracks.count < Self.maximum {
            var gate = AttendedGate(
                gateID: transition.gateID, region: transition.region, state: transition.fromState,
                potential: transition.stateValue, weight: transition.weight)
            if transition.fromState == .open { gate.openedAt = transition.at }
            tracks[region] = GateTrack(gate, at: at)
        }
        tracks[region]?.update(transition, at: at, entry: entry)
    }

    /// Releases what is older than a moment.
    mutating func forget(before moment: Int64) {
        for region in tracks.keys { tracks[region]?.forget(before: moment) }
    }

    /// The gates in an order.
    ///
    /// - Parameter moment: as they were then; nil for now.
    func gates(at moment: Int64?, by order: GateOrder = .attention, isReversed: Bool = false) -> [AttendedGate] {
        let all = tracks.values.compactMap { track -> GateOrder.Candidate? in
            guard let moment else { return .init(gate: track.gate, changed: track.changed) }
            return track.gate(at: moment).map { .init(gate: $0, changed: track.changed(notAfter: moment)) }
        }
        let sorted = all.sorted(by: order.isBefore).map(\.gate)
        return isReversed ? sorted.reversed() : sorted
    }
}

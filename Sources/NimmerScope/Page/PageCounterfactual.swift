import NimmerGate
import NimmerWave

/// The potential around an opening, computed by the gate itself from the waves that are kept, with the trust that it had or with another
/// (web.md, Decision: "what if its trust had been different").
package struct PageCounterfactual: Sendable {
    /// Configuration of the gate, as the thalamus explains it.
    package private(set) var configuration: GateConfiguration
    /// The waves of the gate, in their order, with numbers for their origins.
    private let waves: [Evidence]
    private let from: Int64
    private let to: Int64
    private let opened: Int64
    /// Outcomes that count for each origin, where trust is earned.
    private var records: [Int32: (confirmed: Double, failed: Double)] = [:]
    private let origins: [String: Int32]
    /// Interval of its members that the window and the half-life follow, in milliseconds; nil where they follow none.
    private let interval: Double?
    /// Time in which the potential halves, in milliseconds.
    private let halfLife: Double

    /// Half-lives before an opening that are computed: what was before has decayed to less than a hundredth.
    private static let before = 8.0
    /// Half-lives after it.
    private static let after = 3.0
    /// Points of a curve at most.
    private static let maximumPoints = 240

    /// The curve of an opening.
    ///
    /// - Parameter explanation: the thalamus's of the gate; nil where it did not answer, then the defaults count.
    /// - Returns: nil where no wave of the gate is kept.
    package init?(of region: String, at opened: Timestamp, in state: ScopeState, explanation: JSON?) {
        var configuration = GateConfiguration()
        if let explanation { configuration.take(explanation) }
        interval = explanation?["interval_ms"]?.double
        self.configuration = configuration
        let moment = ScopeState.bounded(opened).nanoseconds
        let halfLife = explanation?["half_life_ms"]?.double ?? configuration.halfLifeMilliseconds
        self.halfLife = halfLife
        let reach =
            max(
                halfLife * Self.before, 2 * (explanation?["window_ms"]?.double ?? configuration.windowMilliseconds),
                5000) * 1e6
        self.opened = moment
        from = moment.subtractingSaturated(Int64(saturating: reach))
        to = moment.addingSaturated(
            Int64(saturating: max(halfLife * Self.after, 2000) * 1e6))
        let home = state.buffer.homes.home(of: region)
        let group = state.buffer.groups.first { $0.domain == .nervous && $0.name == home }
        let lanes = Set(group?.lanes ?? [])
        let entries = state.buffer.entries
        var waves: [Evidence] = []
        // An origin is one witness, in however many regions of the gate it speaks.
        var origins: [String: Int32] = [:]
        let (begin, end) = (from, to)
        let start = entries.firstNumber { $0.at >= begin }
        for number in start..<max(start, entries.end) {
            let entry = entries[number]
            guard entry.at <= end else { break }
            guard entry.kind == .wave, lanes.contains(Int(entry.lane)), !entry.flags.contains(.virtual) else {
                continue
            }
            let name = state.buffer.traces[Int(entry.trace)].origin
            let origin = origins[name] ?? Int32(origins.count)
            origins[name] = origin
            waves.append(
                Evidence(
                    origin: origin, region: 0, polarity: entry.value < 0 ? -1 : 1,
                    confidence: Double(entry.value.magnitude), at: Timestamp(nanoseconds: entry.at)))
        }
        guard !waves.isEmpty else { return nil }
        self.waves = waves
        self.origins = origins
        guard configuration.trust == .earned else { return }
        if let prior = explanation?["prior_weight"]?.double { self.configuration.weight = min(1, max(0, prior)) }
        for record in explanation?["origins"]?.array ?? [] {
            guard let origin = record["origin"]?.string.flatMap({ origins[$0] }) else { continue }
            records[origin] = (record["ok"]?.double ?? 0, record["failed"]?.double ?? 0)
        }
    }

    /// The curve as it was.
    ///
    /// - Parameters:
    ///   - trust: of the gate where it is declared, in the opener where it is earned; the trust in others is that of now.
    ///   - opener: the origin whose wave opened it.
    package func run(then trust: Double, opener: String?) -> Curve {
        guard configuration.trust == .earned, let origin = opener.flatMap({ origins[$0] }) else {
            return run(trust: trust)
        }
        var gate = Gate(configuration)
        for (origin, record) in records { gate.set(origin, confirmed: record.confirmed, failed: record.failed) }
        let record = outcomes(for: trust)
        gate.set(origin, confirmed: record.confirmed, failed: record.failed)
        return run(gate, trust: trust)
    }

    /// Outcomes that give an origin a trust, by the inverse of its arithmetic (trust.md, Learning).
    private func outcomes(for trust: Double) -> (confirmed: Double, failed: Double) {
        let (prior, weight) = (configuration.priorOutcomes, configuration.weight)
        guard trust < weight else { return (prior * (trust - weight) / max(1e-9, 1 - trust), 0) }
        return (0, (prior * weight / max(1e-9, trust) - prior) / max(1e-9, configuration.failedWeight))
    }

    /// The curve with a trust: that of the gate where it is declared, of every origin where it is earned.
    ///
    /// - Parameter trust: 0…1.
    package func run(trust: Double) -> Curve {
        var configuration = configuration
        configuration.weight = min(1, max(0, trust))
        return run(Gate(configuration), trust: configuration.weight)
    }

    private func run(_ gate: Gate, trust: Double) -> Curve {
        var gate = gate
        if let interval { gate.note(interval: interval, of: 0) }
        var transitions: ContiguousArray<Transition> = []
        var points: [(at: Int64, value: Double)] = []
        let step = max(1, elapsed(from: from, to: to) / Int64(Self.maximumPoints))
        var next = from
        for wave in waves {
            // The decay between waves is what a person sees as the curve's shape.
            while next < wave.at.nanoseconds {
                if gate.time != nil { points.append((next, gate.potential(at: Timestamp(nanoseconds: next)))) }
                next = next.addingSaturated(step)
            }
            if gate.receive(wave, into: &transitions) == .resonated {
                points.append((wave.at.nanoseconds, gate.potential))
            }
        }
        while next < to {
            points.append((next, gate.potential(at: Timestamp(nanoseconds: next))))
            next = next.addingSaturated(step)
        }
        let openings = transitions.filter { $0.to == .open }.map(\.at.nanoseconds)
        // The opening that is explained, or the one that it would have been.
        let slack = Int64(saturating: halfLife * 1e6)
        let near = openings.first { $0 >= opened.subtractingSaturated(slack) } ?? openings.last
        return Curve(trust: trust, points: points.filter { isShown($0.at) }, opensAt: near)
    }

    private func isShown(_ at: Int64) -> Bool {
        at >= opened.subtractingSaturated(Int64(saturating: max(halfLife * 3, 3000) * 1e6))
    }

    /// A curve: moments with the potential then.
    package struct Curve: Sendable {
        /// The trust that it was computed with.
        package let trust: Double
        let points: [(at: Int64, value: Double)]
        /// Time at which the gate opens; nil where it does not.
        let opensAt: Int64?

        package var json: JSONObject {
            [
                "trust": PageText.number(trust), "points": pointsJSON, "opens": .bool(opensAt != nil),
                "at": opensAt.map { PageText.moment($0) } ?? .null,
            ]
        }

        package var pointsJSON: JSON {
            // At a flood each wave is a point; a page draws no more than its pixels.
            let stride = max(1, points.count / 600)
            let shown = points.enumerated().filter { $0.offset % stride == 0 || $0.offset == points.count - 1 }
            return .array(shown.map { .array([PageText.moment($0.element.at), PageText.number($0.element.value)]) })
        }
    }
}

extension GateConfiguration {
    /// Takes over what a thalamus explains of its settings; what it leaves out, or what is out of range, stays.
    mutating func take(_ explanation: JSON) {
        let follows = explanation["interval_ms"]?.double != nil
        for key in [
            "open_threshold", "close_threshold", "release_fraction", "floor", "window_ms", "half_life_ms",
            "reflex_weight",
            "prior_outcomes", "failed_weight", "trust_memory", "hearing_ms", "quorum", "max_origins",
        ] {
            // A window that follows its members' interval is not set: setting fixes it.
            if follows, key == "window_ms" || key == "half_life_ms" { continue }
            if let value = explanation[key]?.double { try? set(key, value) }
        }
        if explanation["trust"]?.string == TrustSource.earned.rawValue { trust = .earned }
    }
}

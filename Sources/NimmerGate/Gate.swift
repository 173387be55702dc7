import Glibc
import NimmerWave

/// The ternary gate: a resonance chamber (gates.md, all of it normative).
///
/// One witness, however loud and however often it speaks, cannot open it; independent witnesses that agree within a
/// window open it; a denial among them pushes it towards closed; silence brings it back. A gate is a value: time comes
/// in with the waves, transitions go out through a list that the caller owns, and once warm a wave allocates nothing.
public struct Gate: Sendable {
    /// Configuration of the gate; its `weight` is where ``weight`` began.
    public let configuration: GateConfiguration
    /// Trust of the whole gate, 0…1, that outcomes move where trust is declared; where it is earned, that of the last opener
    /// (``openerTrust``) stands for it in reports.
    public private(set) var weight: Double
    /// The potential at ``time``, -1…1.
    public internal(set) var potential = 0.0
    /// The state at ``time``.
    public private(set) var state = GateState.stable
    /// The last update; nil before the first wave.
    public var time: Timestamp? { moment == .min ? nil : Timestamp(nanoseconds: moment) }
    /// The remembered witnesses, oldest first by their place of arrival.
    public private(set) var witnesses: ContiguousArray<GateWitness> = []
    /// Explanation of the last resonating wave.
    public internal(set) var last = Explanation()

    /// The members' interval that its window and half-life follow, in milliseconds; 0 while none is in force (gates.md, Window and
    /// half-life).
    public private(set) var interval = 0.0
    /// Time for which a wave can be a witness now, in milliseconds.
    public var windowMilliseconds: Double { Double(window) / 1_000_000 }
    /// Time in which the potential halves in silence now, in milliseconds.
    public var halfLifeMilliseconds: Double { halfLife / 1_000_000 }

    /// Records of its origins under earned trust.
    var trust = TrustBook()

    private var moment = Int64.min
    private var gain: Double
    /// In nanoseconds.
    private var window = Int64.max
    var windowNanoseconds: Int64 { window }
    /// In nanoseconds.
    private var halfLife = 0.0
    /// The interval that is to be in force: the slowest that members state, or what a gate that is taken up had.
    private var stated = 0.0
    private var statements = StatedIntervals()

    /// A gate at rest.
    public init(_ configuration: GateConfiguration = GateConfiguration()) {
        self.configuration = configuration
        weight = configuration.weight
        gain = Self.gain(weight, configuration)
        follow(0)
    }

    /// A gate as it was at a persisted transition; decay and releases since then come with the next update
    /// (protocol.md: "takes up gate weights and potentials from the last persisted transition, decayed to now").
    ///
    /// - Parameter interval: the members' interval in force at that transition, in milliseconds; it counts until a member states one.
    public init(
        _ configuration: GateConfiguration, resuming state: GateState, potential: Double, weight: Double,
        interval: Double = 0, at: Timestamp
    ) {
        self.init(configuration)
        self.state = state
        self.potential = min(1, max(-1, potential.isFinite ? potential : 0))
        self.weight = min(1, max(0, weight.isFinite ? weight : configuration.weight))
        gain = Self.gain(self.weight, configuration)
        moment = at.nanoseconds
        if configuration.followsInterval, interval > 0 { stated = min(interval, GateConfiguration.slowestInterval) }
        follow(stated)
    }

    /// A member of its region states the interval at which it senses. Where the configuration names no window or no half-life, these follow
    /// the slowest of the members' last statements, from the next wave that finds the gate STABLE (gates.md, Window and half-life).
    ///
    /// - Parameters:
    ///   - milliseconds: above 0; of more than 31 days, 31 days count.
    ///   - member: a number for the member. The caller vouches that it is one: who is believed can widen the window.
    public mutating func note(interval milliseconds: Double, of member: Int32) {
        guard configuration.followsInterval, milliseconds > 0 else { return }
        statements.note(min(milliseconds, GateConfiguration.slowestInterval), of: member)
        stated = statements.slowest
    }

    /// Gives the members that state intervals new numbers, when the numbering restarts.
    public mutating func renumberMembers(_ number: (Int32) -> Int32) { statements.renumber(number) }

    /// Address of the witnesses, for a processor that is to fetch them early; never read through.
    @inlinable
    public var witnessesPlace: UnsafeRawPointer { unsafeBitCast(witnesses, to: UnsafeRawPointer.self) }

    /// Makes room for as many witnesses, before the first wave.
    public mutating func reserveWitnesses(_ count: Int) {
        witnesses.reserveCapacity(min(count, configuration.maximumOrigins))
    }

    /// Indicates whether trust has made the gate a reflex: one asserting wave is enough.
    public var isReflex: Bool {
        configuration.trust == .earned
            ? (trust.ofOpener ?? 0) >= configuration.reflexWeight : weight > configuration.reflexWeight
    }

    /// A wave arrives.
    ///
    /// - Parameters:
    ///   - wave: the wave; its confidence is finite and 0…1.
    ///   - vector: its embedding; empty when it carries none.
    ///   - transitions: what changed is appended, releases on the way first.
    /// - Returns: what the gate made of it.
    public mutating func receive(
        _ wave: Evidence, vector: [Double] = [], into transitions: inout ContiguousArray<Transition>
    ) -> Verdict {
        var now = wave.at.nanoseconds
        if now < moment {
            if Self.elapsed(now, moment) > window { return .late }
            now = moment
        }
        advance(toNanoseconds: now, into: &transitions)
        if interval != stated, state == .stable { follow(stated) }
        let norm = vector.isEmpty ? -1 : Self.norm(vector)
        let weighed = weigh(wave, vector, norm, now)
        guard wave.confidence >= configuration.floor else { return .belowFloor }
        let support = weighed.agreement / max(weighed.confidence, 0.5)
        let before = potential
        let isEarned = configuration.trust == .earned
        let speaker =
            isEarned ? speaker(wave.origin, own: weighed.own, now) : Speaker(trust: weight, gain: gain)
        let voiced = speaker.voice * wave.confidence
        var lifted = before
        if wave.polarity > 0 {
            if isEarned {
                lifted += lift(voiced, speaker.trust)
            } else if weight > configuration.reflexWeight {
                lifted = max(lifted, wave.confidence)
            }
        }
        potential = min(1, max(-1, lifted + speaker.gain * voiced * support * weighed.novelty))
        let place = remember(wave, voiced, Int32(truncatingIfNeeded: speaker.record), vector, norm, now, weighed.own)
        last.hearing = isEarned ? hear(wave, speaker, now) : .none
        if configuration.quorum > 1, state != .open, potential >= configuration.openThreshold { keepQuorum() }
        let push = potential - before
        if place >= 0 { witnesses[place].push = push }
        last.origin = wave.origin
        last.trust = speaker.trust
        last.voice = speaker.voice
        last.lift = lifted - before
        if isEarned {
            last.confirmed = trust.records[speaker.record].confirmed
            last.failed = trust.records[speaker.record].failed
        }
        last.confidence = wave.confidence
        last.polarity = wave.polarity
        last.support = support
        last.novelty = weighed.novelty
        last.gain = speaker.gain
        last.push = push
        last.before = before
        last.after = potential
        last.witnesses = weighed.others
        last.at = Timestamp(nanoseconds: now)
        let wasOpen = state == .open
        settle(support, into: &transitions)
        if !wasOpen, state == .open { rememberOpening(by: speaker, wave.origin) }
        return .resonated
    }

    /// Takes back that the last wave opened or closed the gate: it stays STABLE, as near to its threshold as it can be, and the next wave
    /// that agrees tips it. For a bound on how often gates are tipped; the caller removes the transition from its list.
    public mutating func holdBack() {
        switch state {
        case .stable: return
        case .open:
            potential = min(potential, configuration.openThreshold.nextDown)
            forgetOpening(last.origin)
        case .closed: potential = max(potential, configuration.closeThreshold.nextUp)
        }
        state = .stable
        last.push = potential - last.before
        last.after = potential
    }

    /// Lets time pass in silence; a release on the way carries its exact time.
    public mutating func advance(to moment: Timestamp, into transitions: inout ContiguousArray<Transition>) {
        advance(toNanoseconds: moment.nanoseconds, into: &transitions)
    }

    /// Time at which the gate will go back to STABLE if nothing arrives; nil when it is STABLE. The one timer that a gate needs.
    public var nextRelease: Timestamp? {
        guard state != .stable else { return nil }
        return Timestamp(nanoseconds: releaseMoment())
    }

    /// Indicates whether the last wave that resonated brought the gate nearer to its release, where it is not STABLE.
    public var wasPushedBack: Bool { state == .open ? last.push < 0 : last.push > 0 }

    /// The potential at a moment, if nothing arrives until then.
    public func potential(at moment: Timestamp) -> Double {
        guard self.moment != .min, moment.nanoseconds > self.moment else { return potential }
        return decayed(Self.elapsed(self.moment, moment.nanoseconds))
    }

    /// A verification outcome for an opening moves the weight (gates.md, Learning).
    public mutating func learn(_ outcome: VerificationResult) {
        switch outcome {
        case .confirmed: weight = min(1, weight + 0.02)
        case .failed: weight = max(0, weight - 0.05)
        case .partial: break
        }
        gain = Self.gain(weight, configuration)
    }

    /// Moves the weight of declared trust by an amount; it stays within 0…1.
    package mutating func nudge(by amount: Double) {
        weight = min(1, max(0, weight + amount))
        gain = Self.gain(weight, configuration)
    }

    /// Gives the remembered origins new numbers, when the numbering restarts.
    public mutating func renumberOrigins(_ number: (Int32) -> Int32) {
        for index in witnesses.indices { witnesses[index].origin = number(witnesses[index].origin) }
        renumberTrust(number)
        last.origin = -1
    }

    // MARK: - The mathematics

    /// Takes the window and the half-life that belong to an interval.
    @inline(never)
    private mutating func follow(_ interval: Double) {
        self.interval = interval
        window = Int64(saturating: (min(configuration.window(of: interval), 1e12) * 1_000_000).rounded())
        halfLife = configuration.halfLife(of: interval) * 1_000_000
    }

    @inline(__always)
    private static func gain(_ weight: Double, _ configuration: GateConfiguration) -> Double {
        1 / (1 - min(weight, configuration.reflexWeight))
    }

    @inline(__always)
    private func decayed(_ nanoseconds: Int64) -> Double {
        potential * exp2(-Double(nanoseconds) / halfLife)
    }

    /// The time between two moments, the earlier first; what no number of nanoseconds can represent is the longest that one can.
    @inline(__always)
    private static func elapsed(_ earlier: Int64, _ later: Int64) -> Int64 {
        let difference = later &- earlier
        return difference < 0 ? .max : difference
    }

    private var releaseLevel: Double {
        configuration.releaseFraction * (state == .open ? configuration.openThreshold : configuration.closeThreshold)
    }

    private func releaseMoment() -> Int64 {
        let nanoseconds = halfLife * max(0, log2(potential / releaseLevel))
        guard nanoseconds < 9e18 else { return .max }
        return moment.addingSaturated(Int64(saturating: nanoseconds.rounded()))
    }

    private mutating func advance(toNanoseconds now: Int64, into transitions: inout ContiguousArray<Transition>) {
        guard now > moment else { return }
        guard moment != .min else {
            moment = now
            return
        }
        if state != .stable {
            let release = releaseMoment()
            if release < now {
                let from = state
                let level = releaseLevel
                state = .stable
                transitions.append(
                    Transition(
                        at: Timestamp(nanoseconds: release), from: from, to: .stable, potential: level, support: 0))
            }
        }
        if potential != 0 { potential = decayed(Self.elapsed(moment, now)) }
        moment = now
    }

    private mutating func settle(_ support: Double, into transitions: inout ContiguousArray<Transition>) {
        while true {
            let next: GateState
            switch state {
            case .stable:
                if potential >= configuration.openThreshold {
                    next = .open
                } else if potential <= configuration.closeThreshold {
                    next = .closed
                } else {
                    return
                }
            case .open, .closed:
                guard state == .open ? potential < releaseLevel : potential > releaseLevel else { return }
                next = .stable
            }
            transitions.append(
                Transition(
                    at: Timestamp(nanoseconds: moment), from: state, to: next, potential: potential, support: support))
            state = next
        }
    }

    private struct Weighed {
        var agreement = 0.0
        var confidence = 0.0
        var novelty = 1.0
        var others = 0
        var own = -1
    }

    /// Forgets what is too old, and weighs the others against a wave, in one pass.
    @inline(__always)
    private mutating func weigh(_ wave: Evidence, _ vector: [Double], _ norm: Double, _ now: Int64) -> Weighed {
        var result = Weighed()
        var kept = 0
        for index in witnesses.indices {
            let age = Self.elapsed(witnesses[index].at.nanoseconds, now)
            if age > window { continue }
            if kept != index { witnesses.swapAt(kept, index) }
            if witnesses[kept].origin == wave.origin {
                result.own = kept
                result.novelty = min(1, Double(age) / Double(window))
                if countsRise { result.novelty = max(result.novelty, rise(wave, over: witnesses[kept])) }
            } else {
                let confidence = witnesses[kept].voiced
                let similarity: Double
                if norm >= 0 || witnesses[kept].norm >= 0 {
                    similarity = Self.similarity(witnesses[kept], wave.region, vector, norm)
                } else {
                    similarity = witnesses[kept].region == wave.region ? 1 : 0
                }
                let sign = Double(min(wave.polarity, witnesses[kept].polarity))
                result.agreement += confidence * similarity * sign
                result.confidence += confidence
                result.others &+= 1
            }
            kept &+= 1
        }
        if kept < witnesses.count { witnesses.removeLast(witnesses.count - kept) }
        return result
    }

    /// Indicates whether it is new when a witness becomes surer: in a window that follows the members' intervals, which may be far longer than
    /// the pace of the quickest.
    @inline(__always)
    private var countsRise: Bool { interval > 0 && !configuration.windowIsFixed }

    /// The part of a wave's confidence that is more than its origin had (gates.md, A wave arrives, 5).
    @inline(never)
    private func rise(_ wave: Evidence, over witness: GateWitness) -> Double {
        guard wave.polarity == witness.polarity, wave.confidence > witness.loudest else { return 0 }
        return (wave.confidence - witness.loudest) / wave.confidence
    }

    /// Keeps a wave as its origin's last; returns its place.
    @inline(__always)
    private mutating func remember(
        _ wave: Evidence, _ voiced: Double, _ record: Int32, _ vector: [Double], _ norm: Double, _ now: Int64,
        _ own: Int
    ) -> Int {
        if own >= 0 {
            let isRising = wave.polarity != witnesses[own].polarity || wave.confidence > witnesses[own].loudest
            if isRising { witnesses[own].loudest = wave.confidence }
            witnesses[own].region = wave.region
            witnesses[own].record = record
            witnesses[own].polarity = wave.polarity
            witnesses[own].confidence = wave.confidence
            witnesses[own].voiced = voiced
            witnesses[own].at = Timestamp(nanoseconds: now)
            if norm >= 0 || witnesses[own].norm >= 0 {
                witnesses[own].vector = vector
                witnesses[own].norm = norm
            }
            return own
        }
        witnesses.append(
            GateWitness(
                origin: wave.origin, region: wave.region, record: record, polarity: wave.polarity,
                confidence: wave.confidence,
                voiced: voiced, loudest: wave.confidence, at: Timestamp(nanoseconds: now), push: 0, vector: vector,
                norm: norm))
        if witnesses.count > configuration.maximumOrigins { dropOldest() }
        // It may have gone itself, of several of one instant.
        return witnesses.last?.origin == wave.origin ? witnesses.count - 1 : -1
    }

    @inline(never)
    private mutating func dropOldest() {
        let oldest = witnesses.indices.min {
            (witnesses[$0].at, witnesses[$0].origin) < (witnesses[$1].at, witnesses[$1].origin)
        }
        if let oldest { witnesses.remove(at: oldest) }
    }
}

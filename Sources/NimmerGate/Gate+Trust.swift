import Glibc
import NimmerWave

// Earned trust (trust.md): a lone witness opens a gate as far as its record vouches for it.

extension Gate {
    /// Records of its origins under earned trust, in no order.
    public var records: ContiguousArray<OriginTrust> { trust.records }

    /// The openings whose outcomes are not known yet, oldest first.
    public var undecided: ContiguousArray<UndecidedOpening> { trust.undecided }

    /// Id of the newest opening that has one, decided or not.
    public var newestOpening: MessageID? { trust.newest }

    /// Trust in the origin that opened it last, 0…1; the declared or prior one before the first opening.
    public var openerTrust: Double { trust.ofOpener ?? weight }

    /// Trust that reports state of the gate: its own where it is declared, that in its last opener where it is earned.
    public var reportedWeight: Double { configuration.trust == .earned ? openerTrust : weight }

    /// Makes room for the records of as many origins, before the first wave.
    public mutating func reserveRecords(_ count: Int) {
        guard configuration.trust == .earned else { return }
        trust.records.reserveCapacity(min(count, configuration.maximumRecords))
    }

    /// Trust in an origin, 0…1: under `declared` the gate's weight, under `earned` the origin's own (trust.md, State).
    public func trust(in origin: Int32) -> Double {
        guard configuration.trust == .earned else { return weight }
        let place = trust.place(of: origin)
        return place < 0 ? configuration.weight : value(of: trust.records[place])
    }

    /// Loudness of an origin with such a trust, 0…1: who disappointed speaks more quietly.
    public func voice(of trust: Double) -> Double {
        let full = min(configuration.weight, 0.5)
        return full > 0 ? min(1, trust / full) : 1
    }

    /// The trust that a record earns.
    public func value(of record: OriginTrust) -> Double {
        let prior = configuration.priorOutcomes
        return (prior * configuration.weight + record.confirmed)
            / (prior + record.confirmed + configuration.failedWeight * record.failed)
    }

    /// Continues as another gate was, with what this one holds of its origins.
    public mutating func resume(from gate: Gate) {
        let kept = trust
        self = gate
        trust = kept
    }

    /// Gives the opening that came last the id by which its outcome will name it.
    ///
    /// - Parameter witnesses: the origins that its message names as asserting; the outcome counts for these.
    public mutating func nameOpening(_ id: MessageID, witnesses: ContiguousArray<Int32>? = nil) {
        guard let last = trust.undecided.indices.last, trust.undecided[last].id == nil else { return }
        trust.undecided[last].id = id
        trust.newest = id
        if let witnesses { trust.undecided[last].witnesses = witnesses }
    }

    /// An outcome for an undecided opening counts for each of its witnesses, where trust is earned (trust.md, Learning). It never moves the
    /// potential; a second one for an opening, or one for an unknown opening, changes nothing.
    ///
    /// - Parameter weight: the share of an outcome that it counts as, 0…1.
    /// - Returns: the opening; nil where it is unknown or decided.
    @discardableResult
    public mutating func learn(
        _ result: VerificationResult, weight: Double = 1, of opening: MessageID
    ) -> UndecidedOpening? {
        guard let place = trust.undecided.firstIndex(where: { $0.id == opening }) else { return nil }
        let decided = trust.undecided.remove(at: place)
        if configuration.trust == .earned { learn(result, weight: weight, witnesses: decided.witnesses) }
        return decided
    }

    /// Counts an outcome that was accepted before, when trust is folded again (trust.md, Replay and restart).
    public mutating func learn(_ result: VerificationResult, weight: Double = 1, witnesses: some Sequence<Int32>) {
        for witness in witnesses {
            trust.count(
                result, weight: weight, for: witness, memory: configuration.trustMemory, at: time?.nanoseconds ?? .min,
                limit: configuration.maximumRecords)
        }
    }

    /// Ends the wait for the outcome of an opening, which was counted elsewhere.
    ///
    /// - Parameter opener: its opener; where the gate does not know the id, the oldest undecided opening by it is the one meant.
    public mutating func decide(_ opening: MessageID, by opener: Int32) {
        let place =
            trust.undecided.firstIndex { $0.id == opening } ?? trust.undecided.firstIndex { $0.opener == opener }
        if let place { trust.undecided.remove(at: place) }
    }

    /// Forgets the openings whose outcomes are not known: they are taken up again from elsewhere.
    ///
    /// - Parameter newest: the id of its newest opening, decided or not.
    public mutating func forgetUndecided(newest: MessageID?) {
        trust.undecided.removeAll(keepingCapacity: true)
        trust.newest = newest
    }

    /// Takes an opening up whose outcome was not known before a restart.
    public mutating func take(_ opening: UndecidedOpening) { trust.remember(opening) }

    /// Sets what it holds of an origin: a snapshot, or an export.
    ///
    /// - Parameters:
    ///   - confirmed: its confirmed outcomes, at least 0.
    ///   - failed: its failed outcomes, at least 0.
    public mutating func set(_ origin: Int32, confirmed: Double, failed: Double) {
        let place = trust.place(of: origin, at: time?.nanoseconds ?? .min, limit: configuration.maximumRecords)
        trust.records[place].confirmed = confirmed
        trust.records[place].failed = failed
    }

    /// Forgets what outcomes have shown, of one origin or of all; undecided openings stay.
    public mutating func forgetTrust(of origin: Int32? = nil) {
        for place in trust.records.indices where origin == nil || trust.records[place].origin == origin {
            trust.records[place].confirmed = 0
            trust.records[place].failed = 0
        }
    }

    /// Trust, voice and gain of a wave's origin.
    struct Speaker {
        var record = -1
        var trust: Double
        var voice = 1.0
        var gain: Double
    }

    /// Looks a speaker up, and begins its run where it is not in the window.
    ///
    /// - Parameter own: the place of its witness in the window; -1 without one.
    @inline(__always)
    mutating func speaker(_ origin: Int32, own: Int, _ now: Int64) -> Speaker {
        var place = own < 0 ? -1 : Int(witnesses[own].record)
        if place < 0 || place >= trust.records.count || trust.records[place].origin != origin {
            place = trust.place(of: origin, at: now, limit: configuration.maximumRecords)
        }
        if own < 0 {
            trust.records[place].since = now
            trust.records[place].isConsidered = false
        }
        if trust.records[place].trust == OriginTrust.unknown { judge(place) }
        return Speaker(
            record: place, trust: trust.records[place].trust, voice: trust.records[place].voice,
            gain: trust.records[place].gain)
    }

    /// Works out what follows from a record's outcomes.
    @inline(never)
    private mutating func judge(_ place: Int) {
        let value = value(of: trust.records[place])
        trust.records[place].trust = value
        trust.records[place].voice = voice(of: value)
        trust.records[place].gain = 1 / (1 - min(value, configuration.reflexWeight))
    }

    /// The lift of an asserting wave (trust.md, A wave arrives).
    @inline(__always)
    package func lift(_ voiced: Double, _ trust: Double) -> Double {
        let share = trust >= configuration.reflexWeight ? 1 : trust / configuration.reflexWeight
        return max(0, voiced * share - potential)
    }

    /// Considers a run that has lasted for a hearing (trust.md, A wave arrives).
    @inline(__always)
    mutating func hear(_ wave: Evidence, _ speaker: Speaker, _ now: Int64) -> HearingVerdict {
        guard wave.polarity > 0, state == .stable, potential < configuration.openThreshold,
            wave.confidence >= configuration.openThreshold, speaker.record >= 0,
            !trust.records[speaker.record].isConsidered
        else { return .none }
        return considerHearing(speaker.record, now)
    }

    @inline(never)
    private mutating func considerHearing(_ place: Int, _ now: Int64) -> HearingVerdict {
        let wait = hearingNanoseconds
        guard wait > 0, now &- trust.records[place].since >= wait, assertingWitnesses >= configuration.quorum else {
            return .none
        }
        trust.records[place].isConsidered = true
        let (origin, passed) = (trust.records[place].origin, trust.records[place].unheard)
        let needed = OriginTrust.occasions(afterFailed: trust.records[place].failed)
        if Double(passed) >= needed - 1, !trust.undecided.contains(where: { $0.opener == origin }) {
            potential = configuration.openThreshold
            trust.records[place].unheard = 0
            return .granted
        }
        trust.records[place].unheard = passed &+ 1
        return .refused(passed: Int(passed) &+ 1, needed: needed)
    }

    /// Progress of an origin's present run to a hearing; nil where none is granted, or the run was considered.
    public func hearing(of origin: Int32, at now: Timestamp) -> HearingWait? {
        let wait = hearingNanoseconds
        guard wait > 0, state == .stable, let record = trust.records.first(where: { $0.origin == origin }),
            !record.isConsidered, record.since != .min
        else { return nil }
        return HearingWait(
            lasted: Double(max(0, now.nanoseconds &- record.since)) / 1_000_000, needed: Double(wait) / 1_000_000,
            passed: Int(record.unheard), occasions: OriginTrust.occasions(afterFailed: record.failed))
    }

    /// Time for which an unproven voice must last to be heard once, in nanoseconds; 0: never.
    private var hearingNanoseconds: Int64 {
        guard let given = configuration.hearingMilliseconds else { return windowNanoseconds / 2 }
        let most = Double(windowNanoseconds) * GateConfiguration.maximumHearingWindows
        return Int64(saturating: min(most, given * 1_000_000).rounded())
    }

    /// Origins in the window that assert.
    var assertingWitnesses: Int { witnesses.reduce(0) { $0 + ($1.polarity > 0 ? 1 : 0) } }

    /// Keeps an opening below its threshold that fewer origins assert than the quorum asks for: the next that agrees opens it.
    @inline(never)
    mutating func keepQuorum() {
        guard assertingWitnesses < configuration.quorum else { return }
        potential = min(potential, configuration.openThreshold.nextDown)
    }

    /// Remembers an opening that the last wave brought about.
    @inline(never)
    mutating func rememberOpening(by speaker: Speaker, _ origin: Int32) {
        trust.ofOpener = speaker.trust
        trust.opened(by: origin, ContiguousArray(witnesses.lazy.filter { $0.polarity > 0 }.map(\.origin)))
    }

    /// Takes an opening back that was only just remembered.
    mutating func forgetOpening(_ origin: Int32) {
        if trust.undecided.last?.id == nil, trust.undecided.last?.opener == origin { trust.undecided.removeLast() }
        guard case .granted = last.hearing else { return }
        let place = trust.place(of: origin)
        // Its next run may be heard instead.
        if place >= 0 {
            trust.records[place].unheard = Int32(
                saturating: OriginTrust.occasions(afterFailed: trust.records[place].failed))
        }
        last.hearing = .none
    }

    mutating func renumberTrust(_ number: (Int32) -> Int32) {
        for place in trust.records.indices { trust.records[place].origin = number(trust.records[place].origin) }
        for place in trust.undecided.indices {
            trust.undecided[place].opener = number(trust.undecided[place].opener)
            trust.undecided[place].witnesses = ContiguousArray(trust.undecided[place].witnesses.map(number))
        }
    }
}

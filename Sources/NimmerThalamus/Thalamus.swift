import HeapModule
import NimmerGate
import NimmerIris
import NimmerSystem
import NimmerWave

/// One gate per semantic region, created as regions appear; when one opens, its witnesses collapse into one signal and at
/// most one question goes up (architecture.md; gates.md, Collapse).
///
/// A value: no clock, no bus, no logger. Waves come in as bytes and with their arrival, what follows goes out through
/// ``conclusions``; the same code runs live on the bus's delivery thread, in tests and in replay. Once warm, a wave that
/// changes nothing allocates nothing.
public struct Thalamus: Sendable {
    /// Configuration.
    public let configuration: ThalamusConfiguration
    /// The time that its gates live in. Who runs it live feeds it with readings; in replay it is never fed, and all times are one.
    public var clock = LiveClock()
    /// Counters of what has come through.
    public internal(set) var counters = ThalamusCounters()
    /// Conclusions to publish, in order; the caller removes them.
    public var conclusions: ContiguousArray<Conclusion> = []
    /// The space that transitions are named in: a secret of the process that runs it live, so that no one knows an id before it is published
    /// (decision 0017).
    let names: MessageID

    var slots: [RegionSlot] = []
    var slotOfRegion: [Region: Int] = [:]
    /// The slots by what would be lost with them.
    var standings = EvictionRanks()
    var admission: RegionAdmission
    var openings: OpeningAdmission
    /// Payer of the opening that is being concluded; nil where none is bounded.
    var payer: Payer?
    /// The senders that may speak as other origins than their own, as far as they have.
    var granted = GrantedPairs()
    /// The hearings of lone voices, by sender.
    var hearings = HearingBudget()
    /// Records and openings of regions without a slot.
    var keptTrust: KeptTrust
    /// Energy spent in regions without a slot, and by the states of nerves.
    var keptSpending: [Region: (cells: Double, nerves: Double, organs: Double)] = [:]
    var releases = Heap<Release>()
    var weakWaves: [Region: WeakWaves] = [:]
    var origins: NameTable
    var sources: NameTable

    /// Homes of the regions that joined or founded, where joining is on; declared regions stand in the configuration.
    package internal(set) var assignments: [Region: Region] = [:]
    /// Waves whose region has no home yet, and those of homes that another thalamus has.
    var waiting = WaitingWaves()
    /// Homes that are decided at once, in replay.
    package internal(set) var homes: Homes?
    /// Indicates whether held waves are being judged, whose region was admitted before.
    var isReleasing = false
    /// Returns whether another thalamus has a gate; nil where this one has them all. Asked when a name is seen for the first time.
    package var isElsewhere: (@Sendable (GateID) -> Bool)?

    private var regionNames: NameTable
    private var slotOfName: [Int32] = []
    /// The names that lead to a slot; most have one.
    private var namesOfSlot: [Int: [Int32]] = [:]
    var originOfSource: [Int32] = []
    var intervals = SenderIntervals()
    var senders = HeavySenders()
    var passedOver: [ThrottledSender] = []
    /// The waves that were heard, regardless of who judges them.
    var noticed = 0
    /// Refusals between the last two checks for floods, about a second: waves whose origins were not granted, or whose senders
    /// brought too many new regions, and gates and questions of senders that tip too many.
    public internal(set) var refusedLately = (origins: 0, regions: 0, gates: 0, questions: 0)
    var refusedBefore = (origins: 0, regions: 0, gates: 0, questions: 0)
    /// Number of waves that pass before the next one's sender is counted.
    var untilSample = HeavySenders.stride
    private var view = WaveView()
    var transitions: ContiguousArray<Transition> = []
    private var vector: [Double] = []
    private let cellStart: Int
    private let tolerance: ClockTolerance

    /// A thalamus that knows no region yet.
    ///
    /// - Parameter names: the space that transitions are named in; 128 random bits live, the system's own where the same input is to give
    ///   the same ids.
    public init(_ configuration: ThalamusConfiguration, names: MessageID = .nimmerverse) {
        self.configuration = configuration
        self.names = names
        regionNames = NameTable(capacity: max(1024, configuration.maximumRegions * 4))
        origins = NameTable(capacity: 65_536)
        sources = NameTable(capacity: 65_536)
        admission = RegionAdmission(maximumRegions: configuration.maximumRegions)
        openings = OpeningAdmission(OpeningRoom())
        keptTrust = KeptTrust(maximumRegions: configuration.maximumRegions)
        cellStart = "\(configuration.environment.rawValue).nervous.".utf8.count
        tolerance = configuration.clockTolerance
        homes = configuration.joining.flatMap { $0.names == nil ? nil : $0.homes(configuration.regions) }
    }

    /// A wave arrives.
    ///
    /// - Parameters:
    ///   - subject: `<env>.nervous.cells.<cell>.wave` or `<env>.nervous.nerves.<nerve>.wave`.
    ///   - payload: the message.
    ///   - arrival: when it came in, on the wall as ``clock`` knows it, which bounds how far its own time is believed; nil in
    ///     replay, where its own time is the only one.
    /// - Throws: a ``Refusal`` when the message is not a wave, its origin is not granted to its sender, or its sender brings more new
    ///   regions or tips more gates than its share (decisions 0018 and 0021); it is counted.
    public mutating func receive(
        subject: RawSpan, payload: RawSpan, arrival: Timestamp?
    ) throws(Refusal) -> Verdict {
        prefetchLikely(payload)
        let name = cell(of: subject)
        guard name.count > 0 else {
            counters.rejected &+= 1
            throw Refusal(
                .name, "a wave's subject must be <env>.nervous.cells.<cell>.wave or <env>.nervous.nerves.<nerve>.wave")
        }
        do throws(Refusal) {
            try WaveDecoder.decode(payload, into: &view)
        } catch {
            counters.rejected &+= 1
            throw error
        }
        if view.hasEscapedNames { return try receiveRewritten(subject: subject, payload: payload, arrival: arrival) }
        counters.waves &+= 1
        var at = view.timestamp
        if let arrival {
            let credible = tolerance.time(sent: at, arrival: arrival)
            at = credible.at
            if credible.isSkewed { counters.skewed &+= 1 }
            // Near the arrival, so that it cannot overflow.
            at = Timestamp(nanoseconds: at.nanoseconds &- clock.drift)
        }
        let known = knownSlot(of: payload)
        if known >= 0 { slots[known].prefetch() }
        var source = sources.number(of: subject, name)
        var origin = try origin(source, subject, name, payload)
        if source < 0 || origin < 0 {
            renumber()
            source = sources.number(of: subject, name)
            origin = try self.origin(source, subject, name, payload)
        }
        let slot: Int
        if known >= 0 {
            slot = known
        } else {
            slot = try place(subject, payload, source, at, arrival)
            if slot < 0 { return .held }
        }
        if view.intervalMilliseconds > 0, !intervals.holds(source, slot, view.intervalMilliseconds) {
            takeInterval(view.intervalMilliseconds, of: source, in: slot)
        }
        if view.lifeforceCost > 0 { spend(view.lifeforceCost, in: slot, isNerve: name.start != cellStart &+ 6) }
        if view.vectorCount > 0 {
            vector.removeAll(keepingCapacity: true)
            WaveDecoder.vector(payload, view, into: &vector)
        } else if !vector.isEmpty {
            vector.removeAll(keepingCapacity: true)
        }
        var releasesSooner = false
        let verdict = slots[slot].receive(
            Evidence(origin: origin, region: 0, polarity: view.polarity, confidence: view.confidence, at: at),
            source: source, vector: vector, payload, view, into: &transitions, releasesSooner: &releasesSooner)
        switch verdict {
        case .resonated, .held: break
        case .belowFloor:
            counters.belowFloor &+= 1
            weakWaves[slots[slot].region, default: WeakWaves()].record(origin, view.confidence, at)
        case .late: counters.late &+= 1
        }
        if verdict == .resonated, slots[slot].gate.last.hearing != .none { accountForHearing(slot, source) }
        if !transitions.isEmpty {
            try concludeBounded(slot, source, arrival)
        } else if releasesSooner {
            schedule(slot)
        }
        return verdict
    }

    /// Takes up a gate where its last persisted transition left it (protocol.md, What an acknowledgement means); of more than
    /// there is room for, the latest. Call it in the order of time.
    ///
    /// - Parameters:
    ///   - id: the id of its message.
    ///   - now: the present in the time of ``clock``. A transition from ahead of it (the clock on the wall was set back since) counts as
    ///     of now: its gate decays from now on.
    public mutating func resume(_ transition: GateTransition, id: MessageID, now: Timestamp) {
        let moment = min(now, clock.process(transition.at))
        let settings = gateConfiguration(transition.region)
        // The weight of one is that of a gate whose trust is declared, or the trust in its last opener: neither stands for the other.
        let isOfItsKind = (transition.trust != nil) == (settings.trust == .earned)
        let gate = Gate(
            settings, resuming: transition.toState, potential: transition.stateValue,
            weight: isOfItsKind ? transition.weight : settings.weight, interval: transition.intervalMilliseconds ?? 0,
            at: moment)
        let slot = makeSlot(transition.region, domain: transition.domain, moment)
        slots[slot].gate.resume(from: gate)
        // What members state of themselves is the new gate's to hear.
        intervals.forgetSlots()
        slots[slot].lastPublished = transition.at
        if transition.toState == .open {
            var opening = transition
            opening.collapse = nil
            opening.escalation = nil
            slots[slot].lastOpening = Conclusion(transition: opening, id: id)
        }
        rank(slot)
        schedule(slot)
    }

    // MARK: - Names

    /// The range of the cell's or nerve's name in a subject; empty where it is neither's.
    @inline(__always)
    func cell(of subject: RawSpan) -> ByteRange {
        guard subject.byteCount >= cellStart &+ 12 else { return ByteRange(0, 0) }
        // `cells.` and `nerves.`, by their first eight bytes.
        let word = UInt64(littleEndian: subject.unsafeLoadUnaligned(fromByteOffset: cellStart, as: UInt64.self))
        let start: Int
        if word & 0xffff_ffff_ffff == 0x2e73_6c6c_6563 {
            start = cellStart &+ 6
        } else if word & 0xff_ffff_ffff_ffff == 0x2e_7365_7672_656e {
            start = cellStart &+ 7
        } else {
            return ByteRange(0, 0)
        }
        return ByteRange(start, max(0, subject.byteCount &- start &- 5))
    }

    /// The number of a wave's origin; -1 where there is no number left.
    ///
    /// - Throws: a ``Refusal`` where it names one that its sender is not granted.
    @inline(__always)
    private mutating func origin(
        _ source: Int32, _ subject: RawSpan, _ name: ByteRange, _ payload: RawSpan
    ) throws(Refusal) -> Int32 {
        if view.origin.isEmpty { return ownOrigin(source, subject, name) }
        let origin = origins.number(of: payload, view.origin, isTaken: false)
        if origin >= 0, granted.contains(source, origin) { return origin }
        return try grant(source, subject, name, payload)
    }

    /// Asks the system file's grants for an origin that this sender has not named before. One that is refused gets no number, so
    /// that no sender fills the table with names.
    @inline(never)
    private mutating func grant(
        _ source: Int32, _ subject: RawSpan, _ name: ByteRange, _ payload: RawSpan
    ) throws(Refusal) -> Int32 {
        let (sender, wanted) = (text(of: subject, name), text(of: payload, view.origin))
        guard configuration.origins.permits(sender, as: wanted) else {
            counters.rejected &+= 1
            counters.ungranted &+= 1
            throw configuration.origins.refusal(of: sender, as: wanted)
        }
        let origin = origins.number(of: payload, view.origin)
        if source >= 0, origin >= 0 { granted.insert(source, origin) }
        return origin
    }

    private func text(of span: RawSpan, _ range: ByteRange) -> String {
        span.withUnsafeBytes { bytes in
            String(
                decoding: UnsafeRawBufferPointer(rebasing: bytes[range.start..<range.start + range.count]),
                as: UTF8.self)
        }
    }

    /// The number of the origin of a wave that names none: its sender, looked up once for each.
    @inline(__always)
    private mutating func ownOrigin(_ source: Int32, _ subject: RawSpan, _ name: ByteRange) -> Int32 {
        let source = Int(source)
        if source >= 0, source < originOfSource.count, originOfSource[source] >= 0 { return originOfSource[source] }
        return makeOwnOrigin(source, subject, name)
    }

    @inline(never)
    private mutating func makeOwnOrigin(_ source: Int, _ subject: RawSpan, _ name: ByteRange) -> Int32 {
        let origin = origins.number(of: subject, name)
        guard source >= 0 else { return origin }
        while originOfSource.count <= source { originOfSource.append(-1) }
        originOfSource[source] = origin
        return origin
    }

    /// Reads a message whose names are written with escapes, by writing it again without.
    @inline(never)
    private mutating func receiveRewritten(
        subject: RawSpan, payload: RawSpan, arrival: Timestamp?
    ) throws(Refusal) -> Verdict {
        var bytes: [UInt8] = []
        payload.withUnsafeBytes { bytes.append(contentsOf: $0) }
        var wave = try Envelope<WaveSignal>(decoding: bytes)
        // The two texts that are not tokens: written again they are escaped again, and a gate looks at neither.
        wave.header.source.entityID = "-"
        wave.body.correlationID = nil
        let plain = wave.encoded()
        return try receive(subject: subject, payload: plain.span.bytes, arrival: arrival)
    }

    /// The slot of the wave in ``view``, by the number of the name that it carries, without looking at its text; -1 where the name
    /// is seen for the first time.
    @inline(__always)
    private mutating func knownSlot(of payload: RawSpan) -> Int {
        let number = Int(regionNames.number(of: payload, view.regionOrDomain, isTaken: false))
        return number >= 0 && number < slotOfName.count ? Int(slotOfName[number]) : -1
    }

    /// Has the processor fetch the slot that this wave most likely touches, while it is still being read: waves of one encoder are
    /// laid out alike, so its region stands where the last one's stood. A wrong guess costs no more than the look.
    @inline(__always)
    private mutating func prefetchLikely(_ payload: RawSpan) {
        let number = Int(regionNames.number(of: payload, view.regionOrDomain, isTaken: false))
        guard number >= 0, number < slotOfName.count, slotOfName[number] >= 0 else { return }
        slots[Int(slotOfName[number])].prefetch()
    }

    /// Finds the slot of a name that is seen for the first time, making room without one; -1 where the wave waits.
    ///
    /// - Throws: a ``Refusal`` where its region is new, and its sender brings too many. In replay no other sender waits, and none is refused.
    @inline(never)
    private mutating func place(
        _ subject: RawSpan, _ payload: RawSpan, _ source: Int32, _ at: Timestamp, _ arrival: Timestamp?
    ) throws(Refusal) -> Int {
        let named = (try? Region(text(of: payload, view.regionOrDomain))) ?? Region(Self.unnamed)
        var isSettled = true
        if configuration.joining != nil {
            switch try settleHome(named, source, at, arrival) {
            case .known: break
            case .open: isSettled = false
            case .undecided:
                hold(named, subject, payload, arrival)
                return -1
            }
            if isElsewhere?(GateID(region: home(of: named))) ?? false {
                waiting.pass(WaitingWave(subject, payload, arrival: arrival), to: GateID(region: home(of: named)))
                counters.waves &-= 1
                return -1
            }
        }
        let region = home(of: named)
        if configuration.boundsNewRegions, !isReleasing, slotOfRegion[region] == nil, let arrival {
            try admit(region, source, at: Timestamp(nanoseconds: arrival.nanoseconds &- clock.drift))
        }
        if !isSettled, let slot = slotOfRegion[region] { return slot }
        var number = regionNames.number(of: payload, view.regionOrDomain)
        if number < 0 {
            forgetNames()
            number = regionNames.number(of: payload, view.regionOrDomain)
        }
        let about = (try? Token(text(of: payload, view.domain))) ?? Self.unnamed
        let slot = makeSlot(region, domain: about, at)
        while slotOfName.count <= Int(number) { slotOfName.append(-1) }
        slotOfName[Int(number)] = Int32(slot)
        namesOfSlot[slot, default: []].append(number)
        return slot
    }

    mutating func admit(_ region: Region, _ source: Int32, at moment: Timestamp) throws(Refusal) {
        // The file's own regions are as many as it has.
        if configuration.regions.rules.contains(where: { $0.region == region }) { return }
        let isAdmitted = admission.admits(source, at: moment) {
            configuration.origins.knows(source < 0 ? "" : sources.name(source))
        }
        guard !isAdmitted else { return }
        counters.rejected &+= 1
        counters.refusedRegions &+= 1
        throw Refusal(
            .rate, field: "body.region",
            "limited: its sender brings more new regions than its share (\(RegionAdmission.words))",
            found: "'\(region)'")
    }

    /// Removes and returns what the gates have just reported.
    mutating func takeTransitions() -> ContiguousArray<Transition> {
        let taken = transitions
        transitions.removeAll(keepingCapacity: true)
        return taken
    }

    /// Forgets which names live where; they are found again as they come.
    mutating func forgetNames() {
        regionNames.removeAll()
        slotOfName.removeAll(keepingCapacity: true)
        namesOfSlot.removeAll()
    }

    /// Forgets the slot of a region's name: it lives elsewhere from now on.
    mutating func forgetName(of region: Region) {
        let bytes = Array(region.text.utf8)
        let number = regionNames.number(of: bytes.span.bytes, ByteRange(0, bytes.count), isTaken: false)
        guard number >= 0, Int(number) < slotOfName.count, slotOfName[Int(number)] >= 0 else { return }
        namesOfSlot[Int(slotOfName[Int(number)])]?.removeAll { $0 == number }
        slotOfName[Int(number)] = -1
    }

    /// Forgets the names that lead to a slot.
    mutating func forgetNames(of slot: Int) {
        for name in namesOfSlot.removeValue(forKey: slot) ?? [] { slotOfName[Int(name)] = -1 }
    }
}

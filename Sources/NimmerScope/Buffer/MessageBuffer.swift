import NimmerGate
import NimmerWave

/// Everything that arrived and is still kept, ready to be drawn: entries with their bytes, and what is counted and drawn of
/// them, kept up to date with each, so that a frame never walks all of them.
struct MessageBuffer: Sendable {
    /// Regions, organs and minds that get a lane of their own; what is beyond shares one.
    static let maximumLanes = 256
    /// Lines; what is beyond shares its lane's.
    static let maximumTraces = 2048

    let limits: ScopeLimits
    /// All entries.
    private(set) var entries = Ring<Entry>()
    /// The numbers of the entries that are shown.
    private(set) var shown = Ring<Int>()
    private(set) var lanes: [Lane] = []
    /// The lanes as they are drawn, those of one region of the thalamus together: by world, then by name.
    private(set) var groups: [LaneGroup] = []
    /// The number of each lane's group.
    private var groupOfLane: [Int] = []
    private(set) var homes: RegionHomes
    private(set) var traces: [Trace] = []
    private(set) var subjects: [SubjectName] = []
    private(set) var overview = Overview()
    private(set) var rate = RateMeter()
    /// Waves that only the minimum confidence hides.
    private(set) var quiet = 0
    /// Entries since the start that pass the filter.
    private(set) var arrivedShown = 0
    private(set) var filter: ScopeFilter
    private(set) var minimumConfidence: Double
    /// The duration of a column, in nanoseconds.
    private(set) var column: Int64

    private var waves: PayloadStore
    private var events: PayloadStore
    private var subjectNumbers: [String: UInt16] = [:]
    private var laneNumbers: [String: Int] = [:]
    private var regions = NameTable(capacity: maximumLanes)
    private var regionLanes: [Int] = []
    private var origins = NameTable(capacity: 4096)
    private var subjectOrigins: [Int32] = []
    private var traceNumbers: [UInt64: Int] = [:]
    /// Times of the answers whose questions did not come yet.
    private var earlyAnswers: [MessageID: Int64] = [:]
    private var view = WaveView()

    /// Below it a wave does not resonate, and its line is dotted (gates.md, `floor`).
    static let floor = GateConfiguration().floor

    /// An empty buffer.
    init(
        _ limits: ScopeLimits, filter: String, minimumConfidence: Double, column: Int64, homes: RegionHomes = .init(nil)
    ) {
        self.limits = limits
        self.homes = homes
        self.filter = ScopeFilter(filter)
        self.minimumConfidence = minimumConfidence
        self.column = column
        waves = PayloadStore(bytes: limits.waveBytes)
        events = PayloadStore(bytes: limits.eventBytes)
    }

    // MARK: - Taking in

    /// Takes in a wave as it lies in its message.
    ///
    /// - Returns: false when its bytes are not a wave that the fast decoder reads; then nothing was taken in.
    mutating func receiveWave(subject: String, payload: [UInt8], at: Int64) -> Bool {
        guard (try? WaveDecoder.decode(payload.span.bytes, into: &view)) != nil, !view.hasEscapedNames else {
            return false
        }
        let subject = subjectNumber(subject)
        let region = regions.number(of: payload.span.bytes, view.regionOrDomain)
        let origin =
            view.origin.isEmpty ? subjectOrigins[Int(subject)] : origins.number(of: payload.span.bytes, view.origin)
        addWave(subject, lane(ofRegion: region, at), origin, payload, at)
        return true
    }

    /// Takes in a wave whose names are written with escapes.
    mutating func receiveWave(_ wave: Envelope<WaveSignal>, subject: String, payload: [UInt8], at: Int64) {
        view.confidence = wave.body.confidence
        view.polarity = Int8(wave.body.polarity)
        view.garden = wave.header.source.garden
        view.intervalMilliseconds = wave.body.intervalMilliseconds ?? 0
        let subject = subjectNumber(subject)
        let region = regions.number(of: wave.body.effectiveRegion.text)
        let origin = wave.body.origin.map { origins.number(of: $0.text) } ?? subjectOrigins[Int(subject)]
        addWave(subject, lane(ofRegion: region, at), origin, payload, at)
    }

    private mutating func addWave(_ subject: UInt16, _ lane: Int, _ origin: Int32, _ payload: [UInt8], _ at: Int64) {
        let isVirtual = view.garden == .virtual
        let trace = traceNumber(lane, origin, isVirtual)
        traces[trace].state(view.intervalMilliseconds)
        rate.count(at)
        lanes[lane].rate.count(at)
        if view.polarity < 0 {
            if lanes[lane].denials == 0 { lanes[lane].deniedSince = at }
            lanes[lane].denials += 1
        }
        var entry = Entry(
            at: at, place: waves.keep(payload), length: UInt32(payload.count),
            value: Float(view.confidence) * Float(view.polarity), subject: subject, lane: UInt16(lane),
            trace: UInt16(trace), kind: .wave, flags: isVirtual ? .virtual : [])
        judge(&entry, payload[...])
        add(entry)
    }

    /// Takes in any other message.
    ///
    /// - Parameters:
    ///   - lane: the name and world of the lane that it belongs to; nil for none.
    ///   - value: what is drawn of it: a confidence or a potential.
    /// - Returns: the entry's number.
    @discardableResult
    mutating func receive(
        _ kind: EntryKind, subject: String, payload: [UInt8], at: Int64, lane: (name: String, domain: SubjectDomain)?,
        value: Double? = nil, flags: EntryFlags = []
    ) -> Int {
        let subject = subjectNumber(subject)
        let laneNumber = lane.map { self.lane(named: $0.name, $0.domain, at) }
        var entry = Entry(
            at: at, place: events.keep(payload), length: UInt32(payload.count), value: value.map { Float($0) } ?? .nan,
            subject: subject, lane: laneNumber.map { UInt16($0) } ?? Entry.noLane, trace: 0, kind: kind, flags: flags)
        judge(&entry, payload[...])
        if let laneNumber {
            lanes[laneNumber].marks.append(
                Mark(at: at, number: entries.end, kind: kind, flags: flags, value: entry.value))
        }
        add(entry)
        return entries.end - 1
    }

    /// Draws a question in a lane until its answer comes, which may have come already, or until its deadline.
    mutating func ask(
        _ id: MessageID, lane: (name: String, domain: SubjectDomain), at: Int64, until deadline: Int64 = .max,
        value: Double
    ) {
        let number = self.lane(named: lane.name, lane.domain, at)
        let end = max(at, min(deadline, earlyAnswers.removeValue(forKey: id) ?? .max))
        lanes[number].exchanges.append(Exchange(id: id, from: at, to: end, value: Float(value)))
        if lanes[number].exchanges.count > 1024 { lanes[number].exchanges.removeFirst() }
    }

    /// Ends the question that this answers, also one that comes later.
    mutating func answer(_ id: MessageID, lane: (name: String, domain: SubjectDomain), at: Int64) {
        let number = self.lane(named: lane.name, lane.domain, at)
        for exchange in lanes[number].exchanges.numbers.reversed() where lanes[number].exchanges[exchange].id == id {
            lanes[number].exchanges[exchange].to = min(at, lanes[number].exchanges[exchange].to)
            return
        }
        if earlyAnswers.count >= 1024 { earlyAnswers = [:] }
        earlyAnswers[id] = at
    }

    private func judgement(_ entry: Entry, _ payload: ArraySlice<UInt8>?) -> EntryFlags {
        var flags: EntryFlags = []
        let lane = entry.lane == Entry.noLane ? "" : lanes[Int(entry.lane)].name
        let home = entry.lane == Entry.noLane ? "" : groups[groupOfLane[Int(entry.lane)]].name
        let isWave = entry.kind == .wave
        let origin = isWave ? traces[Int(entry.trace)].origin : ""
        if filter.isEmpty
            || filter.passes(
                subject: subjects[Int(entry.subject)].text, names: [lane, home, origin], isWave: isWave,
                payload: payload)
        {
            flags.insert(.passes)
        }
        if isWave, Double(entry.value.magnitude) < minimumConfidence - 1e-6 { flags.insert(.quiet) }
        return flags
    }

    private func judge(_ entry: inout Entry, _ payload: ArraySlice<UInt8>?) {
        entry.flags.subtract([.passes, .quiet])
        entry.flags.formUnion(judgement(entry, payload))
    }

    private mutating func add(_ entry: Entry) {
        entries.append(entry)
        count(entry, entries.end - 1)
        if isShown(entry) { arrivedShown += 1 }
        if entries.count > limits.messages { forgetOldest() }
        forget(olderThan: entry.at)
    }

    /// Returns whether an entry is kept and shown.
    func isShown(_ number: Int) -> Bool { entries.numbers.contains(number) && isShown(entries[number]) }

    private func isShown(_ entry: Entry) -> Bool { entry.flags.contains(.passes) && !entry.flags.contains(.quiet) }

    /// Adds an entry to everything that is kept of what is shown.
    private mutating func count(_ entry: Entry, _ number: Int) {
        if entry.kind == .wave, entry.flags.contains([.passes, .quiet]) { quiet += 1 }
        guard isShown(entry) else { return }
        shown.append(number)
        overview.add(entry.at, isMark: entry.kind >= .collapse || entry.flags.contains(.opens))
        guard entry.lane != Entry.noLane else { return }
        lanes[Int(entry.lane)].shown += 1
        if entry.kind == .wave { traces[Int(entry.trace)].add(entry.value, at: entry.at, duration: column) }
    }

    // MARK: - Letting go

    /// Releases what is older than the limit at a moment.
    mutating func forget(olderThan moment: Int64) {
        let oldest = moment.subtractingSaturated(Int64(saturating: limits.ageMilliseconds * 1e6))
        while let entry = entries.oldest, entry.at < oldest { forgetOldest() }
    }

    private mutating func forgetOldest() {
        guard let entry = entries.oldest else { return }
        let number = entries.first
        entries.removeFirst()
        if entry.kind == .wave, entry.flags.contains([.passes, .quiet]) { quiet -= 1 }
        if shown.oldest == number { shown.removeFirst() }
        overview.forget(before: entry.at)
        guard entry.lane != Entry.noLane else { return }
        let lane = Int(entry.lane)
        if isShown(entry) { lanes[lane].shown -= 1 }
        if entry.kind == .wave {
            if entry.value < 0 { lanes[lane].denials -= 1 }
            if isShown(entry) { traces[Int(entry.trace)].forgetOldest() }
        } else if lanes[lane].marks.oldest?.number == number {
            lanes[lane].marks.removeFirst()
        }
    }

    /// Forgets every entry; names stay known.
    mutating func clear() {
        self = MessageBuffer(
            limits, filter: filter.text, minimumConfidence: minimumConfidence, column: column,
            homes: homes)
    }

    // MARK: - Looking otherwise

    /// Draws the lanes of regions with those in which the thalamus folds them.
    mutating func fold(_ map: RegionMap) {
        homes.state(map)
        regroup()
        judgeAgain()
    }

    /// Draws a region's lane with that of the region whose gate had it for a witness.
    mutating func fold(_ region: String, into home: String) {
        guard homes.show(region, livesIn: home) else { return }
        regroup()
        judgeAgain()
    }

    private mutating func regroup() {
        var found: [String: LaneGroup] = [:]
        var keys: [String] = []
        for lane in lanes.indices {
            let name = groupName(lanes[lane])
            let key = "\(lanes[lane].domain) \(name)"
            keys.append(key)
            found[key, default: LaneGroup(name, lanes[lane].domain)].lanes.append(lane)
            for trace in lanes[lane].traces { found[key]?.add(origin: traces[trace].origin) }
        }
        let ordered = found.sorted { ($0.value.domain, $0.value.name) < ($1.value.domain, $1.value.name) }
        groups = ordered.map(\.value)
        let numbers = Dictionary(uniqueKeysWithValues: ordered.enumerated().map { ($1.key, $0) })
        groupOfLane = keys.map { numbers[$0] ?? 0 }
    }

    private func groupName(_ lane: Lane) -> String {
        lane.domain == .nervous && lane.name != Self.others ? homes.home(of: lane.name) : lane.name
    }

    /// Shows other entries than before.
    mutating func show(filter text: String, minimumConfidence: Double) {
        filter = ScopeFilter(text)
        self.minimumConfidence = minimumConfidence
        judgeAgain()
    }

    private mutating func judgeAgain() {
        for number in entries.numbers {
            var entry = entries[number]
            judge(&entry, filter.isEmpty ? nil : bytes(of: entry))
            entries[number] = entry
        }
        recount()
    }

    /// Draws with columns of another duration.
    mutating func show(column: Int64) {
        guard column != self.column else { return }
        self.column = column
        for index in traces.indices { traces[index].removeAll() }
        for number in shown.numbers {
            let entry = entries[shown[number]]
            if entry.kind == .wave { traces[Int(entry.trace)].add(entry.value, at: entry.at, duration: column) }
        }
    }

    private mutating func recount() {
        shown.removeAll()
        overview = Overview()
        quiet = 0
        for index in traces.indices { traces[index].removeAll() }
        for index in lanes.indices { lanes[index].shown = 0 }
        for number in entries.numbers { count(entries[number], number) }
    }

    // MARK: - Reading

    /// An entry's bytes; nil when they have gone.
    func bytes(of entry: Entry) -> ArraySlice<UInt8>? {
        let store = entry.kind == .wave ? waves : events
        return store.bytes(at: entry.place, count: Int(entry.length))
    }

    /// Time and content of a wave, and the artifacts that it names; nil when its bytes have gone.
    func wave(_ entry: Entry) -> (at: Timestamp, content: String, artifacts: [ArtifactReference])? {
        bytes(of: entry)?.withUnsafeBufferPointer { bytes in
            var view = WaveView()
            guard (try? WaveDecoder.decode(bytes.span.bytes, into: &view)) != nil else { return nil }
            let content = bytes[view.content.start..<view.content.start + view.content.count]
            let artifacts = bytes[view.artifacts.start..<view.artifacts.start + view.artifacts.count]
            return (
                view.timestamp, String(decoding: content, as: UTF8.self),
                view.artifacts.isEmpty ? [] : ArtifactReference.list(parsing: Array(artifacts))
            )
        }
    }

    /// The newest shown entry that is not after a moment.
    func shownEntry(notAfter moment: Int64) -> Int? {
        let place = shown.firstNumber { entries[$0].at > moment } - 1
        return place >= shown.first ? shown[place] : nil
    }

    /// The lane of a region; nil when nothing of it came.
    func lane(of region: String) -> Int? { laneNumbers[region] }

    // MARK: - Numbers for names

    private mutating func subjectNumber(_ text: String) -> UInt16 {
        if let known = subjectNumbers[text] { return known }
        let number = UInt16(min(subjects.count, Int(UInt16.max) - 1))
        if subjects.count < Int(UInt16.max) - 1 {
            subjects.append(SubjectName(text))
            subjectNumbers[text] = number
            subjectOrigins.append(origins.number(of: subjects[Int(number)].owner))
        } else if subjects.count == Int(UInt16.max) - 1 {
            subjects.append(SubjectName("(other subjects)"))
            subjectOrigins.append(-1)
        }
        return number
    }

    private mutating func lane(ofRegion region: Int32, _ at: Int64) -> Int {
        guard region >= 0 else { return lane(named: Self.others, .nervous, at) }
        if Int(region) < regionLanes.count { return regionLanes[Int(region)] }
        let number = lane(named: regions.name(region), .nervous, at)
        regionLanes.append(number)
        return number
    }

    /// Lane of everything that has none of its own.
    private static let others = "(others)"

    private mutating func lane(named name: String, _ domain: SubjectDomain, _ at: Int64) -> Int {
        let key = domain == .nervous ? name : "\(domain) \(name)"
        if let known = laneNumbers[key] { return known }
        guard lanes.count < Self.maximumLanes || name == Self.others else {
            if domain == .nervous, let home = laneNumbers[homes.home(of: name)] { return home }
            return lane(named: Self.others, .nervous, at)
        }
        lanes.append(Lane(name: name, domain: domain, since: at))
        let number = lanes.count - 1
        laneNumbers[key] = number
        regroup()
        return number
    }

    private mutating func traceNumber(_ lane: Int, _ origin: Int32, _ isVirtual: Bool) -> Int {
        let key = UInt64(lane) << 33 | UInt64(UInt32(bitPattern: origin)) << 1 | (isVirtual ? 1 : 0)
        if let known = traceNumbers[key] { return known }
        if traces.count >= Self.maximumTraces, origin != -1 { return traceNumber(lane, -1, isVirtual) }
        traces.append(
            Trace(lane: lane, origin: origin < 0 ? Self.others : origins.name(origin), isVirtual: isVirtual))
        groups[groupOfLane[lane]].add(origin: traces[traces.count - 1].origin)
        traceNumbers[key] = traces.count - 1
        lanes[lane].traces.append(traces.count - 1)
        return traces.count - 1
    }
}

import NimmerCell
import NimmerGate
import NimmerOutput
import NimmerSensing
import NimmerSystem
import NimmerThalamus
import NimmerWave

/// An event of a replay, in event time.
package enum ReplayOutput: Sendable {
    case wave(Envelope<WaveSignal>, subject: Subject)
    case state(NerveState)
    case command(Command, to: Token, at: Timestamp)
    case transition(GateTransition)
    case collapse(Collapse)
    case escalation(CognitiveRequest, at: Timestamp)
    case change(ReplayedChange)
}

/// A change event of a cell, in event time.
package struct ReplayedChange: Sendable {
    /// Body of its message.
    package var event: ChangeEvent
    /// Subject on which it is published.
    package var subject: Subject
    /// The cell.
    package var cell: Token
    /// Id of its message.
    package var id: MessageID
    /// Indicates whether another of its home region came shortly before: that one speaks for both.
    package var isMerged: Bool
}

/// A nervous system on a virtual clock: the very cells, gates and thalamus of the live one, and no server
/// (architecture.md, Replay).
///
/// A value without clock or randomness: the same input always gives the same output.
package struct Replay: Sendable {
    /// Counters of what has come out so far.
    package private(set) var counts = ReplayCounts()
    /// Recorded messages so far.
    package private(set) var recorded = MessageTally()

    /// Readings that cells refused, by the cell's name.
    package var refusals: [(cell: Token, refusals: ReplayRefusals)] {
        cast.members.filter { $0.part.refusals.refused > 0 }.map { ($0.part.identity.name, $0.part.refusals) }
    }

    var cast: ReplayCast
    var thalamus: Thalamus
    private let environment: Environment
    private let places: [[Int]]
    private let listeners: [(hears: Set<Token>, member: Int)]
    private let played: Set<Token>
    private(set) var now: Timestamp?
    var pending: [(member: Int, pulse: Pulse)] = []
    private var outputs: [ReplayOutput] = []
    /// Bound on the change events of each home region.
    private var changeBounds: [Region: RateBound] = [:]
    private var row: [Double] = []
    /// Share in outcomes of the cells that have a budget.
    let foods: [(member: Int, food: CellFood)]
    /// Truth about openings; nil where none is known.
    package internal(set) var verification: ReplayVerification?
    var rules: OutcomeRules
    private let ruled: Set<String>
    /// Gates whose outcomes are recorded: rules do not judge these a second time.
    private let judgedGates: Set<GateID>
    var ruledCounts: [VerificationResult: Int]?

    /// A system at rest before a recording.
    ///
    /// - Parameters:
    ///   - cast: its cells and nerves.
    ///   - places: the columns that each of them reads.
    ///   - judgedGates: gates of which the recording holds accepted outcomes: rules are silent about them.
    /// - Throws: ``Failure`` when the thalamus cannot be what the file states.
    package init(
        _ system: SystemFile, cast: ReplayCast, places: [[Int]], environment: Environment,
        judgedGates: Set<GateID> = []
    ) throws(Failure) {
        self.judgedGates = judgedGates
        self.cast = cast
        self.places = places
        self.environment = environment
        do throws(Refusal) {
            var configuration = try ThalamusConfiguration(system, environment: environment)
            configuration.boundsNewRegions = false
            try configuration.joinAtOnce()
            rules = OutcomeRules(system)
            ruled = rules.names
            ruledCounts = rules.isEmpty ? nil : [:]
            thalamus = Thalamus(configuration)
        } catch { throw Failure(.configuration, "\(system.file): \(error)") }
        listeners = cast.members.indices.compactMap { index in
            let hears = Set(cast.members[index].part.hears)
            return hears.isEmpty ? nil : (hears, index)
        }
        foods = cast.members.indices.compactMap { member in
            CellFood(of: cast.members[member].part.identity.name, in: system).map { (member, $0) }
        }
        played = Set(
            cast.members.indices.compactMap { index in
                !places[index].isEmpty || !cast.members[index].part.hears.isEmpty
                    ? cast.members[index].part.identity.name : nil
            })
    }

    /// Lets outcomes become known from now on.
    package mutating func verify(_ verification: ReplayVerification) { self.verification = verification }

    /// Takes the text of the column with the truth, before the row that it stands in.
    package mutating func takeTruth(_ text: String, at: Timestamp) {
        verification?.take(text, at: max(at, now ?? at))
    }

    /// Records of origins that outcomes have moved, by region.
    package var trust: [(region: Region, records: [OriginRecord])] { thalamus.trust() }

    /// Takes up what outcomes had shown in another run.
    package mutating func restore(_ trust: [(region: Region, records: [OriginRecord])]) {
        for (region, records) in trust { thalamus.restore(records, region: region) }
    }

    /// Takes what a recording holds next.
    ///
    /// - Parameter line: its line in the recording, counted from 1.
    /// - Returns: what follows from it, in order.
    package mutating func take(_ event: ReplayEvent, line: Int = 0) -> [ReplayOutput] {
        switch event {
        case .numbers(let numbers, let at):
            let moment = pass(to: at)
            counts.rows += 1
            for member in places.indices where !places[member].isEmpty { read(numbers, member, at: moment) }
        case .change(let subject, let payload, let at):
            let moment = pass(to: at)
            do throws(Refusal) {
                let message = try Envelope<ChangeEvent>(decoding: payload, on: subject)
                recorded.take()
                take(message.body, on: subject, id: message.header.messageID, by: moment)
            } catch {
                counts.refused += 1
                recorded.refuse(error, line: line)
            }
        case .outcome(let subject, let payload, let at):
            _ = pass(to: at)
            do throws(Refusal) {
                let message = try Envelope<AcceptedOutcome>(decoding: payload, on: subject)
                recorded.take()
                thalamus.follow(message.body)
            } catch {
                counts.refused += 1
                recorded.refuse(error, line: line)
            }
        case .wave(let cell, let isNerve, let payload, let at):
            let moment = pass(to: at)
            counts.rows += 1
            if !played.contains(cell) {
                let subject: Subject = isNerve ? .nerveWave(environment, nerve: cell) : .wave(environment, cell: cell)
                if let refusal = hand(payload, subject: subject, from: cell, arrival: moment) {
                    recorded.refuse(refusal, line: line)
                } else {
                    recorded.take()
                }
                settle()
            } else {
                recorded.take()
            }
        }
        defer { outputs.removeAll(keepingCapacity: true) }
        return outputs
    }

    /// Hands a member the numbers of its columns.
    private mutating func read(_ numbers: [Double], _ member: Int, at moment: Timestamp) {
        row.removeAll(keepingCapacity: true)
        var gaps = 0
        var absent = 0
        var isRefused = false
        let takesInfinity = cast.members[member].takesInfinity
        for place in places[member] {
            let number = numbers[place]
            let isAbsent = ReplayEvent.isAbsent(number)
            let isNumber = number.isFinite || takesInfinity && number == .infinity
            row.append(isNumber || isAbsent ? number : .nan)
            if number.isInfinite, !isNumber {
                cast.members[member].part.refuseInfinity()
                isRefused = true
            } else if isAbsent {
                absent += 1
            } else if !isNumber {
                gaps += 1
            }
        }
        if absent > 0 {
            // A row that is about some of the inputs only: they come one by one, as live.
            for (input, number) in row.enumerated() where !number.isNaN {
                hand(to: member) { $0.read(number, of: input, at: moment) }
            }
            counts.gaps.take(gaps, row: counts.rows, of: cast.members[member].part.identity.name)
            return
        }
        counts.gaps.take(gaps, row: counts.rows, of: cast.members[member].part.identity.name)
        guard gaps == 0 && !isRefused || cast.members[member].takesGaps else { return }
        let handed = row
        hand(to: member) { $0.read(handed, at: moment) }
    }

    /// Hands a member a reading, and counts it where it stands for none.
    private mutating func hand(to member: Int, _ read: (inout any ReplayPart) -> Pulse) {
        let before = cast.members[member].part.sentinels
        let pulse = read(&cast.members[member].part)
        if cast.members[member].part.sentinels > before {
            counts.sentinels += 1
            let value = pulse.actions.lazy.compactMap {
                if case .log(_, _, let values) = $0 { values["value"] } else { nil }
            }
            counts.firstSentinel =
                counts.firstSentinel
                ?? "row \(counts.rows), for the cell \(cast.members[member].part.identity.name): \(value.first ?? "")"
        }
        pending.append((member, pulse))
        settle()
    }

    /// Lets time pass until an event: what was due happens, in the order in which it was due.
    private mutating func pass(to at: Timestamp) -> Timestamp {
        guard let before = now else {
            now = at
            counts.first = at
            counts.last = at
            for member in cast.members.indices {
                pending.append((member, cast.members[member].part.start(at: at)))
            }
            settle()
            return at
        }
        if at < before { counts.outOfOrder += 1 }
        let moment = max(at, before)
        while let due = cast.members.compactMap({ $0.part.nextAppointment }).min(), due < moment {
            let instant = max(due, now ?? due)
            learn(by: instant)
            thalamus.advance(to: instant)
            publishStates()
            for member in cast.members.indices {
                guard let next = cast.members[member].part.nextAppointment, next <= due else { continue }
                // A release is taken strictly after its time.
                let after = instant.advanced(nanoseconds: 1)
                pending.append((member, cast.members[member].part.advance(to: after)))
                settle()
            }
            now = instant
        }
        learn(by: moment)
        thalamus.advance(to: moment)
        publishStates()
        now = moment
        counts.last = moment
        return moment
    }

    /// Does what the cells wrote down, and what follows from that, until nothing is left.
    mutating func settle() {
        var next = 0
        while next < pending.count {
            let (member, pulse) = pending[next]
            next += 1
            let identity = cast.members[member].part.identity
            for action in pulse.actions {
                switch action {
                case .wave(let wave): emit(wave, from: identity, at: pulse.at)
                case .state(let change) where identity.role == .nerve:
                    counts.states += 1
                    outputs.append(.state(change))
                case .transition(let change):
                    if identity.role == .nerve {
                        counts.transitions += 1
                        outputs.append(.transition(change))
                    }
                case .change(let change):
                    counts.emittedChanges += 1
                    // Of the same moment as a wave, and another message.
                    let id = MessageID.replayed(by: identity.name, at: pulse.at, count: -counts.emittedChanges)
                    take(change, on: identity.changeSubject, id: id, by: pulse.at)
                case .send(let command, let target):
                    counts.commands += 1
                    outputs.append(.command(command, to: target, at: pulse.at))
                // None of the nerves that are replayed verifies; artifacts are stored nowhere.
                case .state, .publish, .begin, .wake, .log, .leave, .verify, .artifact: break
                }
            }
        }
        pending.removeAll(keepingCapacity: true)
    }

    private mutating func emit(_ wave: WaveSignal, from identity: Identity, at: Timestamp) {
        counts.emitted += 1
        let isNerve = identity.role == .nerve
        let message = Envelope(
            id: .replayed(by: identity.name, at: at, count: counts.emitted), at: at,
            from: Source(
                entityID: "\(identity.name)-replay", entityType: isNerve ? .nerve : .cell, garden: .virtual,
                tier: isNerve ? 2 : 1), wave)
        outputs.append(.wave(message, subject: identity.waveSubject))
        hand(message.encoded(), subject: identity.waveSubject, from: identity.name, arrival: nil, message)
    }

    /// A change event of a cell. Those of a home region are bounded together, as one cell's are: several sensors feel the same change, and
    /// the first names it.
    ///
    /// - Parameter moment: when it was published. A time of its own that is later does not count.
    private mutating func take(_ event: ChangeEvent, on subject: Subject, id: MessageID, by moment: Timestamp) {
        let cell: Token
        switch try? Provenance(of: subject).speaker {
        case .cell(let name)?, .nerve(let name)?: cell = name
        default: return
        }
        guard event.view != ChangeEvent.silence else {
            rules.silence(of: cell, begins: event.edge == .begin)
            // A cell without readings is no change of what is sensed: it bounds none.
            counts.changes += 1
            outputs.append(
                .change(ReplayedChange(event: event, subject: subject, cell: cell, id: id, isMerged: false)))
            return
        }
        let home = thalamus.home(of: event.region ?? Region(event.domain))
        var bound = changeBounds[home] ?? RateBound(milliseconds: 0)
        // The slowest sensor that was heard of decides.
        bound.milliseconds = max(bound.milliseconds, ChangeSettings().bound(forInterval: event.intervalMilliseconds))
        let isFirst = bound.admits(at: min(event.at, moment))
        changeBounds[home] = bound
        if isFirst { counts.changes += 1 } else { counts.mergedChanges += 1 }
        outputs.append(.change(ReplayedChange(event: event, subject: subject, cell: cell, id: id, isMerged: !isFirst)))
    }

    /// A wave reaches the thalamus and the nerves.
    ///
    /// - Returns: why it is no wave; nil where it is one, also one that is not granted.
    @discardableResult
    private mutating func hand(
        _ payload: [UInt8], subject: Subject, from cell: Token, arrival: Timestamp?,
        _ known: Envelope<WaveSignal>? = nil
    ) -> Refusal? {
        let name = Array(subject.text.utf8)
        do throws(Refusal) {
            _ = try thalamus.receive(subject: name.span.bytes, payload: payload.span.bytes, arrival: arrival)
            counts.waves += 1
        } catch {
            if error.code == .permission {
                counts.ungranted += 1
                counts.firstUngranted = counts.firstUngranted ?? error.message
                return nil
            }
            counts.refused += 1
            return error
        }
        publishStates()
        let isRuled = ruled.contains(cell.text)
        guard isRuled || listeners.contains(where: { $0.hears.contains(cell) }),
            let message = known ?? (try? Envelope<WaveSignal>(decoding: payload))
        else { return nil }
        let wave = HeardWave(message, cell: cell, arrival: arrival ?? message.header.timestamp)
        if isRuled { learn(rules.heard(cell, message.body, at: wave.at)) }
        for listener in listeners where listener.hears.contains(cell) {
            pending.append((listener.member, cast.members[listener.member].part.hear(wave)))
        }
        return nil
    }

    /// Takes what the thalamus publishes.
    private mutating func publishStates() {
        guard !thalamus.conclusions.isEmpty else { return }
        for item in thalamus.conclusions {
            counts.transitions += 1
            if item.transition.toState == .open { counts.openings += 1 }
            if item.transition.isOpening {
                verification?.opened(item.id, item.transition.gateID, at: item.transition.at)
                // What a gate with a declared weight accepted names no records that a replay could follow.
                let isFollowed =
                    judgedGates.contains(item.transition.gateID) && thalamus.earnsTrust(item.transition.gateID)
                if !isFollowed { rules.opened(item.id, item.transition) }
            }
            // What an opening carries follows in lines of its own.
            var transition = item.transition
            transition.collapse = nil
            transition.escalation = nil
            outputs.append(.transition(transition))
            if let collapse = item.collapse {
                counts.collapses += 1
                outputs.append(.collapse(collapse))
            }
            if let request = item.request {
                counts.escalations += 1
                outputs.append(.escalation(request, at: item.transition.at))
            }
        }
        thalamus.conclusions.removeAll(keepingCapacity: true)
    }
}

import Logging
import NimmerBus
import NimmerGate
import NimmerProcess
import NimmerSystem
import NimmerWave

/// A cell with its gate, its clock of appointments and its counters: everything but the world.
///
/// A value. The live process, the tests' `CellBench` and replay drive the same body: each call takes the moment and
/// returns what is to be done.
public struct CellBody<C: Cell>: Sendable {
    /// The cell.
    public private(set) var cell: C
    /// Identity on the bus.
    public let identity: Identity
    /// Interval of its senses, in milliseconds; nil: never on its own.
    public let interval: Int?
    /// Counters since the start.
    public private(set) var counters = CellCounters()
    /// The state that it last entered.
    public var state: String? { entered.latest }

    private let hearing: Hearing<C>?
    private var entered = EnteredStates(initial: C.initialState)
    private var readings = IntervalEstimator()
    /// Indicates whether its readings come from a recording, whose pace then counts, not its own.
    var isPlayed = false
    /// Watch over its readings.
    var watch: SilenceWatch
    /// Inputs, of several, that are silent while others speak.
    private(set) var silentInputs: [String] = []
    private(set) var progress: CellProgress?
    /// Budget of it; nil: it spends as much as it does.
    var budget: CellBudget?
    /// Indicates whether it was found to have spent its budget.
    var wasHungry = false
    /// Readings in a row whose waves were held back.
    var heldInRow = 0
    /// Indicates whether it looks by itself now.
    private(set) var isSensing = false
    private(set) var own: OwnGate
    private var nextSense: Timestamp?
    private var nextWake: Timestamp?
    private var lastFault: String?
    /// Messages about waves that were logged already: once in a life.
    private var loggedFaults: Set<String> = []
    private var latest = Timestamp(nanoseconds: .min)

    /// A cell at rest.
    ///
    /// - Throws: what the cell's `init` throws, or a `ProcessFailure` for an invalid name.
    public init(_ configuration: Configuration) throws {
        let kind = C.kind
        hearing = kind.hearing
        identity = try Identity(configuration, role: kind.role)
        var base = GateConfiguration()
        base.weight = configuration.names.weight
        own = OwnGate(configuration.gate(of: identity, base: base), identity: identity)
        let settings = Settings<C.Options>(configuration.settings)
        interval = settings.senseInterval
        watch = SilenceWatch(
            setting: configuration.staleAfter,
            expectsReadings: C.self is any NumberCell.Type || C.self is any RowCell.Type)
        budget = configuration.cellBudget(of: identity).map(CellBudget.init)
        cell = try C(settings)
    }

    /// Its own gate.
    public var gate: Gate { own.gate }

    /// Interval at which it senses when all is well, in milliseconds, as its waves state it: its setting, unless what it reads comes more
    /// slowly; nil while it knows none, and for a nerve.
    public var statedInterval: Double? {
        guard hearing == nil else { return nil }
        guard let interval, !isPlayed else { return readings.milliseconds.map { $0 * slowness } }
        let own = Double(interval) * slowness
        return readings.milliseconds.map { $0 > 1.25 * own ? $0 : own } ?? own
    }

    /// Interval that it has learned from the moments of its readings, in milliseconds; nil while it knows none.
    var learnedInterval: Double? { readings.milliseconds }

    /// Time at which ``advance(to:)`` has something to do next; nil: never, unless something comes in.
    public var nextAppointment: Timestamp? {
        [nextSense, nextWake, own.gate.nextRelease, watch.deadline, wasHungry ? budget?.refill : nil].compactMap { $0 }
            .min()
    }

    /// Indicates whether it looks at its capability by itself.
    var hasOwnPace: Bool { nextSense != nil }

    /// Senses within its interval from a moment on, where it was to sense later.
    mutating func bringNearer(_ moment: Timestamp) {
        guard let nextSense, let interval else { return }
        self.nextSense = min(nextSense, moment.advanced(milliseconds: Double(interval)))
    }

    /// Begins its life.
    ///
    /// - Parameters:
    ///   - moment: when it is.
    ///   - first: when it senses first; at once unless given (it continues where another left off).
    public mutating func start(at moment: Timestamp, first: Timestamp? = nil) -> Pulse {
        if interval != nil { nextSense = first ?? moment }
        watch.begin(at: moment)
        return pulse(at: moment) { cell, pulse in try cell.start(&pulse) }
    }

    /// Time passes: what was due happens, in the order in which it was due.
    public mutating func advance(to moment: Timestamp) -> Pulse {
        var all = pulse(at: moment)
        while let due = nextAppointment, due <= moment {
            if let sense = nextSense, sense == due {
                schedule(after: sense, now: moment)
                isSensing = true
                all.append(contentsOf: pulse(at: moment) { cell, pulse in try cell.sense(&pulse) })
                isSensing = false
                counters.senses += 1
            } else if let wake = nextWake, wake == due {
                nextWake = nil
                all.append(contentsOf: pulse(at: moment) { cell, pulse in try cell.wake(&pulse) })
            } else if wasHungry, let refill = budget?.refill, refill == due {
                all.append(contentsOf: pulse(at: moment) { _, _ in })
            } else if let deadline = watch.deadline, deadline == due {
                if let silence = watch.advance(to: moment) { begin(silence, &all) }
            } else {
                var released = pulse(at: moment)
                advanceGate(to: moment, &released)
                all.append(contentsOf: released)
                // A release happens strictly after its time: at that very moment it is still to come.
                if own.gate.nextRelease.map({ $0 <= moment }) == true { break }
            }
        }
        return all
    }

    /// A message on one of its inputs.
    public mutating func receive(_ message: BusMessage, at moment: Timestamp) -> (pulse: Pulse, refusal: Refusal?) {
        counters.messagesIn += 1
        var refusal: Refusal?
        let result = pulse(at: moment) { cell, pulse in
            do {
                try cell.receive(message, &pulse)
            } catch { refusal = error as? Refusal ?? Refusal(.value, "\(error)") }
        }
        if refusal != nil { counters.rejected += 1 }
        return (result, refusal)
    }

    /// A command; the answer is to be sent, or (``Answer/later(_:work:)``) to be worked for.
    ///
    /// What the manifest does not list is refused; `ask` is the only command of a cell that has one.
    public mutating func perform(_ command: Command, at moment: Timestamp) -> (pulse: Pulse, answer: Answer) {
        counters.requests += 1
        let known = C.manifest.commands.map(\.name)
        var command = command
        if command.command == "ask", known.count == 1, let only = known.first, only != "*" { command.command = only }
        guard known.contains(command.command) || known.contains("*") else {
            counters.requestsRefused += 1
            let list = known.joined(separator: ", ")
            return (
                pulse(at: moment),
                .refused("\(identity.name) does not know the command '\(command.command)'; it knows \(list)")
            )
        }
        return answer(at: moment) { cell, pulse in try cell.perform(command, &pulse) }
    }

    /// Work that it began has ended.
    public mutating func finished(
        _ work: String, _ outcome: Result<JSON, any Error>, at moment: Timestamp
    ) -> (pulse: Pulse, answer: Answer) {
        answer(at: moment) { cell, pulse in try cell.finished(work, outcome, &pulse) }
    }

    /// A command that it sent was answered.
    public mutating func answered(
        _ command: Command, by other: Token, _ result: CommandResult, at moment: Timestamp
    ) -> Pulse {
        pulse(at: moment) { cell, pulse in try cell.answered(command, by: other, result, &pulse) }
    }

    /// A change from outside the pulses, such as a line that ``Cell/live(_:)`` read.
    public mutating func update(
        at moment: Timestamp, _ change: (inout C, inout Pulse) throws -> Void
    ) -> Pulse {
        pulse(at: moment) { cell, pulse in try change(&cell, &pulse) }
    }

    /// Senses no more; what it hears and is asked it still answers.
    ///
    /// - Returns: when it would have sensed next.
    public mutating func rest() -> Timestamp? {
        watch.rest()
        defer { nextSense = nil }
        return nextSense
    }

    /// Its gate continues where another instance's stood.
    mutating func resume(
        _ state: GateState, potential: Double, weight: Double, interval: Double = 0, at moment: Timestamp
    ) {
        own.resume(state, potential: potential, weight: weight, interval: interval, at: moment)
    }

    /// The end of its life.
    public mutating func stop(at moment: Timestamp) -> Pulse {
        nextSense = nil
        nextWake = nil
        watch.rest()
        return pulse(at: moment) { cell, pulse in cell.stop(&pulse) }
    }

    // MARK: What every call has in common

    private mutating func answer(
        at moment: Timestamp, _ body: (inout C, inout Pulse) throws -> Answer
    ) -> (pulse: Pulse, answer: Answer) {
        var answer = Answer.failed("")
        let result = pulse(at: moment) { cell, pulse in
            do {
                answer = try body(&cell, &pulse)
            } catch let refusal as Refusal {
                answer = .refused(refusal.description)
            } catch { answer = .failed("\(error)") }
        }
        switch answer {
        case .refused: counters.requestsRefused += 1
        case .failed: counters.requestsFailed += 1
        case .done, .later: break
        }
        return (result, answer)
    }

    private func pulse(at moment: Timestamp) -> Pulse {
        Pulse(
            at: moment, identity: identity, gate: own.gate.state, entered: entered, interval: statedInterval,
            missing: readings.missing(until: moment), progress: progress, silentInputs: silentInputs)
    }

    /// A cell's time never goes back, also when a wave that it hears took its time.
    private mutating func pulse(
        at moment: Timestamp, _ body: (inout C, inout Pulse) throws -> Void
    ) -> Pulse {
        latest = max(latest, moment)
        let moment = latest
        var inner = pulse(at: moment)
        do {
            try body(&cell, &inner)
            lastFault = nil
        } catch {
            counters.faults += 1
            let placed = error as? PlacedFailure
            let fault = "\(placed?.failure ?? error)"
            if fault != lastFault {
                var values = ["reason": fault]
                values["at"] = placed?.place
                inner.log(.warning, "The cell failed", values)
            }
            lastFault = fault
        }
        var outer = pulse(at: moment)
        settle(inner, into: &outer)
        noteHunger(&outer)
        return outer
    }

    /// Takes what a method wrote down: notes states and appointments, and lets waves pass the own gate.
    private mutating func settle(_ inner: Pulse, into outer: inout Pulse) {
        counters.refused += inner.refused
        counters.sentinels += inner.sentinels
        for fault in inner.faults where loggedFaults.insert(fault.message).inserted {
            outer.log(.warning, fault.message, ["cell": identity.name.text, "found": "\(fault.found)"])
        }
        entered = inner.entered
        take(readingsOf: inner, &outer)
        budget?.advance(to: inner.at)
        let holdsBack = holdsBack(inner)
        for action in inner.actions {
            switch action {
            case .wake(let moment): nextWake = min(nextWake ?? moment, moment)
            case .state(let change):
                counters.lifeforce += change.lifeforceCost
                budget?.spend(change.lifeforceCost)
                outer.append(action)
            case .wave where holdsBack: counters.heldBack += 1
            case .wave(var wave):
                counters.waves += 1
                counters.lifeforce += wave.lifeforceCost
                budget?.spend(wave.lifeforceCost)
                wave.intervalMilliseconds = statedInterval
                outer.append(.wave(wave))
                if hearing == nil { weigh(wave, at: inner.at, &outer) }
            case .change(var change):
                counters.changes += 1
                change.intervalMilliseconds = statedInterval
                outer.append(.change(change))
            case .publish, .send, .begin, .log, .leave, .transition, .verify, .artifact: outer.append(action)
            }
        }
    }

    private mutating func take(readingsOf inner: Pulse, _ outer: inout Pulse) {
        progress = inner.progress
        silentInputs = inner.silentInputs
        if inner.isReading {
            readings.take(at: inner.at)
            if let silence = watch.take(at: inner.at, interval: readings.milliseconds) { end(silence, &outer) }
        }
        if inner.hasEnded { watch.end() }
    }

    /// Reports a change that the body itself has found.
    mutating func report(_ change: ChangeEvent, _ outer: inout Pulse) {
        counters.changes += 1
        outer.append(.change(change))
    }

    private mutating func weigh(_ wave: WaveSignal, at moment: Timestamp, _ pulse: inout Pulse) {
        let changes = own.receive(
            source: identity.name, origin: wave.origin ?? identity.name, region: wave.effectiveRegion,
            confidence: wave.confidence, polarity: wave.polarity, cost: wave.lifeforceCost,
            interval: wave.intervalMilliseconds ?? 0, at: moment)
        announce(changes, &pulse)
    }

    private mutating func advanceGate(to moment: Timestamp, _ pulse: inout Pulse) {
        announce(own.advance(to: moment), &pulse)
    }

    private mutating func announce(_ changes: [GateTransition], _ outer: inout Pulse) {
        for change in changes {
            counters.transitions += 1
            outer.append(.transition(change))
            let at = max(change.at, outer.at)
            outer.append(contentsOf: pulse(at: at) { cell, pulse in try cell.gateChanged(change, &pulse) })
        }
    }

    private mutating func schedule(after due: Timestamp, now: Timestamp) {
        let step = Double(interval ?? 1000) * slowness
        let next = due.advanced(milliseconds: step)
        let following = next > now ? next : now.advanced(milliseconds: step)
        // After the last moment that can be named nothing comes any more.
        nextSense = following > now ? following : nil
    }
}

extension CellBody {
    /// A wave that it hears: its gate weighs it, then the cell hears it.
    public mutating func hear(_ wave: HeardWave) -> Pulse {
        counters.wavesIn += 1
        var all = pulse(at: wave.at)
        guard let hearing else { return all }
        if let evidence = hearing.evidence(cell, wave), evidence.confidence.isFinite {
            let changes = own.receive(
                source: wave.cell, origin: wave.origin, region: identity.region ?? Region(identity.domain),
                confidence: min(1, max(0, evidence.confidence)), polarity: evidence.polarity, cost: wave.cost,
                interval: wave.interval, at: wave.at)
            announce(changes, &all)
        }
        all.append(contentsOf: pulse(at: wave.at) { cell, pulse in try hearing.hear(&cell, wave, &pulse) })
        return all
    }

    /// An opening that it may verify.
    public mutating func opened(_ opening: HeardOpening, at moment: Timestamp) -> Pulse {
        guard let hearing else { return pulse(at: moment) }
        return pulse(at: moment) { cell, pulse in try hearing.opened(&cell, opening, &pulse) }
    }

    /// The cells (or nerves) whose waves it is to be given; none for a cell.
    public var hears: [Token] { hearing?.cells(cell) ?? [] }

    /// Facts that follow from its settings, for `--manifest`.
    var facts: ManifestFacts {
        ManifestFacts(hears: hears, asks: hearing?.asks(cell) ?? [], commands: cell.knownCommands)
    }

    /// Counts a message that could not be understood.
    public mutating func countRejected() { counters.rejected += 1 }
}

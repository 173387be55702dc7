import Logging
import NimmerProcess
import NimmerWave

/// One moment in a cell's life: when it is, who the cell is, and what is to be done because of it.
///
/// A cell's methods only write down what is to be done; the runtime does it after they return. In a test the actions are
/// compared.
public struct Pulse: Sendable {
    /// Current time, in the cell's own time: that of the wall when its process began, from where it continues without a jump when
    /// the clock is set. What is published to others names the moment on the wall clock.
    public let at: Timestamp
    /// The cell's name on the bus.
    public var name: Token { identity.name }
    /// Environment in which it runs.
    public var environment: Environment { identity.environment }
    /// State of its own gate.
    public let gate: GateState
    /// Interval at which the cell senses when all is well, in milliseconds, as its waves state it: its setting `interval_ms`, or what it
    /// has learned from the moments of its readings; nil while it knows none, and for a nerve.
    public let interval: Double?
    /// Number of readings that should have come since the last and did not, by the interval learned from their moments; 0 while that is
    /// not known.
    public let missing: Int
    /// Actions to perform, in order.
    public private(set) var actions: [Action] = []
    /// Waves that could not be written down because a number was not finite; they are counted as refused.
    public private(set) var refused = 0
    /// Values that stand for no reading; they are counted.
    public private(set) var sentinels = 0
    /// Mistakes in its waves, for the log: a message and the value that was found.
    private(set) var faults: [(message: String, found: Double)] = []

    let identity: Identity
    private(set) var entered: EnteredStates
    private(set) var isReading = false
    private(set) var hasEnded = false
    private(set) var progress: CellProgress?
    private(set) var silentInputs: [String]

    init(
        at: Timestamp, identity: Identity, gate: GateState, entered: EnteredStates, interval: Double?, missing: Int,
        progress: CellProgress? = nil, silentInputs: [String] = []
    ) {
        self.progress = progress
        self.silentInputs = silentInputs
        self.at = at
        self.identity = identity
        self.gate = gate
        self.entered = entered
        self.interval = interval
        self.missing = missing
    }

    /// Notes that a reading came in now, from which the cell's ``interval`` is learned. A cell that does not sense by its own clock calls
    /// it once for each reading, such as a number of its sensor, and not for what holds none: a reading that is left out is ``missing``.
    public mutating func countReading() { isReading = true }

    /// Notes that a value came that stands for no reading, such as 65535: it is counted, and is ``missing`` like a reading that did not come.
    ///
    /// - Parameters:
    ///   - value: the value, and why it is no reading: `65535, which the setting ignore lists`.
    ///   - isNew: whether it is the first of its kind, which is logged.
    public mutating func countSentinel(_ value: String, isNew: Bool) {
        sentinels += 1
        if isNew { log(.warning, "A value stands for no reading and is left out", ["value": value]) }
    }

    /// Notes that the source of readings has come to its end: their absence makes the cell STALE no more, until one comes all the same.
    public mutating func endReadings() { hasEnded = true }

    /// Names the inputs, of several, that are silent while others speak; from now on, until it is called again. People see them in
    /// `nimmer status` and `nimmer cell list`.
    public mutating func nameSilent(_ inputs: [String]) { silentInputs = inputs }

    /// Shows how far the cell has come with what it does first, such as learning what is normal: in `nimmer status`, `nimmer cell list` and
    /// `$SRV.INFO`, from now on, until it is called again. Nothing is shown when all of it is done.
    ///
    /// - Parameters:
    ///   - done: how much is done, from 0.
    ///   - whole: how much there is to do.
    public mutating func showProgress(_ done: Int, of whole: Int) {
        progress = done < whole ? CellProgress(done: done, whole: whole) : nil
    }

    /// The state that the cell stands in: the last that it entered, or its initial one.
    public var state: String { entered.state(of: nil) }

    /// The state that a part of the cell stands in: the last that it entered, or the cell's initial one.
    public func state(of part: String) -> String { entered.state(of: part) }

    /// Action to perform.
    public enum Action: Sendable {
        /// Emit a wave.
        case wave(WaveSignal)
        /// Send bytes to a subject, for devices.
        case publish(Subject, [UInt8])
        /// Publish a change of state.
        case state(NerveState)
        /// Ask a cell.
        case send(Command, to: Token)
        /// Do something that takes time; it ends in ``Cell/finished(_:_:_:)``.
        case begin(String, @Sendable () async throws -> JSON)
        /// Come back at a moment.
        case wake(Timestamp)
        /// Log a line.
        case log(Logger.Level, String, [String: String])
        /// Exit, because the cell cannot continue.
        case leave(ProcessFailure)
        /// Publish a change for people, which no gate hears.
        case change(ChangeEvent)
        /// Publish a transition of its gate.
        case transition(GateTransition)
        /// Report the outcome of an opening.
        case verify(VerificationOutcome, gate: GateID)
        /// Hand over an artifact, whose digest the waves of this moment may name already.
        case artifact([UInt8], MediaType)
    }

    /// Emits a wave now.
    ///
    /// - Parameters:
    ///   - confidence: how sure it is; brought into 0…1. A wave whose confidence is not finite is counted and left out. Both are logged
    ///     once, with the cell's name.
    ///   - content: what was found.
    ///   - cost: energy spent; the manifest's cost `wave` unless given.
    ///   - region: the semantic region; the cell's unless given.
    ///   - origin: what makes the witness independent; the cell's unless given.
    ///   - polarity: `1` asserts, `-1` denies.
    ///   - correlationID: ties the wave to the request that caused it.
    ///   - artifacts: what the wave is about and is too big for it, as ``artifact(_:_:)`` returns it; the first eight count.
    public mutating func emit(
        confidence: Double, _ content: JSON, cost: Double? = nil, region: Region? = nil, origin: Token? = nil,
        polarity: Int = 1, correlationID: String? = nil, artifacts: [ArtifactReference] = []
    ) {
        let cost = cost ?? identity.waveCost
        guard confidence.isFinite, cost.isFinite, cost >= 0 else {
            refused += 1
            faults.append(
                confidence.isFinite
                    ? ("The cell emits a cost that is negative or no number: its wave is left out", cost)
                    : ("The cell emits a confidence that is no number: its wave is left out", confidence))
            return
        }
        if !(0...1).contains(confidence) {
            faults.append(("The cell emits a confidence outside 0 to 1: it is brought into the range", confidence))
        }
        actions.append(
            .wave(
                WaveSignal(
                    domain: identity.domain, confidence: min(1, max(0, confidence)), semanticContent: content,
                    lifeforceCost: cost, region: region ?? identity.region, polarity: polarity < 0 ? -1 : 1,
                    origin: origin ?? identity.origin, correlationID: correlationID,
                    artifacts: Array(artifacts.prefix(ArtifactReference.most)))))
    }

    /// Hands over contents that are too big for a wave, such as a picture: the runtime stores them, in the background, under the SHA-256 of
    /// their bytes. What cannot be stored is logged (spec/artifacts.md, Handing over).
    ///
    /// - Parameters:
    ///   - bytes: the contents, 32 MiB at most unless the system file states otherwise.
    ///   - type: what they are, such as image/png.
    /// - Returns: their name, for ``emit(confidence:_:cost:region:origin:polarity:correlationID:artifacts:)``.
    @discardableResult
    public mutating func artifact(_ bytes: [UInt8], _ type: MediaType) -> ArtifactReference {
        actions.append(.artifact(bytes, type))
        return ArtifactReference(digest: ArtifactDigest(of: bytes), type: type, bytes: bytes.count)
    }

    /// Reports to people that a lasting change begins or ends: a ChangeEvent beside the waves, published at most once, which no gate
    /// hears (protocol.md, ChangeEvent). One with a number that is not finite is counted and left out.
    ///
    /// - Parameters:
    ///   - edge: whether it begins or ends.
    ///   - view: what of the samples changed: `level`, `spread`, `leap`; 1 to 64 bytes.
    ///   - value: the sample.
    ///   - normal: what is normal, in the sample's unit.
    ///   - times: how many times the worst that was learned; at least 0.
    ///   - direction: the side of normal.
    ///   - confidence: how sure it is; brought into 0…1.
    ///   - spread: the short-term and the learned noise, where the noise changed.
    public mutating func report(
        _ edge: ChangeEdge, view: String, value: Double, normal: Double, times: Double, direction: ChangeDirection,
        confidence: Double, spread: (now: Double, normal: Double)? = nil
    ) {
        let numbers = [value, normal, times, confidence, spread?.now ?? 0, spread?.normal ?? 0]
        guard numbers.allSatisfy(\.isFinite) else {
            refused += 1
            return
        }
        actions.append(
            .change(
                ChangeEvent(
                    edge: edge, domain: identity.domain, region: identity.region, view: view, value: value,
                    normal: normal, times: max(0, times), direction: direction,
                    confidence: min(1, max(0, confidence)), spread: spread?.now, normalSpread: spread?.normal, at: at)))
    }

    /// Sends bytes to a subject that a person configured, for devices.
    public mutating func publish(_ subject: Subject, _ payload: [UInt8]) {
        actions.append(.publish(subject, payload))
    }

    /// Enters a state: a NerveState on the bus for a nerve, a log line for a cell. The runtime knows the state before it.
    ///
    /// - Parameters:
    ///   - state: the state, in upper case: `ALERT`.
    ///   - part: whose state, where a cell has several state machines, such as one for each battery; its own unless given.
    ///   - reason: why, in a few words.
    ///   - cost: energy spent on it, in lifeforce.
    ///   - details: what it was decided on.
    ///   - isLast: whether the part is gone with it; one of the same name begins in the initial state again.
    public mutating func enter(
        _ state: String, of part: String? = nil, reason: String, cost: Double = 0, details: JSON? = nil,
        isLast: Bool = false
    ) {
        let earlier = entered.enter(state, of: part, isLast: isLast)
        actions.append(
            .state(
                NerveState(
                    nerve: name, fromState: earlier, toState: state, reason: reason, lifeforceCost: cost, at: at,
                    details: details)))
    }

    /// Reports whether reality confirmed an opening: trust is earned by that (trust.md). The system file must let the nerve verify the region
    /// (`verifies`), and of several outcomes of an opening the first counts; the thalamus refuses any other.
    ///
    /// - Parameters:
    ///   - opening: the opening, as ``Nerve/opened(_:_:)`` brought it.
    ///   - result: whether reality confirmed it.
    ///   - reason: why, in a few words; stored with the outcome, cut to 1024 bytes.
    public mutating func verify(_ opening: HeardOpening, _ result: VerificationResult, because reason: String? = nil) {
        let reason = reason.map { JSON.string($0.utf8.count > 1024 ? String($0.unicodeScalars.prefix(256)) : $0) }
        actions.append(
            .verify(
                VerificationOutcome(
                    originalSignalID: opening.id, domain: opening.domain, outcome: result, actualResult: reason,
                    verificationSource: name.text), gate: opening.gate))
    }

    /// Takes back the outcome that this nerve has reported of an opening, which awaits one again.
    public mutating func takeBack(_ opening: HeardOpening) {
        actions.append(
            .verify(
                VerificationOutcome(
                    originalSignalID: opening.id, domain: opening.domain, outcome: .partial,
                    verificationSource: name.text, kind: .withdrawal), gate: opening.gate))
    }

    /// Sends a command to a cell; the answer comes to ``Cell/answered(_:by:_:_:)``.
    public mutating func send(_ command: Command, to cell: Token) {
        actions.append(.send(command, to: cell))
    }

    /// Begins work that takes time and belongs to no request; it ends in ``Cell/finished(_:_:_:)``.
    public mutating func begin(_ name: String, _ work: @escaping @Sendable () async throws -> JSON) {
        actions.append(.begin(name, work))
    }

    /// Asks for ``Cell/wake(_:)`` after some milliseconds; the earliest moment asked for counts, once.
    public mutating func wake(after milliseconds: Double) { wake(at: at.advanced(milliseconds: milliseconds)) }

    /// Asks for ``Cell/wake(_:)`` at a moment; the earliest moment asked for counts, once.
    public mutating func wake(at moment: Timestamp) { actions.append(.wake(moment)) }

    /// Logs a line: a constant message, values beside it.
    public mutating func log(_ level: Logger.Level = .info, _ message: String, _ values: [String: String] = [:]) {
        actions.append(.log(level, message, values))
    }

    /// Exits with a status and one line, because the cell cannot continue.
    public mutating func leave(_ status: ProcessFailure.Status, _ message: String) {
        actions.append(.leave(ProcessFailure(status, message)))
    }

    mutating func append(_ action: Action) { actions.append(action) }

    mutating func append(contentsOf pulse: Pulse) {
        actions += pulse.actions
        refused += pulse.refused
        sentinels += pulse.sentinels
    }

    /// The waves among the actions.
    public var waves: [WaveSignal] { actions.compactMap { if case .wave(let wave) = $0 { wave } else { nil } } }
    /// The changes of state among the actions.
    public var states: [NerveState] { actions.compactMap { if case .state(let state) = $0 { state } else { nil } } }
    /// The change events among the actions.
    public var changes: [ChangeEvent] {
        actions.compactMap { if case .change(let change) = $0 { change } else { nil } }
    }
    /// The artifacts among the actions.
    public var artifacts: [(bytes: [UInt8], type: MediaType)] {
        actions.compactMap { if case .artifact(let bytes, let type) = $0 { (bytes, type) } else { nil } }
    }
    /// The transitions of the own gate among the actions.
    public var transitions: [GateTransition] {
        actions.compactMap { if case .transition(let change) = $0 { change } else { nil } }
    }
    /// The outcomes of openings among the actions.
    public var outcomes: [VerificationOutcome] {
        actions.compactMap { if case .verify(let outcome, _) = $0 { outcome } else { nil } }
    }
    /// The commands to cells among the actions.
    public var requests: [(command: Command, cell: Token)] {
        actions.compactMap { if case .send(let command, let cell) = $0 { (command, cell) } else { nil } }
    }
}

/// Identity of a cell on the bus, checked once at the start.
public struct Identity: Sendable, Hashable {
    /// Environment in which it runs.
    public var environment: Environment
    /// Its name.
    public var name: Token
    /// Domain of its waves.
    public var domain: Token
    /// The semantic region of its waves, where it is not the domain.
    public var region: Region?
    /// Origin that makes it an independent witness, where it is not its name.
    public var origin: Token?
    /// Cost of a wave unless the cell names another, in lifeforce.
    public var waveCost: Double
    /// Cell or nerve.
    public var role: Role

    init(_ configuration: Configuration, role: Role) throws(ProcessFailure) {
        environment = configuration.environment
        name = configuration.name
        self.role = role
        waveCost = configuration.manifest.cost("wave")
        let named = configuration.names
        var key = "domain"
        do throws(Refusal) {
            domain = try Token(named.domain)
            key = "region"
            region = nil
            if let text = named.region { region = try Region(text) }
            key = "origin"
            origin = nil
            if let text = named.origin { origin = try Token(text) }
        } catch { throw ProcessFailure(.configuration, "\(configuration.name): the setting '\(key)': \(error)") }
    }

    /// The subject of its waves.
    public var waveSubject: Subject {
        role == .nerve ? .nerveWave(environment, nerve: name) : .wave(environment, cell: name)
    }

    /// The subject of its change events.
    public var changeSubject: Subject { .change(environment, name, isNerve: role == .nerve) }

    /// The id of its own gate: `<name>-cell` or `<name>-nerve`.
    public var gateID: GateID { GateID(ownedBy: name, role == .nerve ? .nerve : .cell) }
}

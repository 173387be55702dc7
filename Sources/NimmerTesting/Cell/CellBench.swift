import NimmerCell
import NimmerProcess
import NimmerSystem
import NimmerWave

/// A cell on the bench: the real body, a clock that the test moves, no bus and no process.
///
/// ```swift
/// var bench = try CellBench<Cellar>(["alarm": .number(80)])
/// bench.start()
/// bench.advance(milliseconds: 3000)
/// #expect(bench.waves.count == 4)
/// ```
public struct CellBench<C: Cell>: Sendable {
    /// The cell with its gate and counters.
    public private(set) var body: CellBody<C>
    /// Time of the clock.
    public private(set) var now: Timestamp
    /// Everything that the cell wrote down since the last ``clear()``, in order.
    public private(set) var actions: [Pulse.Action] = []
    private var worked = 0

    /// A cell at rest.
    ///
    /// - Parameters:
    ///   - changes: settings that differ from their defaults, by their keys.
    ///   - name: its name on the bus; the manifest's unless given.
    ///   - start: what the clock shows.
    ///   - budget: what it may spend a day, in LF; nil: as much as it does.
    ///   - every: every so manyth time it senses when it is HUNGRY.
    /// - Throws: what the cell's `init` throws, or a `ProcessFailure` that names a setting which the cell does not declare.
    public init(
        _ changes: [String: SettingValue] = [:], name: String? = nil,
        start: Timestamp = Timestamp(milliseconds: 1_000_000), budget: Double? = nil, every: Int = 4
    ) throws {
        now = start
        let system = budget.map { budget in
            var system = SystemFile(name: "bench")
            let name = name ?? C.manifest.name
            system.cells = [Organism(role: .cell, name: name, kind: "bench/v1")]
            system.cells[0].lifeforce = CellBudgetSettings(budget: budget, every: every)
            return system
        }
        body = try CellBody(
            try Configuration(of: C.self, name: name, changes: changes, system: system))
    }

    /// The cell.
    public var cell: C { body.cell }
    /// The waves that it emitted since the last ``clear()``.
    public var waves: [WaveSignal] { actions.compactMap { if case .wave(let wave) = $0 { wave } else { nil } } }
    /// The states that it entered since the last ``clear()``.
    public var states: [String] {
        actions.compactMap { if case .state(let change) = $0 { change.toState } else { nil } }
    }
    /// The change events that it reported since the last ``clear()``.
    public var changes: [ChangeEvent] {
        actions.compactMap { if case .change(let change) = $0 { change } else { nil } }
    }
    /// The changes of its own gate since the last ``clear()``.
    public var transitions: [GateTransition] {
        actions.compactMap { if case .transition(let change) = $0 { change } else { nil } }
    }
    /// The outcomes of openings that it reported since the last ``clear()``.
    public var outcomes: [VerificationOutcome] {
        actions.compactMap { if case .verify(let outcome, _) = $0 { outcome } else { nil } }
    }
    /// The commands that it sent since the last ``clear()``.
    public var requests: [(command: Command, cell: Token)] {
        actions.compactMap { if case .send(let command, let cell) = $0 { (command, cell) } else { nil } }
    }
    /// Reason why it wanted to leave, if it did.
    public var failure: ProcessFailure? {
        for case .leave(let failure) in actions { return failure }
        return nil
    }

    /// Feeds it, as a confirmed opening that it asserted does.
    ///
    /// - Parameters:
    ///   - amount: what the outcome gives, in LF; 0 takes back what the opening gave.
    ///   - opening: the opening; a new one unless given.
    public mutating func feed(_ amount: Double, opening: MessageID = .v7()) {
        keep(body.feed(amount, opening: opening, at: now))
    }

    /// Forgets what was written down so far.
    public mutating func clear() { (actions, worked) = ([], 0) }

    /// Begins its life; a cell that senses looks once at once.
    public mutating func start() {
        keep(body.start(at: now))
        advance(milliseconds: 0)
    }

    /// Moves the clock, stopping at each of the cell's appointments on the way.
    public mutating func advance(milliseconds: Double) {
        let end = now.advanced(milliseconds: milliseconds)
        while let next = body.nextAppointment, next <= end {
            // A release of the gate happens just after its time.
            let moment = max(now, next == end ? end : min(end, next.advanced(nanoseconds: 1)))
            let before = body.nextAppointment
            keep(body.advance(to: next > now ? next : now))
            if body.nextAppointment == before {
                guard moment > next else { break }
                keep(body.advance(to: moment))
            }
            now = max(now, next)
        }
        now = end
        keep(body.advance(to: now))
    }

    /// Asks it a command and returns its answer; work that takes time is returned as `Answer.later(_:work:)`.
    @discardableResult
    public mutating func ask(_ command: String, _ payload: JSON = [:]) -> Answer {
        let outcome = body.perform(Command(command: command, payload: payload), at: now)
        keep(outcome.pulse)
        return outcome.answer
    }

    /// Asks it a command and does the work that it begins, until it is answered.
    public mutating func result(of command: String, _ payload: JSON = [:]) async -> CommandResult {
        var answer = ask(command, payload)
        while case .later(let name, let work) = answer {
            await self.work()
            let outcome: Result<JSON, any Error>
            do { outcome = .success(try await work()) } catch { outcome = .failure(error) }
            let finished = body.finished(name, outcome, at: now)
            keep(finished.pulse)
            answer = finished.answer
        }
        return CommandResult(answer)
    }

    /// Gives it a message on one of its inputs; returns why it was refused, if it was.
    @discardableResult
    public mutating func receive(_ payload: String, on subject: String) throws(Refusal) -> Refusal? {
        let message = BusMessage(subject: try Subject(foreign: subject), payload: Array(payload.utf8), at: now)
        let outcome = body.receive(message, at: now)
        keep(outcome.pulse)
        return outcome.refusal
    }

    /// Lets it hear a wave of another cell.
    public mutating func hear(_ wave: HeardWave) { keep(body.hear(wave)) }

    /// A gate opened whose openings it may verify.
    public mutating func open(_ opening: HeardOpening) { keep(body.opened(opening, at: now)) }

    /// Lets it hear a wave of another cell now.
    public mutating func hear(_ cell: String, confidence: Double, polarity: Int = 1, _ content: JSON = [:]) throws {
        let cell = try Token(cell)
        hear(
            HeardWave(
                cell: cell, region: Region(cell), confidence: confidence, polarity: polarity, content: content,
                at: now))
    }

    /// Changes the cell from its own life, as `CellHost.update` does: a line was read, a device spoke.
    public mutating func update(_ change: (inout C, inout Pulse) throws -> Void) {
        keep(body.update(at: now, change))
    }

    /// Does the work that it began since the last ``clear()`` (``Pulse/begin(_:_:)``), one after the other, each once.
    public mutating func work() async {
        while let (name, work) = begun.dropFirst(worked).first {
            worked += 1
            let outcome: Result<JSON, any Error>
            do { outcome = .success(try await work()) } catch { outcome = .failure(error) }
            finish(name, outcome)
        }
    }

    private var begun: [(String, @Sendable () async throws -> JSON)] {
        actions.compactMap { if case .begin(let name, let work) = $0 { (name, work) } else { nil } }
    }

    /// Lets work that it began end.
    public mutating func finish(_ work: String, _ outcome: Result<JSON, any Error>) {
        keep(body.finished(work, outcome, at: now).pulse)
    }

    /// Answers a command that it sent.
    public mutating func answer(_ command: Command, by cell: Token, _ result: CommandResult) {
        keep(body.answered(command, by: cell, result, at: now))
    }

    /// Stops it.
    public mutating func stop() { keep(body.stop(at: now)) }

    private mutating func keep(_ pulse: Pulse) { actions += pulse.actions }
}

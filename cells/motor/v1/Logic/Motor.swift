import NimmerWave

/// The motor cell's state machine: one ``Motion`` after the other, each COMMANDED → RUNNING → STOPPED or STALLED.
///
/// A value: it decides and counts; the process around it starts programs, publishes, and passes in what happened.
public struct Motor: Sendable {
    /// State of one motion.
    public enum State: String, Sendable {
        /// It was accepted and is being started. Can go to ``running``, ``stopped`` or ``stalled``.
        case commanded = "COMMANDED"
        /// It runs. Can go to ``stopped`` or ``stalled``.
        case running = "RUNNING"
        /// It ended by itself or was stopped. Final.
        case stopped = "STOPPED"
        /// It did not end in time, or could not be started. Final.
        case stalled = "STALLED"
    }

    /// Next action.
    public enum Action: Sendable, Hashable {
        /// Start a program.
        case start(id: Int, arguments: [String])
        /// End a program: SIGTERM, then SIGKILL.
        case end(id: Int)
        /// Publish a payload.
        case publish(id: Int, Subject, JSON)
        /// Publish the state of a motion.
        case report(Report)
        /// Answer the one who commanded it.
        case answer(id: Int, CommandResult)
    }

    /// State of a motion, for the motor's wave.
    public struct Report: Sendable, Hashable {
        /// The motion.
        public var id: Int
        /// Its command.
        public var command: String
        /// State.
        public var state: State
        /// Description of its end, or why it could not begin.
        public var reason: String
        /// Time.
        public var at: Timestamp
        /// Lifeforce spent for this step, in LF.
        public var cost: Double
        /// Confidence of the motor: 0.9 for STALLED, which needs attention; 0.3 otherwise.
        public var confidence: Double { state == .stalled ? 0.9 : 0.3 }
        /// The wave's content.
        public var content: JSON {
            ["command": .string(command), "state": .string(state.rawValue), "reason": .string(reason)]
        }
    }

    private struct Running: Sendable {
        var command: String
        var state: State
        var deadline: Timestamp
        var ending: State?
        var reason = ""
    }

    private let settings: MotorSettings
    private var running: [Int: Running] = [:]
    private var next = 1

    /// A motor at rest.
    public init(settings: MotorSettings) { self.settings = settings }

    /// Indicates whether a motion runs.
    public var isBusy: Bool { !running.isEmpty }

    /// The next moment at which a motion will have taken too long.
    public var nextDeadline: Timestamp? { running.values.filter { $0.ending == nil }.map(\.deadline).min() }

    /// A command arrives. The identity that the returned actions carry is that of the motion it began; a refusal has one
    /// of its own.
    public mutating func command(_ command: Command, at: Timestamp) -> (id: Int, actions: [Action]) {
        let id = next
        next += 1
        if command.command == "stop", settings.motions["stop"] == nil { return (id, stop(id)) }
        guard let motion = settings.motions[command.command] else {
            let known = (settings.motions.keys.sorted() + ["stop"]).joined(separator: ", ")
            let name = command.command.prefix(80)
            return (id, [.answer(id: id, Self.refusal("'\(name)' is not configured; this motor knows \(known)"))])
        }
        if command.command != "stop", running.count >= settings.parallel {
            let busy = running.values.map(\.command).sorted().joined(separator: ", ")
            return (id, [.answer(id: id, Self.refusal("busy with \(busy); at most \(settings.parallel) at once"))])
        }
        switch motion {
        case .publish(let subject):
            let ended = command.command == "stop" ? stopAll("stopped by a command") : []
            let report = Report(
                id: id, command: command.command, state: .commanded, reason: "", at: at, cost: Self.cost)
            running[id] = Running(command: command.command, state: .commanded, deadline: deadline(command, at))
            return (
                id,
                ended + [
                    .report(report),
                    .publish(
                        id: id, subject, ["command": .string(command.command), "payload": command.payload]),
                ]
            )
        case .run(let arguments):
            do throws(Refusal) {
                let filled = try Motion.filled(arguments, with: command.payload)
                let report = Report(
                    id: id, command: command.command, state: .commanded, reason: "", at: at, cost: Self.cost)
                running[id] = Running(command: command.command, state: .commanded, deadline: deadline(command, at))
                return (id, [.report(report), .start(id: id, arguments: filled)])
            } catch {
                return (id, [.answer(id: id, Self.refusal(error.description))])
            }
        }
    }

    /// A program was started.
    public mutating func started(_ id: Int, at: Timestamp) -> [Action] {
        guard running[id]?.state == .commanded else { return [] }
        running[id]?.state = .running
        return [report(id, .running, "", at)]
    }

    /// A program could not be started, or a payload not be published.
    public mutating func failed(_ id: Int, reason: String, at: Timestamp) -> [Action] {
        finish(id, .stalled, reason, at, CommandResult(status: .error, error: reason))
    }

    /// A payload was published: nothing is left to wait for.
    public mutating func published(_ id: Int, at: Timestamp) -> [Action] {
        started(id, at: at) + finish(id, .stopped, "published", at, CommandResult(status: .ok))
    }

    /// A program ended.
    ///
    /// - Parameter status: its exit status, or 128 and the number of the signal that ended it.
    public mutating func ended(_ id: Int, status: Int, at: Timestamp) -> [Action] {
        guard let motion = running[id] else { return [] }
        let state = motion.ending ?? .stopped
        let reason = motion.reason.isEmpty ? "exit status \(status)" : motion.reason
        let well = motion.ending == nil && status == 0
        let result = CommandResult(
            status: well ? .ok : .error, result: ["state": .string(state.rawValue), "status": .number(Double(status))],
            error: well ? nil : reason)
        return finish(id, state, reason, at, result)
    }

    /// Time passes: what took too long is ended as STALLED.
    public mutating func advance(to at: Timestamp) -> [Action] {
        running.filter { $0.value.ending == nil && $0.value.deadline <= at }.keys.sorted().map { id in
            running[id]?.ending = .stalled
            running[id]?.reason = "took longer than it may"
            return .end(id: id)
        }
    }

    /// Gives up a motion that timed out.
    public mutating func giveUp(_ id: Int) {
        guard running[id]?.ending == nil else { return }
        running[id]?.ending = .stalled
        running[id]?.reason = "took longer than it may"
    }

    private static let cost = 0.2

    private static func refusal(_ reason: String) -> CommandResult {
        CommandResult(status: .refused, error: reason)
    }

    private func deadline(_ command: Command, _ at: Timestamp) -> Timestamp {
        at.advanced(milliseconds: min(settings.timeout, Double(command.deadlineMilliseconds)))
    }

    private mutating func stop(_ id: Int) -> [Action] {
        let count = running.count
        let result = CommandResult(status: .ok, result: ["stopped": .number(Double(count))])
        return stopAll("stopped by a command") + [.answer(id: id, result)]
    }

    /// Ends whatever runs.
    ///
    /// - Parameter reason: why, for the sender of the command.
    public mutating func stopAll(_ reason: String) -> [Action] {
        running.keys.sorted().compactMap { id in
            guard running[id]?.ending == nil else { return nil }
            running[id]?.ending = .stopped
            running[id]?.reason = reason
            return .end(id: id)
        }
    }

    private mutating func finish(
        _ id: Int, _ state: State, _ reason: String, _ at: Timestamp, _ result: CommandResult
    ) -> [Action] {
        guard running[id] != nil else { return [] }
        let last = report(id, state, reason, at)
        running[id] = nil
        return [last, .answer(id: id, result)]
    }

    private func report(_ id: Int, _ state: State, _ reason: String, _ at: Timestamp) -> Action {
        .report(
            Report(
                id: id, command: running[id]?.command ?? "", state: state, reason: reason, at: at,
                cost: state == .running ? Self.cost : 0))
    }
}

import NimmerCell

/// The motor cell: carries out what the ``Motor`` decides.
public struct MotorController<Program: MotorProgram>: Cell {
    public static var manifest: Manifest { .motor }
    private var motor: Motor
    private var programs: [Int: Program] = [:]
    private var ending: [Int: Timestamp] = [:]
    /// Time for which a program may take to end after SIGTERM, in milliseconds.
    private let terminationTimeout = 1000.0
    public let knownCommands: [String]

    public init(_ settings: Settings<MotorOptions>) throws {
        let settings = try MotorSettings(settings)
        motor = Motor(settings: settings)
        knownCommands = Set(settings.motions.keys).union(["stop"]).sorted()
    }

    public mutating func perform(_ command: Command, _ pulse: inout Pulse) throws -> Answer {
        let (id, actions) = motor.command(command, at: pulse.at)
        if let answer = carryOut(actions, for: id, &pulse) { return answer }
        guard let program = programs[id] else { return .failed("the motion ended without an answer") }
        return .later("motion-\(id)") { ["status": .number(Double(try await program.wait()))] }
    }

    public mutating func finished(
        _ work: String, _ outcome: Result<JSON, any Error>, _ pulse: inout Pulse
    ) throws -> Answer {
        let parts = work.split(separator: "-")
        guard parts.count == 2, let id = Int(parts[1]) else { return .failed("\(work) is no motion") }
        if parts[0] == "start" {
            // One that could not be started shows by the end of its motion.
            if case .success = outcome { _ = carryOut(motor.started(id, at: pulse.at), for: id, &pulse) }
            return .done([:])
        }
        var actions: [Motor.Action] = []
        switch outcome {
        case .success(let result):
            // A short program may have ended before its start was heard of.
            let status = result["status"]?.int ?? 255
            actions = motor.started(id, at: pulse.at) + motor.ended(id, status: status, at: pulse.at)
        case .failure(let refusal as Refusal):
            actions = motor.failed(id, reason: refusal.description, at: pulse.at)
        case .failure:
            // Its deadline has passed: no time for a graceful end.
            programs[id]?.end(forGood: true)
            motor.giveUp(id)
            actions = motor.ended(id, status: 137, at: pulse.at)
        }
        programs[id] = nil
        ending[id] = nil
        return carryOut(actions, for: id, &pulse) ?? .failed("the motion ended without an answer")
    }

    public mutating func wake(_ pulse: inout Pulse) throws {
        let late = motor.advance(to: pulse.at)
        _ = carryOut(late, for: 0, &pulse)
        for (id, since) in ending where pulse.at.milliseconds(since: since) >= terminationTimeout {
            programs[id]?.end(forGood: true)
            ending[id] = nil
        }
        appoint(&pulse)
    }

    public mutating func stop(_ pulse: inout Pulse) {
        for program in programs.values { program.end(forGood: true) }
    }

    /// Waits for the process to be asked to stop, and ends what runs then, so that nothing outlives the cell.
    public static func live(_ host: CellHost<Self>) async throws {
        await host.process.untilStopped()
        host.update { cell, pulse in
            let actions = cell.motor.stopAll("the motor cell stops")
            _ = cell.carryOut(actions, for: 0, &pulse)
        }
    }

    /// Does what the motor decided; returns the answer for one motion, if there is one already.
    private mutating func carryOut(_ actions: [Motor.Action], for asked: Int, _ pulse: inout Pulse) -> Answer? {
        var answer: Answer?
        var rest = actions[...]
        while let action = rest.popFirst() {
            switch action {
            case .start(let id, let arguments):
                // Beside the cell: a start takes as long as the file system that the program is on.
                let program = Program(arguments)
                programs[id] = program
                pulse.begin("start-\(id)") {
                    try await program.start()
                    return [:]
                }
            case .end(let id):
                programs[id]?.end(forGood: false)
                ending[id] = pulse.at
            case .publish(let id, let subject, let payload):
                pulse.publish(subject, payload.bytes)
                rest = motor.published(id, at: pulse.at) + rest
            case .report(let report): publish(report, &pulse)
            case .answer(let id, let result): if id == asked { answer = Self.answer(result) }
            }
        }
        appoint(&pulse)
        return answer
    }

    private mutating func publish(_ report: Motor.Report, _ pulse: inout Pulse) {
        pulse.enter(
            report.state.rawValue, of: "motion-\(report.id)",
            reason: report.reason.isEmpty ? report.command : "\(report.command): \(report.reason)",
            isLast: report.state == .stopped || report.state == .stalled)
        pulse.emit(confidence: report.confidence, report.content, cost: report.cost)
    }

    private func appoint(_ pulse: inout Pulse) {
        let last = ending.values.map { $0.advanced(milliseconds: terminationTimeout) }
        if let next = (last + [motor.nextDeadline].compactMap { $0 }).min() { pulse.wake(at: next) }
    }

    private static func answer(_ result: CommandResult) -> Answer {
        switch result.status {
        case .ok: .done(result.result)
        case .refused: .refused(result.error ?? "refused")
        case .error: .failed(result.error ?? "failed")
        }
    }
}

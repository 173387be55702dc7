import NimmerCell

/// The collision avoidance nerve: hears the distance cells, and asks the motor.
public struct Avoidance: Nerve {
    public static let manifest = Manifest.collisionAvoidance
    private let settings: AvoidanceSettings
    private let sectors: [Token: Sector]
    private let motor: Token?
    private var behaviour: CollisionAvoidance
    private var isMotorDeaf = false

    public init(_ settings: Settings<AvoidanceOptions>) throws {
        self.settings = try AvoidanceSettings(settings)
        sectors = try AvoidanceSettings.cells(settings)
        motor = try settings.motor.map { try Token($0) }
        behaviour = CollisionAvoidance(settings: self.settings)
    }

    public var hears: [Token] { sectors.keys.sorted() }
    public var asks: [Token] { motor.map { [$0] } ?? [] }

    public func evidence(of wave: HeardWave) -> HeardEvidence? {
        guard let sector = sectors[wave.cell], let share = settings.share(of: sector) else { return nil }
        return HeardEvidence(confidence: wave.confidence * share, polarity: wave.polarity)
    }

    public mutating func start(_ pulse: inout Pulse) throws { advance(&pulse) }

    public mutating func wake(_ pulse: inout Pulse) throws { advance(&pulse) }

    public mutating func hear(_ wave: HeardWave, _ pulse: inout Pulse) throws {
        guard let sector = sectors[wave.cell], let obstacle = Obstacle(wave, sector: sector) else { return }
        let actions = behaviour.receive(obstacle, isOpen: pulse.gate == .open)
        carryOut(actions, &pulse)
    }

    public mutating func answered(
        _ command: Command, by cell: Token, _ result: CommandResult, _ pulse: inout Pulse
    ) throws {
        let isDeaf = result.status != .ok
        if isDeaf, !isMotorDeaf {
            pulse.log(
                .warning, "The motor did not do what it was asked",
                ["command": command.command, "motor": cell.text, "reason": result.error ?? ""])
        }
        isMotorDeaf = isDeaf
    }

    private mutating func advance(_ pulse: inout Pulse) {
        let actions = behaviour.advance(to: pulse.at)
        carryOut(actions, &pulse)
    }

    private func carryOut(_ actions: [CollisionAvoidance.Action], _ pulse: inout Pulse) {
        for action in actions {
            switch action {
            case .state(let change):
                pulse.enter(
                    change.to.rawValue, reason: change.reason, cost: change.to.cost,
                    details: change.details)
            case .request(let command):
                if let motor { pulse.send(Command(command: command, deadlineMilliseconds: 10_000), to: motor) }
            case .wave(let confidence, let content): pulse.emit(confidence: confidence, content, cost: 0)
            }
        }
        if let next = behaviour.nextCheck { pulse.wake(at: next) }
    }
}

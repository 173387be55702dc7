import NimmerGate
import NimmerWave

/// The behaviour with its gate, for replay and tests; the live nerve has its gate from the runtime, with the same numbers.
///
/// The gate's weight is 0.9 by default, a declared reflex (gates.md, A wave arrives, 8): one front sensor must be enough.
public struct GatedAvoidance: Sendable {
    /// The behaviour.
    public private(set) var behaviour: CollisionAvoidance
    /// The gate over the distance cells.
    public private(set) var gate: Gate
    private let settings: AvoidanceSettings

    /// A behaviour at rest behind a gate.
    public init(settings: AvoidanceSettings, gate configuration: GateConfiguration = .reflex) {
        self.settings = settings
        behaviour = CollisionAvoidance(settings: settings)
        gate = Gate(configuration)
    }

    /// A distance cell spoke.
    public mutating func receive(_ obstacle: Obstacle) -> [CollisionAvoidance.Action] {
        var transitions: ContiguousArray<Transition> = []
        gate.advance(to: obstacle.at, into: &transitions)
        if let share = settings.share(of: obstacle.sector) {
            let wave = Evidence(
                origin: obstacle.sector.number, region: 0, confidence: obstacle.confidence * share, at: obstacle.at)
            _ = gate.receive(wave, into: &transitions)
        }
        return behaviour.receive(obstacle, isOpen: gate.state == .open)
    }

    /// Time passes.
    public mutating func advance(to moment: Timestamp) -> [CollisionAvoidance.Action] {
        behaviour.advance(to: moment)
    }
}

extension GateConfiguration {
    /// A gate that is trusted at once.
    public static var reflex: GateConfiguration {
        var configuration = GateConfiguration()
        configuration.weight = 0.9
        return configuration
    }
}

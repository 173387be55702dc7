import NimmerGate
import NimmerWave

@testable import CollisionAvoidanceNerve

/// The behaviour with its gate, without a runtime; the live nerve has its gate from the runtime, with the same numbers.
///
/// The gate's weight is 0.9 by default, a declared reflex (gates.md, A wave arrives, 8): one front sensor must be enough.
struct GatedAvoidance: Sendable {
    /// The behaviour.
    private(set) var behaviour: CollisionAvoidance
    /// The gate over the distance cells.
    private(set) var gate: Gate
    private let settings: AvoidanceSettings

    /// A behaviour at rest behind a gate.
    init(settings: AvoidanceSettings, gate configuration: GateConfiguration = .reflex) {
        self.settings = settings
        behaviour = CollisionAvoidance(settings: settings)
        gate = Gate(configuration)
    }

    /// A distance cell spoke.
    mutating func receive(_ obstacle: Obstacle) -> [CollisionAvoidance.Action] {
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
    mutating func advance(to moment: Timestamp) -> [CollisionAvoidance.Action] {
        behaviour.advance(to: moment)
    }
}

extension GateConfiguration {
    /// A gate that is trusted at once.
    static var reflex: GateConfiguration {
        var configuration = GateConfiguration()
        configuration.weight = 0.9
        return configuration
    }
}

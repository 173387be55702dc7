import NimmerBus
import NimmerThalamus
import NimmerWave

extension OpeningRoom {
    /// The room that the streams really have: a small server gives them less than they ask for.
    init(of bus: any Bus, _ env: Environment) async throws(BusError) {
        func seconds(_ stream: String) -> Double {
            (SystemStreams.age(of: stream, env) ?? .seconds(86_400)) / .seconds(1)
        }
        let (transitions, decisions) = (SystemStreams.transitions(env), SystemStreams.decisions(env))
        let usual = OpeningRoom()
        self.init(
            transitions: try await bus.stream(transitions).maximumBytes.map { Double($0) } ?? usual.transitions,
            transitionsAge: seconds(transitions), perGate: Double(SystemStreams.transitionsPerGate),
            decisions: try await bus.stream(decisions).maximumBytes.map { Double($0) } ?? usual.decisions,
            decisionsAge: min(seconds(decisions), usual.decisionsAge))
    }
}

import NimmerBus
import NimmerCognition
import NimmerProcess
import NimmerSystem
import NimmerWave
import Synchronization

/// Publishes for each mind, every two seconds, how it stands (protocol.md, Heartbeat).
struct Heartbeats: Sendable {
    private let owner: BridgeProcess

    init(_ owner: BridgeProcess) { self.owner = owner }

    func run() async {
        guard !owner.settings.minds.isEmpty else { return }
        while !Task.isCancelled {
            let now = Timestamp.now()
            for beat in owner.scheduler.withLock({ $0.heartbeats(at: $0.clock.read(.now())) }) {
                let message = Envelope(id: .v7(), at: now, from: owner.process.source, beat)
                try? owner.bus.publish(.heartbeat(owner.env, mind: beat.mind), payload: message.encoded())
            }
            do { try await Task.sleep(for: .seconds(2)) } catch { return }
        }
    }
}

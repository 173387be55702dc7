import NimmerBus
import NimmerCell
import NimmerWave
import Synchronization

/// A flooding sender that is held back by the server (docs/decisions/0016-a-flood-is-held-back-by-the-server.md): a second connection
/// subscribes to its waves many times, in the queue group in which the thalamus hears all waves once. The server then gives all but
/// one in ``shares`` of them to that connection, which reads slowly and forgets them; and it makes a sender wait whose messages wait.
/// Nobody else's message ever goes to that connection, so nobody else waits.
final class HeldBack: Sendable {
    /// Of so many waves of the sender one still reaches the thalamus.
    private static let shares = 64
    /// What is read of the others, in bytes a second: enough for the server to empty in a few seconds what it keeps for this connection.
    private static let rate = 16 << 20

    /// The cell or nerve, as its subject names it.
    let sender: String
    private let bus: any Bus
    private let count = Atomic<Int>(0)

    private init(_ sender: String, _ bus: any Bus) {
        self.sender = sender
        self.bus = bus
    }

    /// Begins to hold a sender back; nil where that cannot be.
    ///
    /// - Parameter queue: the group in which the thalamus hears all waves.
    static func begin(_ sender: String, for process: ServiceProcess, queue: Token) async throws(BusError) -> HeldBack? {
        guard let name = try? Token(sender), let bus = try await process.connect("-flood", maximumReadRate: rate) else {
            return nil
        }
        let held = HeldBack(sender, bus)
        let pattern = SubjectPattern.waves(process.environment, of: name)
        // Not waited for: what says that the server knows them comes behind what they bring.
        Task {
            await withTaskGroup(of: Void.self) { group in
                for _ in 1..<shares {
                    group.addTask {
                        _ = try? await bus.subscribe(pattern, queue: queue) { [held] _, _, _ in
                            held.count.wrappingAdd(1, ordering: .relaxed)
                        }
                    }
                }
            }
        }
        return held
    }

    /// How many waves have come since the last look.
    func take() -> Int { count.exchange(0, ordering: .relaxed) }

    /// Lets the sender speak again.
    func end() async { await bus.close() }
}

import Logging
import NimmerBus
import NimmerPlatform
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

/// A flooding sender that is held back by the server (docs/decisions/0016-a-flood-is-held-back-by-the-server.md): a second connection
/// subscribes to its waves many times, in the queue group in which the thalamus hears all waves once. The server then gives most of
/// them to that connection, which reads slowly and forgets them; and it makes a sender wait whose messages wait. No other sender's
/// message ever goes to that connection, so no other sender waits.
final class SenderBackpressure: Sendable {
    /// The cell or nerve, as its subject names it.
    let sender: String
    private let rate: Int?
    /// Its subscribing and its watch over the connection.
    private let tasks = TaskOwner()
    private let bus: any Bus
    private let waves = Atomic<Int>(0)
    private let bytes = Atomic<Int>(0)
    private let cut = Atomic<Bool>(false)
    private let lookedAt = Mutex(ContinuousClock.now)
    /// The group in which it takes its share of the sender's waves.
    let queue: Token

    private init(_ sender: String, _ bus: any Bus, _ rate: Int?, _ queue: Token) {
        self.queue = queue
        self.sender = sender
        self.rate = rate
        self.bus = bus
    }

    /// Begins to hold a sender back, so that about ``HeavySender/flood`` of its waves a second still come through.
    ///
    /// - Parameters:
    ///   - waves: what the thalamus hears; it joins a group where it is in none.
    ///   - rate: what is read, in bytes a second; nil: all that comes.
    /// - Throws: a ``BusError`` when there is no second connection.
    static func begin(
        _ sender: HeavySender, for process: ServiceProcess, in waves: WaveSubscription, rate: Int?
    ) async throws(BusError) -> SenderBackpressure {
        guard let name = try? Token(sender.name) else {
            throw BusError(.invalid, "its name is not valid: '\(sender.name)'")
        }
        guard let bus = try await process.connect("-flood", maximumReadRate: rate) else {
            throw BusError(.invalid, "this process opens no connections")
        }
        let queue: Token
        do throws(BusError) { queue = try await waves.join() } catch {
            await bus.close()
            throw error
        }
        let held = SenderBackpressure(sender.name, bus, rate, queue)
        let shares = min(64, max(2, Int(saturating: (sender.wavesPerSecond / HeavySender.flood).rounded(.up))))
        let pattern = SubjectPattern.waves(process.environment, of: name)
        // Not awaited: the confirmation arrives behind their first messages.
        held.tasks.run {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { [weak held] in
                    for await event in bus.events() {
                        switch event {
                        case .disconnected: held?.cut.store(true, ordering: .relaxed)
                        case .failed(let error):
                            process.logger.warning("Cannot hold a sender back", metadata: ["reason": "\(error)"])
                        default: break
                        }
                    }
                }
                for _ in 1..<shares {
                    group.addTask {
                        _ = try? await bus.subscribe(pattern, queue: queue) { [held] _, payload, _ in
                            held.waves.wrappingAdd(1, ordering: .relaxed)
                            held.bytes.wrappingAdd(payload.byteCount, ordering: .relaxed)
                        }
                    }
                }
            }
        }
        return held
    }

    /// Indicates whether the server has given up the connection.
    var wasCut: Bool { cut.load(ordering: .relaxed) }

    /// Takes what has come since the last look. It is still a flood while more comes than needed, or as much as is read.
    func take() -> HeldBackWaves {
        let now = ContinuousClock.now
        let seconds = lookedAt.withLock { last in
            defer { last = now }
            return max(0.001, last.duration(to: now) / .seconds(1))
        }
        let (waves, bytes) = (waves.exchange(0, ordering: .relaxed), bytes.exchange(0, ordering: .relaxed))
        let isFull = rate.map { Double(bytes) / seconds > Double($0) / 2 } ?? false
        return HeldBackWaves(count: waves, isFlood: isFull || Double(waves) / seconds > HeavySender.flood)
    }

    /// Lets the sender speak again. Returns at once: a connection that the server has given up may take seconds to end.
    ///
    /// - Parameter closing: owns the closing.
    func end(in closing: TaskOwner) {
        tasks.cancelAll()
        closing.run { [bus] in await bus.close() }
    }
}

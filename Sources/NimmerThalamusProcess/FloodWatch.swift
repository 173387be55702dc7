import Logging
import NimmerBus
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

/// Finds out once a second who speaks most, and how long a wave waits here: as long as a message to ourselves. Who floods while others
/// wait is held back.
struct FloodWatch {
    private let owner: ThalamusProcess
    private let waves: WaveSubscription
    private var process: ServiceProcess { owner.process }
    private var held: [String: SenderBackpressure] = [:]
    private var holding = FloodHolding()
    private var flooding: Set<String> = []

    init(_ owner: ThalamusProcess, _ waves: WaveSubscription) {
        self.owner = owner
        self.waves = waves
    }

    /// Until the task is cancelled.
    consuming func run() async {
        var watch = self
        while (try? await Task.sleep(for: .seconds(1))) != nil { await watch.look() }
        for held in watch.held.values { held.end(in: watch.owner.tasks) }
    }

    private mutating func look() async {
        let lag = await lag()
        let reading = ClockReading.now()
        let heldBack = held.mapValues { $0.take() }
        let (heaviest, floods, quietened) = owner.thalamus.withLock { thalamus in
            thalamus.listenForFloods(
                at: thalamus.clock.read(reading), lag: lag / .milliseconds(1), heldBack: heldBack)
            return (thalamus.loudestSenders, thalamus.floods, thalamus.quietened)
        }
        for flood in floods where !flooding.contains(flood.name) {
            process.logger.warning(
                "A sender floods the bus",
                metadata: ["sender": "\(flood.name)", "rate": "\(flood.words)"])
        }
        flooding = Set(floods.map(\.name) + quietened)
        await hold(heaviest, quietened)
    }

    /// Round-trip time of a message to ourselves; one that cannot be sent is no measure of others.
    private func lag() async -> Duration {
        let limit = Duration.seconds(2)
        guard process.bus.status.isConnected else { return .zero }
        do throws(BusError) { return try await process.bus.flush(timeout: limit) } catch {
            return error.code == .timeout && process.bus.status.isConnected ? limit : .zero
        }
    }

    /// Holds back the throttled senders, and no others.
    private mutating func hold(_ heaviest: [HeavySender], _ quietened: [String]) async {
        let actions = holding.decide(
            held: held.map { name, one in
                .init(sender: name, wasCut: one.wasCut, isInGroup: one.queue == waves.group)
            }, quietened: quietened, heaviest: heaviest.map(\.name),
            reconnects: process.bus.status.counters.reconnects, at: .now())
        for action in actions {
            switch action {
            case .end(let name, let isOver):
                held.removeValue(forKey: name)?.end(in: owner.tasks)
                if isOver {
                    process.logger.notice("Holds a sender back no more", metadata: ["sender": "\(name)"])
                }
            case .leaveGroup: try? await waves.leave()
            case .begin(let name, let rate):
                guard let sender = heaviest.first(where: { $0.name == name }) else { continue }
                await begin(sender, rate: rate)
            }
        }
        owner.heldBack.withLock { [held] in $0 = Set(held.keys) }
    }

    private mutating func begin(_ sender: HeavySender, rate: Int?) async {
        do throws(BusError) {
            held[sender.name] = try await SenderBackpressure.begin(sender, for: process, in: waves, rate: rate)
            process.logger.notice(
                "Holds a sender back, so that the others get through",
                metadata: ["sender": "\(sender.name)", "bytes_per_second": "\(rate.map { "\($0)" } ?? "any")"])
        } catch {
            // One that is away comes back.
            if error.code == .notConnected || error.code == .timeout { return }
            process.logger.warning(
                "Cannot hold a sender back", metadata: ["sender": "\(sender.name)", "reason": "\(error)"])
            holding.failed(sender.name, at: .now())
        }
    }
}

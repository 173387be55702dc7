import Logging
import NimmerBus
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

/// Finds out once a second who speaks most, and how long a wave waits here: as long as a message to ourselves. Who floods while others
/// wait is held back.
struct FloodWatch {
    /// How long somebody is not held back after that has failed.
    private static let pause = Duration.seconds(30)

    private let owner: ThalamusProcess
    private let waves: WaveSubscription
    private var process: ServiceProcess { owner.process }
    private var held: [String: HeldBack] = [:]
    /// How often a server has given up a connection that held somebody back.
    private var cuts = 0
    /// How often the process's own connection was made anew.
    private var reconnects: UInt64 = 0
    /// Who cannot be held back, and when that is tried again.
    private var failed: [String: ContinuousClock.Instant] = [:]
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
        let (loudest, floods, quietened) = owner.thalamus.withLock { thalamus in
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
        await hold(loudest.filter { quietened.contains($0.name) }, quietened)
    }

    /// How long a message to ourselves takes; one that cannot travel says nothing of how long others wait.
    private func lag() async -> Duration {
        let limit = Duration.seconds(2)
        guard process.bus.status.isConnected else { return .zero }
        do throws(BusError) { return try await process.bus.flush(timeout: limit) } catch {
            return error.code == .timeout && process.bus.status.isConnected ? limit : .zero
        }
    }

    /// Holds back who is to be heard less, and nobody else.
    private mutating func hold(_ loudest: [LoudSender], _ quietened: [String]) async {
        let connections = process.bus.status.counters.reconnects
        for (name, one) in held where !quietened.contains(name) || one.wasCut || one.queue != waves.group {
            // A server that has gone has given up nobody.
            if one.wasCut, connections == reconnects { cuts += 1 }
            one.end(in: owner.tasks)
            held[name] = nil
            guard !quietened.contains(name) else { continue }
            process.logger.notice("Holds a sender back no more", metadata: ["sender": "\(name)"])
        }
        reconnects = connections
        if quietened.isEmpty {
            cuts = 0
            try? await waves.leave()
        }
        for sender in loudest where held[sender.name] == nil && isDue(sender.name) {
            do throws(BusError) {
                let rate = HeldBack.rates[min(cuts, HeldBack.rates.count - 1)]
                held[sender.name] = try await HeldBack.begin(sender, for: process, in: waves, rate: rate)
                process.logger.notice(
                    "Holds a sender back, so that the others get through",
                    metadata: ["sender": "\(sender.name)", "bytes_per_second": "\(rate.map { "\($0)" } ?? "any")"])
            } catch {
                // One that is away comes back.
                if error.code == .notConnected || error.code == .timeout { continue }
                process.logger.warning(
                    "Cannot hold a sender back", metadata: ["sender": "\(sender.name)", "reason": "\(error)"])
                failed[sender.name] = .now.advanced(by: Self.pause)
            }
        }
        owner.heldBack.withLock { [held] in $0 = Set(held.keys) }
    }

    private mutating func isDue(_ name: String) -> Bool {
        let now = ContinuousClock.now
        failed = failed.filter { $0.value > now }
        return failed[name] == nil
    }
}

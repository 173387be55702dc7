import NimmerBus
import NimmerCell
import NimmerThalamus
import NimmerWave
import Synchronization

/// Finds out once a second who speaks most, and how long a wave waits here: as long as a message to ourselves. Who floods while others
/// wait is held back.
struct FloodWatch {
    /// How long nobody is held back after that has failed.
    private static let pause = Duration.seconds(30)

    private let owner: ThalamusProcess
    private let waves: WaveSubscription
    private var process: ServiceProcess { owner.process }
    private var held: HeldBack?
    private var queue: Token?
    /// How often a server has given up a connection that held somebody back.
    private var cuts = 0
    private var retryAt = ContinuousClock.now
    private var flooding: String?

    init(_ owner: ThalamusProcess, _ waves: WaveSubscription) {
        self.owner = owner
        self.waves = waves
    }

    /// Until the task is cancelled.
    consuming func run() async {
        var watch = self
        while (try? await Task.sleep(for: .seconds(1))) != nil { await watch.look() }
        watch.held?.end()
    }

    private mutating func look() async {
        let lag = await lag()
        let reading = ClockReading.now()
        let (loudest, quietened) = owner.thalamus.withLock { thalamus in
            thalamus.listenForFloods(
                at: thalamus.clock.read(reading), lag: lag / .milliseconds(1), heldBack: held?.take())
            return (thalamus.loudestSenders, thalamus.quietened)
        }
        let flood = loudest.first { $0.isFlooding || $0.name == quietened }
        await hold(quietened == nil ? nil : flood, quietened)
        if let flood, flood.name != flooding {
            process.logger.warning(
                "A sender floods the bus",
                metadata: [
                    "sender": "\(flood.name)", "rate": "\(flood.words)", "held_back": "\(held?.sender == flood.name)",
                ])
        }
        flooding = flood?.name
    }

    /// How long a message to ourselves takes; one that cannot travel says nothing of how long others wait.
    private func lag() async -> Duration {
        let limit = Duration.seconds(2)
        guard process.bus.status.isConnected else { return .zero }
        do throws(BusError) { return try await process.bus.flush(timeout: limit) } catch {
            return error.code == .timeout ? limit : .zero
        }
    }

    /// Holds back who is to be heard less, and nobody else.
    private mutating func hold(_ flood: LoudSender?, _ quietened: String?) async {
        if let held, held.sender != quietened || held.wasCut {
            if held.wasCut { cuts += 1 }
            held.end()
            self.held = nil
        }
        do throws(BusError) {
            if quietened == nil {
                cuts = 0
                if queue != nil { try await waves.leave() }
                queue = nil
            } else if held == nil, let flood, flood.name == quietened, ContinuousClock.now >= retryAt {
                let queue = if let queue { queue } else { try await waves.join() }
                self.queue = queue
                let rate = HeldBack.rates[min(cuts, HeldBack.rates.count - 1)]
                held = try await HeldBack.begin(flood, for: process, queue: queue, rate: rate)
            }
        } catch {
            process.logger.warning("Cannot hold a sender back", metadata: ["reason": "\(error)"])
            retryAt = .now.advanced(by: Self.pause)
        }
        owner.heldBack.withLock { [held] in $0 = held?.sender }
    }
}

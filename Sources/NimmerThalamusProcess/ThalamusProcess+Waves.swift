import NimmerBus
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

// From the bytes of a wave to the verdict, on the delivery thread.

extension ThalamusProcess {
    /// Hears every wave of the environment; those who share the regions hear each wave once between them, and sort it.
    func hear(_ shards: Shards?) async throws(BusError) -> WaveSubscription {
        let pattern = SubjectPattern.waves(process.environment)
        guard let shards else {
            return try await WaveSubscription { [self] queue async throws(BusError) in
                try await bus.subscribe(pattern, queue: queue) { [self] subject, payload, arrival in
                    receive(subject, payload, arrival)
                }
            }
        }
        return try await WaveSubscription(sharedBy: shards.group) { [self] queue async throws(BusError) in
            try await bus.subscribe(pattern, queue: queue) { [self] subject, payload, arrival in
                do throws(Refusal) {
                    if isTooMany(subject, arrival) { return }
                    guard let part = try shards.sort(payload, arrival) else { return }
                    if !judge(subject, payload, arrival, if: { shards.judges(part) }) { shards.missed() }
                } catch {
                    announcer.reject(error, arrival)
                }
            }
        }
    }

    /// Hears waves together with those who live: when one comes, goes or falls silent, the others meet in another group. One that is
    /// stopped, or whose connection has died silently, stays in the old one, and takes no waves with it.
    func keepTogether(_ waves: WaveSubscription, _ shards: Shards) async {
        while (try? await Task.sleep(for: .milliseconds(200))) != nil {
            do throws(BusError) { try await waves.share(as: shards.group) } catch { continue }
        }
    }

    /// Judges a wave if a condition holds under the lock of the gates: whether this thalamus still has the wave's part, which it
    /// gives up under the same lock.
    func judge(
        _ subject: RawSpan, _ payload: RawSpan, _ arrival: Arrival, if isAllowed: () -> Bool
    ) -> Bool {
        do throws(Refusal) {
            let (isJudged, waiting) = try settle { (thalamus) throws(Refusal) -> (Bool, Waiting?) in
                guard isAllowed() else { return (false, nil) }
                let at = thalamus.clock.arrival(arrival.at, ClockReading.now)
                let verdict = try thalamus.receive(subject: subject, payload: payload, arrival: at)
                return (true, verdict.isHeld ? thalamus.takeWaiting() : nil)
            }
            if let waiting { hold(waiting, arrival) }
            return isJudged
        } catch {
            announcer.reject(error, arrival)
            return true
        }
    }

    /// Notices who speaks among those whose waves are sorted; whether the wave is passed over.
    func isTooMany(_ subject: RawSpan, _ arrival: Arrival) -> Bool {
        thalamus.withLock { thalamus in
            let at = thalamus.clock.arrival(arrival.at, ClockReading.now)
            return thalamus.passesOver(subject: subject, arrival: at)
        }
    }

    /// The hot path: from the bytes to the verdict, and where something follows, to the first attempt to publish it.
    func receive(_ subject: RawSpan, _ payload: RawSpan, _ arrival: Arrival) {
        do throws(Refusal) {
            let waiting = try settle { (thalamus) throws(Refusal) -> Waiting? in
                let at = thalamus.clock.arrival(arrival.at, ClockReading.now)
                if thalamus.passesOver(subject: subject, arrival: at) { return nil }
                let verdict = try thalamus.receive(subject: subject, payload: payload, arrival: at)
                return verdict.isHeld ? thalamus.takeWaiting() : nil
            }
            if let waiting { hold(waiting, arrival) }
        } catch {
            announcer.reject(error, arrival)
        }
    }

    /// Waves and regions that the gates cannot judge yet.
    private typealias Waiting = (fresh: [Region], elsewhere: [(gate: GateID, wave: WaitingWave)])

    /// Hands on what the gates cannot judge yet; only where regions join.
    @inline(never)
    private func hold(_ waiting: Waiting, _ arrival: Arrival) {
        let hops = waiting.elsewhere.isEmpty ? 0 : Int(arrival.message().headers[Shards.hops] ?? "") ?? 0
        regionHomes?.hold(waiting, hops: hops)
    }
}

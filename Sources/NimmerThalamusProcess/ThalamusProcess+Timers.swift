import NimmerBus
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

// What happens because time passes: gates release, attention is published.

extension ThalamusProcess {
    /// Lets gates release at their time. While none is open or closed nothing runs; while some are, the timer looks again at
    /// least five times a second, so that a gate which opened meanwhile and releases earlier is at most that late (its
    /// transition carries the exact time in any case).
    func release() async {
        let clock = ContinuousClock()
        for await _ in openings {
            timerIsIdle.store(false, ordering: .sequentiallyConsistent)
            while !Task.isCancelled {
                let (release, now) = thalamus.withLock { ($0.nextRelease, $0.clock.read(.now())) }
                guard let next = release else {
                    timerIsIdle.store(true, ordering: .sequentiallyConsistent)
                    // One that opened just before the timer was seen as idle must not be missed.
                    if thalamus.withLock({ $0.nextRelease }) == nil { break }
                    timerIsIdle.store(false, ordering: .sequentiallyConsistent)
                    continue
                }
                let wait = min(next.nanoseconds(since: now).addingSaturated(1), 200_000_000)
                if wait > 0 {
                    do { try await clock.sleep(for: .nanoseconds(wait)) } catch { return }
                }
                settle { $0.advance(to: $0.clock.read(.now())) }
            }
        }
    }

    /// Publishes Attention once a second.
    func attend(_ waves: WaveSubscription) async {
        let clock = ContinuousClock()
        var before = (waves: 0, lost: UInt64(0), at: clock.now)
        while !Task.isCancelled {
            do { try await clock.sleep(for: .seconds(1)) } catch { return }
            let lost = waves.lost
            let seconds = before.at.duration(to: clock.now) / .seconds(1)
            let reading = ClockReading.now()
            let attention = thalamus.withLock { thalamus in
                let now = thalamus.clock.read(reading)
                return thalamus.attention(
                    at: now, wavesPerSecond: Double(thalamus.counters.waves - before.waves) / seconds, lost: Int(lost),
                    lostLately: Int(lost - before.lost))
            }
            before = (attention.waves, lost, clock.now)
            announcer.publish(attention, at: reading.wall)
        }
    }
}

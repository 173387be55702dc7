import CoreMetrics
import Synchronization

/// A number behind a swift-metrics counter or gauge.
final class Number: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    private func change(_ next: (Double) -> Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = next(Double(bitPattern: old)).bitPattern
            let (isDone, seen) = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if isDone { return }
            old = seen
        }
    }

    func increment(by amount: Int64) { change { $0 + Double(amount) } }
    func increment(by amount: Double) { change { $0 + amount } }
    func decrement(by amount: Double) { change { $0 - amount } }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func reset() { set(0.0) }
}

/// Distribution of values: behind a swift-metrics recorder or timer.
final class Distribution: RecorderHandler, TimerHandler {
    struct Totals {
        var counts: [UInt64]
        var sum = 0.0
        var count: UInt64 = 0
    }

    /// The upper bounds of the buckets, rising.
    let bounds: [Double]
    private let totals: Mutex<Totals>

    init(bounds: [Double]) {
        self.bounds = bounds
        totals = Mutex(Totals(counts: Array(repeating: 0, count: bounds.count)))
    }

    var now: Totals { totals.withLock { $0 } }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        let bucket = bounds.firstIndex { value <= $0 }
        totals.withLock { totals in
            if let bucket { totals.counts[bucket] += 1 }
            totals.sum += value
            totals.count += 1
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }
}

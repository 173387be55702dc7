import CoreMetrics
import Synchronization

/// Everything that a process measures, and the backend of swift-metrics.
///
/// Two sources. Existing counters are read at each scrape (``collect(_:)``), so that counting costs nothing on a
/// hot path. What has a duration or a size is recorded as it happens, with the instruments of swift-metrics:
///
/// ```swift
/// process.metrics.describe("nimmer_mind_seconds", "How long the mind took.")
/// let timer = Timer(label: "nimmer_mind_seconds", dimensions: [("mind", model)], factory: process.metrics)
/// timer.recordNanoseconds(took)
/// ```
///
/// Counters end in `_total` and timers in `_seconds`; what does not is given the ending. The same label and dimensions
/// are the same instrument. At most ``limit`` series are kept, so that a label made from what others send cannot fill
/// the memory; what is over is measured into the void and counted in `nimmer_metrics_over_limit_total`.
public final class MetricsRegistry: MetricsFactory {
    /// The most series of instruments.
    public static let limit = 2_000
    /// The bounds of durations, in seconds, unless described otherwise.
    public static let durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
    /// The bounds of sizes unless described otherwise.
    public static let sizes: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000]

    private struct Series: Hashable {
        let name: String
        let labels: [String]
    }

    private enum Instrument {
        case counter(Number)
        case gauge(Number)
        case distribution(Distribution)
    }

    private struct State {
        var instruments: [Series: Instrument] = [:]
        var order: [Series] = []
        var help: [String: String] = [:]
        var bounds: [String: [Double]] = [:]
        var collectors: [@Sendable (inout MetricsPage) -> Void] = []
        var overLimit = 0
    }

    private let state = Mutex(State())

    /// A registry with nothing in it.
    public init() {}

    /// Adds what writes numbers down whenever the page is asked for; runs on the page's thread, must not block.
    public func collect(_ write: @escaping @Sendable (inout MetricsPage) -> Void) {
        state.withLock { $0.collectors.append(write) }
    }

    /// Declares what an instrument measures, and in which buckets.
    public func describe(_ name: String, _ help: String, buckets: [Double]? = nil) {
        state.withLock { state in
            state.help[name] = help
            if let buckets { state.bounds[name] = buckets.sorted() }
        }
    }

    /// The page as of now.
    public var page: MetricsPage {
        let (collectors, order, instruments, help, overLimit) = state.withLock {
            ($0.collectors, $0.order, $0.instruments, $0.help, $0.overLimit)
        }
        var page = MetricsPage()
        for collector in collectors { collector(&page) }
        for series in order {
            let labels = stride(from: 0, to: series.labels.count, by: 2).map {
                (key: series.labels[$0], value: series.labels[$0 + 1])
            }
            let help = help[series.name] ?? ""
            switch instruments[series] {
            case .counter(let number): page.add(series.name, .counter, help, number.value, labels)
            case .gauge(let number): page.add(series.name, .gauge, help, number.value, labels)
            case .distribution(let distribution): page.add(series.name, help, distribution, labels)
            case nil: break
            }
        }
        page.counter(
            "nimmer_metrics_over_limit_total", "Instruments that found no room among the series.", overLimit)
        return page
    }

    // MARK: The backend of swift-metrics

    /// The number behind a counter.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        number(ending(label, "_total"), dimensions, isCounter: true)
    }

    /// The number behind a counter of fractions.
    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        number(ending(label, "_total"), dimensions, isCounter: true)
    }

    /// The number behind a meter.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        number(label, dimensions, isCounter: false)
    }

    /// The distribution behind a recorder, or the number behind a gauge.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        aggregate
            ? distribution(label, dimensions, standard: Self.sizes) : number(label, dimensions, isCounter: false)
    }

    /// The distribution behind a timer, in seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        distribution(ending(label, "_seconds"), dimensions, standard: Self.durations)
    }

    /// Keeps the total: a counter that leaves the page and comes back would look like a restart.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// Keeps the total.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    /// Forgets the meter.
    public func destroyMeter(_ handler: any MeterHandler) { forget(handler) }
    /// Forgets a gauge; keeps a distribution.
    public func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }
    /// Keeps the distribution.
    public func destroyTimer(_ handler: any TimerHandler) {}

    private func forget(_ handler: AnyObject) {
        state.withLock { state in
            guard
                let series = state.order.first(where: { series in
                    if case .gauge(let number) = state.instruments[series] { number === handler } else { false }
                })
            else { return }
            state.instruments[series] = nil
            state.order.removeAll { $0 == series }
        }
    }

    private func ending(_ label: String, _ ending: String) -> String {
        label.hasSuffix(ending) ? label : label + ending
    }

    private func number(_ name: String, _ dimensions: [(String, String)], isCounter: Bool) -> Number {
        let found = instrument(name, dimensions) { _ in
            let number = Number()
            return isCounter ? .counter(number) : .gauge(number)
        }
        switch found {
        case .counter(let number), .gauge(let number): return number
        case .distribution: return Number()
        }
    }

    private func distribution(
        _ name: String, _ dimensions: [(String, String)], standard: [Double]
    ) -> Distribution {
        let found = instrument(name, dimensions) { .distribution(Distribution(bounds: $0 ?? standard)) }
        if case .distribution(let distribution) = found { return distribution }
        return Distribution(bounds: standard)
    }

    private func instrument(
        _ name: String, _ dimensions: [(String, String)], make: ([Double]?) -> Instrument
    ) -> Instrument {
        let labels = dimensions.sorted { $0.0 < $1.0 }.flatMap { [$0.0, $0.1] }
        let series = Series(name: name, labels: labels)
        return state.withLock { state in
            if let known = state.instruments[series] { return known }
            let made = make(state.bounds[name])
            guard state.order.count < Self.limit else {
                state.overLimit += 1
                return made
            }
            state.instruments[series] = made
            state.order.append(series)
            return made
        }
    }
}

extension MetricsPage {
    mutating func add(
        _ name: String, _ help: String, _ distribution: Distribution, _ labels: [(key: String, value: String)]
    ) {
        let totals = distribution.now
        var below: UInt64 = 0
        for (bound, count) in zip(distribution.bounds, totals.counts) {
            below += count
            let at = labels + [(key: "le", value: MetricsPage.written(bound))]
            add(name, .histogram, help, Double(below), at, suffix: "_bucket")
        }
        let all = labels + [(key: "le", value: "+Inf")]
        add(name, .histogram, help, Double(totals.count), all, suffix: "_bucket")
        add(name, .histogram, help, totals.sum, labels, suffix: "_sum")
        add(name, .histogram, help, Double(totals.count), labels, suffix: "_count")
    }
}

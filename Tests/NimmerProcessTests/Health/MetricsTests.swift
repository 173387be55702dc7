import CoreMetrics
import Testing

@testable import NimmerProcess

@Suite("Metrics")
struct MetricsTests {
    private func text(_ registry: MetricsRegistry) -> [String] {
        String(decoding: registry.page.bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test("samples of one name stand together under one head, in whatever order they were written")
    func families() {
        let registry = MetricsRegistry()
        registry.collect { page in
            page.counter("a_total", "All a.", 1, ["of": "x"])
            page.gauge("b", "The b.", 0.5)
        }
        registry.collect { page in page.counter("a_total", "All a.", 2, ["of": "y"]) }
        #expect(
            text(registry).prefix(6) == [
                "# HELP a_total All a.", "# TYPE a_total counter", "a_total{of=\"x\"} 1", "a_total{of=\"y\"} 2",
                "# HELP b The b.", "# TYPE b gauge",
            ])
    }

    @Test("what the format forbids is written in letters that it allows")
    func escapes() {
        var page = MetricsPage()
        page.gauge("9 lives-left", "back\\slash\nand line", 1, ["the label": "a \"quoted\"\\\n"])
        #expect(
            String(decoding: page.bytes, as: UTF8.self) == """
                # HELP _9_lives_left back\\\\slash\\nand line
                # TYPE _9_lives_left gauge
                _9_lives_left{the_label="a \\"quoted\\"\\\\\\n"} 1

                """)
    }

    @Test("numbers are written as Prometheus reads them")
    func numbers() {
        #expect(MetricsPage.written(.infinity) == "+Inf")
        #expect(MetricsPage.written(-.infinity) == "-Inf")
        #expect(MetricsPage.written(.nan) == "NaN")
        #expect(MetricsPage.written(3) == "3")
        #expect(MetricsPage.written(0.1) == "0.1")
        #expect(MetricsPage.written(1e300) == "1e+300")
    }

    @Test("instruments of swift-metrics of one label and dimensions are one series")
    func instruments() {
        let registry = MetricsRegistry()
        registry.describe("calls_total", "Calls.")
        Counter(label: "calls", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment(by: 2)
        Counter(label: "calls_total", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
        FloatingPointCounter(label: "cost", factory: registry).increment(by: 0.25)
        let gauge = Gauge(label: "level", factory: registry)
        gauge.record(7)
        let lines = text(registry)
        #expect(lines.contains("# HELP calls_total Calls."))
        #expect(lines.contains("calls_total{a=\"1\",b=\"2\"} 3"))
        #expect(lines.contains("cost_total 0.25"))
        #expect(lines.contains("level 7"))
        gauge.destroy()
        #expect(!text(registry).contains("level 7"))
    }

    @Test("a timer is a histogram in seconds: each bucket holds all that is not above its bound")
    func histograms() {
        let registry = MetricsRegistry()
        registry.describe("took_seconds", "How long.", buckets: [1, 0.1])
        let timer = Timer(label: "took", factory: registry)
        for milliseconds in [50, 100, 500, 2_000] { timer.recordMilliseconds(milliseconds) }
        let lines = text(registry)
        #expect(lines.contains("# TYPE took_seconds histogram"))
        #expect(lines.contains("took_seconds_bucket{le=\"0.1\"} 2"))
        #expect(lines.contains("took_seconds_bucket{le=\"1\"} 3"))
        #expect(lines.contains("took_seconds_bucket{le=\"+Inf\"} 4"))
        #expect(lines.contains("took_seconds_sum 2.65"))
        #expect(lines.contains("took_seconds_count 4"))
    }

    @Test("labels made from what strangers send cannot fill the memory")
    func bounded() {
        let registry = MetricsRegistry()
        for number in 0..<(MetricsRegistry.limit + 10) {
            Counter(label: "by", dimensions: [("who", "\(number)")], factory: registry).increment()
        }
        let lines = text(registry)
        #expect(lines.count { $0.hasPrefix("by_total") } == MetricsRegistry.limit)
        #expect(lines.contains("nimmer_metrics_over_limit_total 10"))
    }

    @Test("a process reads its numbers from /proc, whatever its name is")
    func process() {
        let stat = "77 (a) name (x) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 3 0 4200 9999 1234 0"
        #expect(ProcessMetrics.field(14, of: stat) == 150)
        #expect(ProcessMetrics.field(24, of: stat) == 1234)
        #expect(ProcessMetrics.field(99, of: stat) == nil)
        #expect(ProcessMetrics.startTime(stat: stat, bootTime: "cpu 1\nbtime 1000\n", ticksPerSecond: 100) == 1042)
        var page = MetricsPage()
        ProcessMetrics.collect(into: &page)
        let names = String(decoding: page.bytes, as: UTF8.self).split(separator: "\n").map { $0.prefix { $0 != " " } }
        for name in ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds"] {
            #expect(names.contains { $0 == name }, "\(name)")
        }
    }
}

import Glibc
import NimmerBus
import NimmerPlatform

/// Metrics of every process, under the names that Prometheus' own clients use.
enum ProcessMetrics {
    /// Start time of the process, since the epoch, in seconds; nil where /proc does not show it.
    static func startTime(stat: String, bootTime: String, ticksPerSecond: Double) -> Double? {
        guard let line = bootTime.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
            let boot = Double(line.dropFirst(6)), let ticks = field(22, of: stat)
        else { return nil }
        return boot + ticks / ticksPerSecond
    }

    /// A field of /proc/<pid>/stat, counted from 1 as its manual does; the name in parentheses may hold anything.
    static func field(_ number: Int, of stat: String) -> Double? {
        guard let name = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: name)...].split(separator: " ")
        return number >= 3 && number - 3 < fields.count ? Double(fields[number - 3]) : nil
    }

    static func collect(into page: inout MetricsPage) {
        let stat = (SmallFile.read("/proc/self/stat") ?? "")
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        if let user = field(14, of: stat), let system = field(15, of: stat), ticks > 0 {
            page.counter(
                "process_cpu_seconds_total", "Processor time spent, in seconds.", (user + system) / ticks)
        }
        if let pages = field(24, of: stat) {
            page.gauge(
                "process_resident_memory_bytes", "Resident memory, in bytes.",
                pages * Double(sysconf(Int32(_SC_PAGESIZE))))
        }
        if let threads = field(20, of: stat) { page.gauge("process_threads", "Threads of the process.", threads) }
        if let start = startTime(stat: stat, bootTime: (SmallFile.read("/proc/stat") ?? ""), ticksPerSecond: ticks) {
            page.gauge("process_start_time_seconds", "When the process started, in seconds since 1970.", start)
        }
        let files = SmallFile.names(in: "/proc/self/fd").count - 1  // the folder itself
        if files >= 0 { page.gauge("process_open_fds", "Open files and sockets.", files) }
    }

    static func collect(_ status: BusStatus, into page: inout MetricsPage) {
        let counters = status.counters
        page.gauge("nimmer_bus_connected", "Whether the nats-server is connected.", status.isConnected ? 1 : 0)
        page.counter("nimmer_bus_messages_in_total", "Messages received.", counters.messagesIn)
        page.counter("nimmer_bus_messages_out_total", "Messages published.", counters.messagesOut)
        page.counter("nimmer_bus_bytes_in_total", "Payload bytes received.", counters.bytesIn)
        page.counter("nimmer_bus_bytes_out_total", "Payload bytes published.", counters.bytesOut)
        page.counter("nimmer_bus_lost_total", "Messages dropped because a handler was too slow.", counters.lost)
        page.counter("nimmer_bus_reconnects_total", "How often the connection came back.", counters.reconnects)
        page.counter("nimmer_bus_refused_total", "Publications that the bus refused.", counters.refused)
        page.counter(
            "nimmer_bus_not_permitted_total", "What the server's permissions refused.", counters.notPermitted)
        page.counter(
            "nimmer_bus_replies_refused_total", "Answers that did not leave, since the request named no inbox.",
            counters.repliesRefused)
        page.counter(
            "nimmer_bus_headers_cut_total", "Messages with more headers than are read, read without them.",
            counters.headersCut)
    }
}

extension MetricsPage {
    /// Adds the counters of every process that works with waves: read, sent, lost and refused.
    public mutating func waves(in read: Int, out sent: Int? = nil, lost: Int, rejected: Int) {
        counter("nimmer_waves_in_total", "Waves read.", read)
        if let sent { counter("nimmer_waves_out_total", "Waves sent.", sent) }
        counter("nimmer_waves_lost_total", "Waves that could not be published, or that came too fast to be read.", lost)
        counter("nimmer_rejected_total", "Messages refused because they could not be understood.", rejected)
    }

    /// Adds the state of one gate.
    ///
    /// - Parameters:
    ///   - name: the gate.
    ///   - region: the region that it gathers.
    ///   - state: -1 closed, 0 stable, 1 open.
    ///   - potential: its potential now, -1 to 1.
    ///   - weight: trust earned, 0 to 1.
    ///   - witnesses: origins in its window.
    public mutating func gate(
        _ name: String, region: String, state: Int, potential: Double, weight: Double, witnesses: Int
    ) {
        gauge("nimmer_gate_state", "-1 closed, 0 stable, 1 open.", state, ["gate": name, "region": region])
        gauge("nimmer_gate_potential", "Evidence that the gate holds.", potential, ["gate": name, "region": region])
        gauge("nimmer_gate_weight", "Trust of the gate.", weight, ["gate": name, "region": region])
        gauge("nimmer_gate_witnesses", "Origins within its window.", witnesses, ["gate": name, "region": region])
    }
}

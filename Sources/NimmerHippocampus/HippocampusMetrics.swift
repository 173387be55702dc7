import NimmerMemory
import NimmerProcess

extension HippocampusStatus {
    /// Maximum number of regions on the page.
    private static let shownRegions = 500

    /// Writes the metrics of the hippocampus for `/metrics`, beside the sizes and times of its commits.
    package func measure(into page: inout MetricsPage) {
        page.counter("nimmer_rows_stored_total", "Rows that are new in long-term memory.", stored)
        page.counter("nimmer_rows_known_total", "Rows that were there already.", known)
        page.counter("nimmer_rows_set_aside_total", "Rows that the store could not hold.", setAside)
        page.counter("nimmer_rejected_total", "Messages refused because they could not be understood.", rejected)
        page.counter("nimmer_traces_dropped_total", "Traces dropped while the store was unavailable.", tracesDropped)
        page.counter("nimmer_commits_total", "Writes that were committed.", batches)
        page.gauge("nimmer_rows_held", "Messages that wait for their commit.", held)
        page.gauge(
            "nimmer_database_connected", "Whether the database is there and takes rows.", trouble == nil ? 1 : 0)
        if let trouble {
            page.gauge(
                "nimmer_database_trouble", "Why the database takes no rows, while it takes none.", 1,
                ["reason": trouble.code.rawValue])
        }
        // Those with most first, and a bound: regions are as many as senders name.
        let order = today.sorted {
            (abs($1.spent) + abs($1.earned), $0.region) < (abs($0.spent) + abs($0.earned), $1.region)
        }
        for day in order.prefix(Self.shownRegions) {
            for (by, amount) in [
                ("cells", day.cells), ("nerves", day.nerves), ("minds", day.minds), ("organs", day.organs),
            ] {
                page.gauge(
                    "nimmer_lifeforce_spent_today",
                    "Lifeforce spent in a region today (UTC), of the 500 regions with most.",
                    amount, ["region": day.region, "by": by])
            }
            page.gauge(
                "nimmer_lifeforce_earned_today", "Lifeforce that outcomes gave back in a region today (UTC).",
                day.earned,
                ["region": day.region])
        }
        for (stream, waiting) in lag.sorted(by: { $0.key < $1.key }) {
            page.gauge("nimmer_stream_lag", "Messages not yet committed.", waiting, ["stream": stream])
        }
    }
}

import NimmerPlatform
import NimmerServers

#if canImport(Glibc)
    import Glibc
#endif

/// Processes that a killed `nimmer up` left behind.
package enum OrphanedProcesses {
    /// Ends them, higher layers first; a process that took over a number meanwhile is left alone.
    package static func stop(_ entries: [RunState.Entry]) async {
        for layer in Set(entries.map(\.layer)).sorted(by: >) {
            await withTaskGroup(of: Void.self) { group in
                for entry in entries where entry.layer == layer {
                    group.addTask {
                        // PostgreSQL waits for its clients on SIGTERM; SIGINT is its fast way to stop in order.
                        let signal = entry.name == "postgresql" ? SIGINT : SIGTERM
                        _ = await entry.identity.terminate(signal: signal, grace: .seconds(8))
                    }
                }
            }
        }
    }
}

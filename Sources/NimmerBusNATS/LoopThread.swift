import NimmerBus
import NimmerPlatform

/// Runs a closure on a thread of the bus, whose handlers may use as much stack as the system gives.
func startThread(_ body: @escaping @Sendable () -> Void) throws(BusError) {
    do throws(SystemCallError) {
        try OwnThread.start("nats", stack: nil, body)
    } catch {
        throw BusError(.invalid, "cannot start the bus's thread", cause: error.reason)
    }
}

import Glibc
import NimmerBus

/// Runs a closure on a thread of its own.
func startThread(_ body: @escaping @Sendable () -> Void) throws(BusError) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    // Released by the thread's first line, or below when there is no thread.
    let box = Unmanaged.passRetained(Box(body))
    let failure = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, box.toOpaque())
    guard failure == 0 else {
        box.release()
        throw BusError(.invalid, "no thread for the bus", cause: String(cString: strerror(failure)))
    }
    pthread_detach(thread)
}

import Glibc

/// A thread of one's own for work that blocks, so that the cooperative pool never does.
package enum OwnThread {
    private final class Work {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts a detached thread; its name shows in `top -H`.
    ///
    /// - Throws: a ``ServerError`` when the machine has no more threads.
    package static func start(
        _ name: String, stack: Int = 256 * 1024, _ body: @escaping @Sendable () -> Void
    ) throws(ServerError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, stack)
        var thread = pthread_t()
        // The thread releases its work when it begins; below, when it could not begin.
        let work = Unmanaged.passRetained(Work(body))
        let error = pthread_create(
            &thread, &attributes,
            { context in
                Unmanaged<Work>.fromOpaque(context!).takeRetainedValue().body()
                return nil
            }, work.toOpaque())
        guard error == 0 else {
            work.release()
            throw ServerError(.spawn, "cannot start the thread '\(name)': \(errorText(error))")
        }
    }

    /// Runs blocking work off the cooperative pool; in place when the machine has no more threads.
    package static func run<Value: Sendable>(
        _ name: String, stack: Int = 256 * 1024, _ body: @escaping @Sendable () -> Value
    ) async -> Value {
        await withCheckedContinuation { continuation in
            do {
                try start(name, stack: stack) { continuation.resume(returning: body()) }
            } catch {
                continuation.resume(returning: body())
            }
        }
    }
}

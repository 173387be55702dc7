import Glibc

/// A thread of its own for work that blocks, so that the cooperative pool never does.
///
/// Signals of the process go to other threads: its handlers run neither on a small stack nor in the middle of a library's system call,
/// and a SIGPIPE of a write to a closed connection ends nothing. Signals that a mistake of the thread itself raises are not blocked:
/// the handler of a crash has to receive them.
package enum OwnThread {
    private final class Work: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts a detached thread.
    ///
    /// - Parameters:
    ///   - name: shown by `top -H`, up to its 15th byte.
    ///   - stack: its stack in bytes; nil: as much as the system gives.
    ///   - body: what it does; it ends with it.
    /// - Throws: a ``SystemCallError`` when the machine has no more threads.
    package static func start(
        _ name: String, stack: Int? = 256 * 1024, _ body: @escaping @Sendable () -> Void
    ) throws(SystemCallError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        if let stack { pthread_attr_setstacksize(&attributes, stack) }
        var thread = pthread_t()
        // The thread releases its work when it begins; below, when it could not begin.
        let work = Unmanaged.passRetained(Work(name, body))
        let error = blockingSignals {
            pthread_create(
                &thread, &attributes,
                { context in
                    guard let context else { return nil }
                    let work = Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
                    OwnThread.setName(work.name)
                    work.body()
                    return nil
                }, work.toOpaque())
        }
        guard error == 0 else {
            work.release()
            throw SystemCallError("cannot start the thread '\(name)'", code: error)
        }
    }

    /// Runs blocking work off the cooperative pool; in place when the machine has no more threads.
    package static func run<Value: Sendable>(
        _ name: String, stack: Int? = 256 * 1024, _ body: @escaping @Sendable () -> Value
    ) async -> Value {
        await withCheckedContinuation { continuation in
            do {
                try start(name, stack: stack) { continuation.resume(returning: body()) }
            } catch {
                continuation.resume(returning: body())
            }
        }
    }

    /// A new thread has the mask of the one that starts it, from its first instruction.
    private static func blockingSignals(_ start: () -> Int32) -> Int32 {
        var blocked = sigset_t()
        var before = sigset_t()
        sigfillset(&blocked)
        for fault in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT] { sigdelset(&blocked, fault) }
        pthread_sigmask(SIG_SETMASK, &blocked, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        return start()
    }

    /// Through a file, since the call that does it is hidden from Swift.
    private static func setName(_ name: String) {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = SmallFile.put(name, to: file)
        close(file)
    }
}

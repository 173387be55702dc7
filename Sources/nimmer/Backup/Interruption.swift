import Glibc
import NimmerOutput
import NimmerPlatform
import Synchronization
import UnixSignals

/// A person or a supervisor that ends a command before it is done (SIGINT, SIGTERM, SIGHUP).
enum Interruption {
    /// The signals from now on, which end the process no more by themselves; those that it was started to ignore stay ignored.
    static func signals() async -> UnixSignalsSequence {
        await UnixSignalsSequence(trapping: [.sigint, .sigterm, .sighup].filter { !isIgnored($0) })
    }

    private static func isIgnored(_ signal: UnixSignal) -> Bool {
        var present = sigaction()
        guard sigaction(signal.rawValue, nil, &present) == 0 else { return false }
        return unsafeBitCast(present.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Does something that the first signal cancels, so that it can put things in order, and a second one ends at once.
    static func cancelling(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let signals = await signals()
        let first = Mutex<UnixSignal?>(nil)
        let tasks = TaskOwner()
        defer { tasks.cancelAll() }
        let work = tasks.start(body)
        tasks.run {
            for await signal in signals {
                let isFirst = first.withLock { first in
                    defer { first = first ?? signal }
                    return first == nil
                }
                guard isFirst else { exit(signal, "what was begun is left as it is") }
                work.cancel()
            }
        }
        do { try await work.value } catch {
            guard let signal = first.withLock({ $0 }) else { throw error }
            let left = (error as? Failure)?.remedy == nil ? nil : error as? Failure
            Console.error("nimmer: interrupted (\(signal))" + (left == nil ? ": nothing is restored" : ""))
            if let left { Console.error(left.printed) }
            ProcessEnd.exit(status(signal))
        }
    }

    /// The exit status of what a signal has ended, as shells count it.
    static func status(_ signal: UnixSignal) -> Int32 { 128 + signal.rawValue }

    /// Ends the process at once.
    static func exit(_ signal: UnixSignal, _ what: String) -> Never {
        Console.error("nimmer: interrupted (\(signal)): \(what)")
        _exit(status(signal))
    }
}

import Glibc
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

    /// The exit status of what a signal has ended, as shells count it.
    static func status(_ signal: UnixSignal) -> Int32 { 128 + signal.rawValue }

    /// Ends the process at once.
    static func exit(_ signal: UnixSignal, _ what: String) -> Never {
        Console.error("nimmer: interrupted (\(signal)): \(what)")
        _exit(status(signal))
    }
}

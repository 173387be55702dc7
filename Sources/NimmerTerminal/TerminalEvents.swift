import CTerminal
import NimmerPlatform

#if canImport(Glibc)
    import Glibc
#endif

/// Something that a program at a terminal must do something about.
public enum TerminalEvent: Hashable, Sendable {
    /// Keys were pressed.
    case key(Key)
    /// The terminal has another size now.
    case resized
    /// The process is asked to stop for a while (SIGTSTP from outside; Ctrl-Z arrives as a key).
    case stop
    /// The process was stopped and continues.
    case continued
    /// The process is to end: SIGINT, SIGTERM, SIGHUP, or the terminal or the reader of the output is gone.
    case end
    /// The ``EventSignal`` was signalled.
    case rung
}

/// Wakes the loop of a ``TerminalEvents`` from another thread. Signalling one that was not heard yet costs nothing.
public final class EventSignal: Sendable {
    fileprivate let wakeUp: WakeUp

    /// - Throws: ``TerminalError`` when the process has no more descriptors.
    public init() throws(TerminalError) {
        do throws(SystemCallError) { wakeUp = try WakeUp() } catch {
            throw TerminalError(description: error.description)
        }
    }

    /// Wakes the waiter, now or at its next wait.
    public func signal() { wakeUp.raise() }
}

/// Everything that happens at a terminal, waited for by one thread without using any time (oscilloscope.md, How to build
/// it): keys, signals, and a wake-up that others signal.
///
/// One at a time in a process, since signals are the process's.
public final class TerminalEvents {
    private let input: Int32
    private let signals: Int32
    private let output: Int32
    private let wakeUp: EventSignal
    private var parser = KeyParser()
    private var inputIsOver = false
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant

    /// - Parameters:
    ///   - terminal: whose keys; nil: no keys, and the end comes when standard output is not read any more.
    ///   - bell: signalled by others.
    /// - Throws: ``TerminalError`` when the process has no more descriptors.
    public init(_ terminal: Terminal?, wakeUp: EventSignal) throws(TerminalError) {
        input = terminal?.inputDescriptor ?? -1
        output = terminal == nil ? STDOUT_FILENO : -1
        self.wakeUp = wakeUp
        start = ContinuousClock.now
        signals = nimmer_signals_listen([SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT], 6)
        guard signals >= 0 else {
            throw TerminalError(description: "cannot make a pipe: \(String(cString: strerror(errno)))")
        }
    }

    deinit { nimmer_signals_ignore() }

    /// Waits until something happens or a moment has come, and returns what happened.
    ///
    /// - Parameters:
    ///   - deadline: nil waits forever.
    ///   - hearingBell: false ignores the signal, for a pause between two frames.
    public func wait(until deadline: ContinuousClock.Instant?, hearingWakeUp: Bool = true) -> [TerminalEvent] {
        let expiry = parser.deadline.map { start + $0 }
        let until = [deadline, expiry].compactMap { $0 }.min()
        var descriptors = [
            pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            pollfd(fd: inputIsOver ? -1 : input, events: Int16(POLLIN), revents: 0),
            pollfd(fd: hearingWakeUp ? wakeUp.wakeUp.descriptor : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: output, events: 0, revents: 0),
        ]
        let count = poll(&descriptors, 4, milliseconds(until: until))
        var events: [TerminalEvent] = []
        if count > 0, descriptors[0].revents != 0 { readSignals(&events) }
        let typed = count > 0 && descriptors[1].revents != 0 ? readKeys(&events) : []
        events += parser.read(typed, at: start.duration(to: clock.now)).map { .key($0) }
        if count > 0, descriptors[3].revents != 0 { events.append(.end) }
        if count > 0, descriptors[2].revents != 0 {
            wakeUp.wakeUp.lower()
            events.append(.rung)
        }
        return events
    }

    /// Rounded up, so that a wait never ends just before its time; -1 waits forever.
    private func milliseconds(until deadline: ContinuousClock.Instant?) -> Int32 {
        guard let deadline else { return -1 }
        let (seconds, attoseconds) = clock.now.duration(to: deadline).components
        if seconds < 0 || attoseconds < 0 { return 0 }
        return Int32(min(seconds, 1_000_000)) * 1000
            + Int32((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }

    private func readSignals(_ events: inout [TerminalEvent]) {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(signals, &bytes, bytes.count)
        for byte in bytes.prefix(max(0, count)) {
            switch Int32(byte) {
            case SIGWINCH: events.append(.resized)
            case SIGTSTP: events.append(.stop)
            case SIGCONT: events.append(.continued)
            default: events.append(.end)
            }
        }
    }

    private func readKeys(_ events: inout [TerminalEvent]) -> ArraySlice<UInt8> {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(input, &bytes, bytes.count)
        if count > 0 { return bytes[..<count] }
        if count == 0 || (errno != EAGAIN && errno != EINTR) {
            inputIsOver = true
            events.append(.end)
        }
        return []
    }
}

import CTerminal

#if canImport(Glibc)
    import Glibc
#endif

/// Reason why there is no terminal to draw on.
public struct TerminalError: Error, CustomStringConvertible {
    /// Description of the failure: one line, no trailing full stop.
    public let description: String
}

/// The terminal that a person sits at, taken over for a screen and given back.
///
/// It is given back by ``leave()``, and also when the process exits or crashes in between: handlers that do nothing but
/// `write` and `tcsetattr` see to that. What anything writes to standard error meanwhile is kept and shown afterwards, so
/// that a last message is neither lost nor drawn across the screen.
///
/// One at a time, used by one thread.
public final class Terminal {
    private let input: Int32
    private let output: Int32
    private let settings: termios
    private let hearsMouse: Bool
    private var isEntered = false
    private var errors: Int32 = -1
    private var realErrors: Int32 = -1

    /// Alternate screen, no cursor, no wrapping at the right edge, pasted text marked as such.
    static let enterSequence: StaticString = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l\u{1b}[?2004h"
    /// The reverse, beginning with the end of a frame that a crash may have cut short.
    static let leaveSequence: StaticString =
        "\u{1b}[?2026l\u{1b}[0m\u{1b}[?1006l\u{1b}[?1000l\u{1b}[?2004l\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"

    /// Presses and the wheel of the mouse, with places as numbers; the reverse is part of ``leaveSequence``, also where it was not asked for.
    static let mouseSequence: StaticString = "\u{1b}[?1000h\u{1b}[?1006h"

    /// The terminal of standard output; keys come from standard input or, where that is not a terminal, from the terminal itself.
    ///
    /// - Parameter hearsMouse: whether the mouse is reported as keys are; otherwise the terminal itself selects text with it.
    /// - Throws: ``TerminalError`` when standard output is not a terminal.
    public init(hearsMouse: Bool = false) throws(TerminalError) {
        self.hearsMouse = hearsMouse
        output = STDOUT_FILENO
        guard isatty(output) == 1 else { throw TerminalError(description: "standard output is not a terminal") }
        input = isatty(STDIN_FILENO) == 1 ? STDIN_FILENO : open("/dev/tty", O_RDWR | O_CLOEXEC)
        var settings = termios()
        guard tcgetattr(input, &settings) == 0 else {
            throw TerminalError(description: "no keyboard: neither standard input nor /dev/tty is a terminal")
        }
        self.settings = settings
    }

    deinit { leave() }

    /// Descriptor that keys are read from.
    var inputDescriptor: Int32 { input }

    /// Columns and rows; 80×24 when the terminal does not report them.
    public var size: (width: Int, height: Int) {
        var size = winsize()
        guard ioctl(output, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Takes the terminal over: keys come one by one and unseen, the screen is ours. Does nothing when it is taken already.
    ///
    /// - Throws: ``TerminalError`` when the terminal refuses.
    public func enter() throws(TerminalError) {
        guard !isEntered else { return }
        keepErrors()
        var saved = settings
        let text = Self.leaveSequence
        let armed = text.utf8Start.withMemoryRebound(to: CChar.self, capacity: text.utf8CodeUnitCount) {
            nimmer_terminal_arm(input, output, &saved, $0, text.utf8CodeUnitCount, errors, realErrors)
        }
        guard armed == 0 else { throw failure("cannot guard the terminal", armed) }
        isEntered = true
        try takeModes()
        try write(Self.enterSequence)
        if hearsMouse { try write(Self.mouseSequence) }
    }

    /// Asks the terminal for its background; the answer, which many terminals do not give, comes as ``Key/background(_:)``.
    public func askBackground() throws(TerminalError) { try write("\u{1b}]11;?\u{1b}\\") }

    /// Sets the modes again: after the process was stopped and continued, the shell may have changed them.
    public func takeModes() throws(TerminalError) {
        var raw = settings
        cfmakeraw(&raw)
        // Output is passed on as it is, and a read returns what is there.
        guard tcsetattr(input, TCSADRAIN, &raw) == 0 || errno == EINTR else {
            throw failure("cannot set the terminal", errno)
        }
    }

    /// Gives the terminal back. Does nothing when it is not taken.
    public func leave() {
        guard isEntered else { return }
        isEntered = false
        nimmer_terminal_give_back()
        nimmer_terminal_disarm()
        showErrors()
    }

    /// Gives back the terminal that any of the process has taken, before the process ends.
    public static func giveBack() { nimmer_terminal_give_back() }

    /// Gives the terminal back, stops the process as Ctrl-Z does and, once it is continued, takes the terminal over again.
    /// The screen must then be drawn again.
    public func suspend() throws(TerminalError) {
        leave()
        nimmer_stop_self()
        try enter()
    }

    /// Writes all of it.
    ///
    /// - Throws: ``TerminalError`` when the terminal is gone.
    public func write(_ bytes: [UInt8]) throws(TerminalError) {
        let error = bytes.withUnsafeBytes { write($0) }
        if error != 0 { throw failure("the terminal is gone", error) }
    }

    private func write(_ text: StaticString) throws(TerminalError) {
        let error = write(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        if error != 0 { throw failure("the terminal is gone", error) }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) -> Int32 {
        var rest = bytes
        while !rest.isEmpty {
            let written = Glibc.write(output, rest.baseAddress, rest.count)
            if written > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            } else if errno == EAGAIN {
                var ready = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
                poll(&ready, 1, -1)
                if Int32(ready.revents) & (POLLERR | POLLHUP | POLLNVAL) != 0 { return EIO }
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }

    /// Lets a memory file stand in for standard error where that is the terminal.
    private func keepErrors() {
        guard isatty(STDERR_FILENO) == 1 else { return }
        errors = nimmer_terminal_memory()
        guard errors >= 0 else { return }
        realErrors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
        guard realErrors >= 0, dup2(errors, STDERR_FILENO) >= 0 else {
            close(errors)
            if realErrors >= 0 { close(realErrors) }
            (errors, realErrors) = (-1, -1)
            return
        }
    }

    /// Puts standard error back; its text was written when the terminal was given back.
    private func showErrors() {
        guard realErrors >= 0 else { return }
        dup2(realErrors, STDERR_FILENO)
        close(realErrors)
        close(errors)
        (errors, realErrors) = (-1, -1)
    }

    private func failure(_ what: String, _ error: Int32) -> TerminalError {
        TerminalError(description: "\(what): \(String(cString: strerror(error)))")
    }
}

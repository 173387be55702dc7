import NimmerOutput
import NimmerPlatform
import NimmerWave
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Standard output and error: whole lines, flushed, from any thread. Nothing else in this program writes to them, and they take
/// nothing but ``TerminalText``, in which no address has its password.
enum Console {
    private static let turn = Mutex<Void>(())

    /// Writes one line to standard output at once.
    ///
    /// - Throws: ``ReaderGone`` when it cannot be written.
    static func line(_ text: TerminalText) throws(ReaderGone) {
        try write(text + "\n")
    }

    /// Writes a JSON value on one line.
    static func json(_ value: JSON) throws(ReaderGone) { try line(TerminalText(json: value.text)) }

    /// Writes a JSON value, indented.
    static func pretty(_ value: JSON) throws(ReaderGone) { try line(TerminalText(prettyJSON: value.pretty)) }

    /// Writes text without an end of its own to standard output at once.
    static func write(_ text: TerminalText) throws(ReaderGone) {
        guard put(text.text, on: STDOUT_FILENO) else { throw ReaderGone(code: errno) }
    }

    /// Writes bytes as they are to standard output, which is no terminal: contents that a person asked for.
    static func contents(_ bytes: [UInt8]) throws(ReaderGone) {
        precondition(!isTerminal, "contents may move a terminal's cursor")
        guard turn.withLock({ _ in SmallFile.put(bytes, to: STDOUT_FILENO) }) else { throw ReaderGone(code: errno) }
    }

    /// Writes one line to standard error; an address that was joined from parts, or in advice of a library, has no password there either.
    static func error(_ text: TerminalText) {
        _ = put(ShownAddress.redacting(text.text) + "\n", on: STDERR_FILENO)
    }

    /// Writes to standard error as it is: a line that is overwritten, on a terminal.
    static func progress(_ text: TerminalText) {
        _ = put(text.text, on: STDERR_FILENO)
    }

    /// Indicates whether standard error is a terminal.
    static var errorsAreSeen: Bool { isatty(STDERR_FILENO) == 1 }

    /// Indicates whether standard output is a terminal.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Asks a person a question that is answered with y or n; n unless stated.
    ///
    /// - Throws: ``Failure`` where no person can answer.
    static func confirms(_ question: TerminalText) throws(Failure) -> Bool {
        guard isatty(STDIN_FILENO) == 1, errorsAreSeen else {
            throw Failure(.usage, "no terminal to ask on", remedy: "--yes does it without a question")
        }
        progress("\(question) [y/N] ")
        return ["y", "yes"].contains(readLine()?.lowercased())
    }

    /// Columns of the terminal; 80 when standard output is not a terminal.
    static var columns: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Returns the columns to which lines are cut: those of the terminal now; nil where standard output leads elsewhere.
    static func width() -> Int? { isTerminal ? columns : nil }

    /// Rows of the terminal; 24 when standard output is not a terminal.
    static var rows: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0 else { return 24 }
        return Int(size.ws_row)
    }

    /// Indicates whether the reader of standard output has closed its end, seen without writing.
    static var readerHasGone: Bool {
        var descriptor = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return poll(&descriptor, 1, 0) > 0 && Int32(descriptor.revents) & (POLLERR | POLLNVAL) != 0
    }

    private static func put(_ text: String, on descriptor: Int32) -> Bool {
        turn.withLock { _ in
            var text = text
            return text.withUTF8 { bytes in
                var rest = UnsafeRawBufferPointer(bytes)
                while !rest.isEmpty {
                    let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
                    if written < 0 {
                        if errno == EINTR { continue }
                        if errno == EAGAIN {
                            var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                            poll(&ready, 1, -1)
                            continue
                        }
                        return false
                    }
                    rest = UnsafeRawBufferPointer(rebasing: rest[written...])
                }
                return true
            }
        }
    }
}

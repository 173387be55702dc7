import NimmerOutput

/// Destination of an export: standard output, or a file that takes its name at the end; with a progress line.
final class ExportOutput {
    private let file: DraftedFile?
    private let progress = Progress()
    private var lines = 0

    /// - Parameter path: the file; nil: standard output.
    /// - Throws: ``Failure`` where it cannot be made.
    init(_ path: String?) throws(Failure) {
        file = try path.map { (path) throws(Failure) in try DraftedFile(path) }
    }

    /// Writes a line with its end.
    func write(_ line: TerminalText) throws {
        if let file { try file.write(line.text) } else { try Console.write(line) }
        lines += 1
        if file != nil { progress.show("\(count(lines, "line"))") }
    }

    /// Writes a remark to standard error.
    func remark(_ text: TerminalText) {
        progress.end()
        Console.error(text)
    }

    /// Gives the file its name.
    ///
    /// - Parameter isEmpty: whether there is nothing in it; then there is no file.
    func finish(isEmpty: Bool) throws(Failure) {
        progress.end()
        if isEmpty { file?.discard() } else { try file?.finish() }
    }

    /// Removes the progress line, and the file where it is not finished.
    func end() {
        progress.end()
        file?.discard()
    }
}

import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A line on standard error that tells a person how far something is; nothing where standard error is no terminal.
final class Progress: Sendable {
    private let said = Mutex<(at: ContinuousClock.Instant?, width: Int)>((nil, 0))
    private let isShown: Bool

    init(isShown: Bool = isatty(STDERR_FILENO) == 1) { self.isShown = isShown }

    /// Shows a text in the place of the last, ten times a second at most.
    func show(_ text: @autoclosure () -> String) {
        guard isShown else { return }
        let now = ContinuousClock.now
        let width = said.withLock { said -> Int? in
            if let at = said.at, at.duration(to: now) < .milliseconds(100) { return nil }
            said.at = now
            return said.width
        }
        guard let width else { return }
        let text = text()
        said.withLock { $0.width = text.count }
        put("\r\(text)\(String(repeating: " ", count: max(0, width - text.count)))")
    }

    /// Takes the line away.
    func end() {
        let width = said.withLock { said -> Int in
            defer { said = (nil, 0) }
            return said.width
        }
        if width > 0 { put("\r\(String(repeating: " ", count: width))\r") }
    }

    private func put(_ text: String) {
        var text = text
        text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

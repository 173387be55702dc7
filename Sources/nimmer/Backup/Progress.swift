import NimmerOutput
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A progress line on standard error; nothing where standard error is not a terminal.
final class Progress: Sendable {
    private let lastUpdate = Mutex<(at: ContinuousClock.Instant?, width: Int)>((nil, 0))
    private let isShown: Bool

    init(isShown: Bool = Console.errorsAreSeen) { self.isShown = isShown }

    /// Shows a text in the place of the last, ten times a second at most.
    func show(_ text: @autoclosure () -> TerminalText) {
        guard isShown else { return }
        let now = ContinuousClock.now
        let width = lastUpdate.withLock { lastUpdate -> Int? in
            if let at = lastUpdate.at, at.duration(to: now) < .milliseconds(100) { return nil }
            lastUpdate.at = now
            return lastUpdate.width
        }
        guard let width else { return }
        let text = text()
        lastUpdate.withLock { $0.width = text.width }
        Console.progress("\r\(text.padded(width))")
    }

    /// Removes the line.
    func end() {
        let width = lastUpdate.withLock { lastUpdate -> Int in
            defer { lastUpdate = (nil, 0) }
            return lastUpdate.width
        }
        if width > 0 { Console.progress("\r\(String(repeating: " ", count: width))\r") }
    }
}

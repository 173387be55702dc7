import NimmerOutput
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A line on standard error that tells a person how far something is; nothing where standard error is no terminal.
final class Progress: Sendable {
    private let said = Mutex<(at: ContinuousClock.Instant?, width: Int)>((nil, 0))
    private let isShown: Bool

    init(isShown: Bool = Console.errorsAreSeen) { self.isShown = isShown }

    /// Shows a text in the place of the last, ten times a second at most.
    func show(_ text: @autoclosure () -> TerminalText) {
        guard isShown else { return }
        let now = ContinuousClock.now
        let width = said.withLock { said -> Int? in
            if let at = said.at, at.duration(to: now) < .milliseconds(100) { return nil }
            said.at = now
            return said.width
        }
        guard let width else { return }
        let text = text()
        said.withLock { $0.width = text.width }
        Console.progress("\r\(text.padded(width))")
    }

    /// Takes the line away.
    func end() {
        let width = said.withLock { said -> Int in
            defer { said = (nil, 0) }
            return said.width
        }
        if width > 0 { Console.progress("\r\(String(repeating: " ", count: width))\r") }
    }
}

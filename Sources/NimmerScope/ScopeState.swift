import NimmerTerminal
import NimmerWave

/// All that an oscilloscope knows: what arrived, what is looked at, and how. A value: ``reduce(_:)`` changes it,
/// ``draw(width:height:now:)`` shows it, nothing else happens (oscilloscope.md, How to build it).
public struct ScopeState: Sendable {
    /// What it was started with.
    public let settings: ScopeSettings

    var now = Timestamp(nanoseconds: 0)
    var size = (width: 120, height: 36)

    /// An oscilloscope that has seen nothing yet.
    public init(_ settings: ScopeSettings) {
        self.settings = settings
    }

    /// Takes in what happened.
    ///
    /// - Returns: what is to be done about it, in order.
    public mutating func reduce(_ event: ScopeEvent) -> [ScopeEffect] {
        switch event {
        case .key(.character("q"), _), .key(.control("c"), _): return [.quit]
        case .resize(let width, let height): size = (width, height)
        case .tick(let moment): now = max(now, moment)
        default: break
        }
        return []
    }

    /// The screen of a size at a moment, which is not before the last event.
    public func draw(width: Int, height: Int, now: Timestamp) -> ScreenBuffer {
        var screen = ScreenBuffer(width: width, height: height, glyphs: settings.glyphs)
        screen.write(settings.title, x: 0, y: 0)
        return screen
    }

    /// When the screen will look different if nothing happens until then: the next sub-column of a rolling trace, the next
    /// second of the clock.
    public func nextChange(after now: Timestamp) -> Timestamp { now.advanced(milliseconds: 1000) }
}

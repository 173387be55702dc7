/// Pacing of frames (oscilloscope.md, Must: 30 frames a second at most): rarely enough that drawing takes no
/// more than a share of a core, and that a slow link is not kept busy by frames alone.
package struct FramePacing {
    /// Between two frames, at least.
    package static let shortest = Duration.milliseconds(34)
    /// Between two frames, at most, however long one takes.
    package static let longest = Duration.milliseconds(500)
    /// A frame waits for so many times what drawing the last ones took: a sixteenth of a core at most.
    package static let drawingFactor = 16.0
    /// A frame waits for so many times what the terminal took for the last ones.
    package static let writingFactor = 2.0

    /// Time at which the next frame may be drawn; nil before the first.
    package private(set) var next: ContinuousClock.Instant?
    /// Pause of a frame, on the average of the last ones.
    private var pause = Duration.zero

    package init() {}

    package func isDue(at now: ContinuousClock.Instant) -> Bool { next.map { now >= $0 } ?? true }

    /// A frame was drawn.
    ///
    /// - Parameters:
    ///   - drawing: how long the processor worked on it.
    ///   - writing: how long the terminal took to take it.
    package mutating func drew(at start: ContinuousClock.Instant, drawing: Duration, writing: Duration) {
        let wanted = max(drawing * Self.drawingFactor, writing * Self.writingFactor)
        pause = next == nil ? wanted : (pause * 3 + wanted) / 4
        next = start + min(Self.longest, max(Self.shortest, pause))
    }
}

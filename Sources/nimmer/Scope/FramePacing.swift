/// When the next frame may be drawn (oscilloscope.md, Must: 30 frames a second at most): rarely enough that drawing and
/// writing, however slow screen and link are, take no more than a share of the time.
struct FramePacing {
    /// Between two frames, at least.
    static let shortest = Duration.milliseconds(34)
    /// Between two frames, at most, however long one takes.
    static let longest = Duration.milliseconds(500)
    /// A frame waits for so many times what the last ones took: drawing takes a sixteenth of a core at most.
    static let patience = 16.0

    /// When the next frame may be drawn; nil before the first.
    private(set) var next: ContinuousClock.Instant?
    /// What a frame takes, on the average of the last ones.
    private var cost = Duration.zero

    func isDue(at now: ContinuousClock.Instant) -> Bool { next.map { now >= $0 } ?? true }

    /// A frame was drawn.
    mutating func drew(at start: ContinuousClock.Instant, taking time: Duration) {
        cost = next == nil ? time : (cost * 3 + time) / 4
        next = start + min(Self.longest, max(Self.shortest, cost * Self.patience))
    }
}

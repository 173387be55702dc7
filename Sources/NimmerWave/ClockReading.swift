extension ClockReading {
    /// Reads the clocks. Both are read within a few milliseconds, also on a busy machine.
    public static func now() -> ClockReading {
        var before = SteadyTime.now()
        for _ in 0..<3 {
            let wall = Timestamp.now()
            let after = SteadyTime.now()
            if after.nanoseconds(since: before) < 5_000_000 { return ClockReading(wall: wall, steady: after) }
            before = after
        }
        return ClockReading(wall: .now(), steady: .now())
    }
}

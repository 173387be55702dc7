import Glibc

extension ClockReading {
    /// What the clocks show now. Both are read within a few milliseconds, also on a busy machine.
    public static func now() -> ClockReading {
        var before = Timestamp.steady()
        for _ in 0..<3 {
            let wall = Timestamp.now()
            let after = Timestamp.steady()
            if after.nanoseconds(since: before) < 5_000_000 { return ClockReading(wall: wall, steady: after) }
            before = after
        }
        return ClockReading(wall: .now(), steady: .steady())
    }
}

extension Timestamp {
    /// The steady clock of this machine, which also runs while it sleeps; nobody can set it. It counts from its own beginning.
    public static func steady() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_nsec))
    }
}

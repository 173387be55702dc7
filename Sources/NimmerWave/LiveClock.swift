/// Readings of the wall clock and the steady clock of this machine at one moment.
public struct ClockReading: Hashable, Sendable {
    /// The time of day, which users and time servers set.
    public var wall: Timestamp
    /// The steady clock, which only goes forward.
    public var steady: SteadyTime

    /// Creates a reading.
    public init(wall: Timestamp, steady: SteadyTime) {
        self.wall = wall
        self.steady = steady
    }
}

/// The time that a live process judges by, which never jumps: it begins as the time on the wall, and from there continues with the
/// steady clock.
///
/// When the wall clock is set an hour back, or a day ahead, what is in progress must not notice. So everything that decays,
/// waits or expires is reckoned in the process's time; times that come in are brought over by ``process(_:)``, and what is published
/// outside is brought back by ``wall(_:)``. While the clock is not set, both are the same.
///
/// A value: it is fed with readings, and reads no clock. One that was never fed leaves every time as it is, as in replay.
public struct LiveClock: Hashable, Sendable {
    /// Distance that the wall may stray from the process's time before it counts as set, in nanoseconds: time servers slew it by less
    /// between two readings.
    public static let tolerance: Int64 = 20_000_000

    /// Distance by which the wall has been moved away from the process's time since the first reading, in nanoseconds.
    public private(set) var drift: Int64 = 0
    /// The process's time of the last reading.
    public private(set) var now = Timestamp(nanoseconds: .min)

    private var base: Int64?
    private var lastArrival: Timestamp?
    private var believed = Timestamp(nanoseconds: 0)

    /// A clock that has read nothing.
    public init() {}

    /// Takes a reading.
    ///
    /// - Returns: the process's time, never before that of an earlier reading.
    @discardableResult
    public mutating func read(_ reading: ClockReading) -> Timestamp {
        let base = base ?? reading.wall.nanoseconds.subtractingSaturated(reading.steady.nanoseconds)
        self.base = base
        now = max(now, Timestamp(nanoseconds: reading.steady.nanoseconds.addingSaturated(base)))
        let distance = reading.wall.nanoseconds(since: now)
        if distance.subtractingSaturated(drift).magnitude > Self.tolerance { drift = distance }
        return now
    }

    /// Arrival of a message, on the wall as this clock knows it. Messages that come together carry one time, for which the clocks
    /// are read once; where the wall was set meanwhile, they came now.
    ///
    /// - Parameters:
    ///   - arrival: the wall's time when they came.
    ///   - reading: reads both clocks.
    public mutating func arrival(_ arrival: Timestamp, _ reading: () -> ClockReading) -> Timestamp {
        if arrival == lastArrival { return believed }
        let before = (drift, base)
        let now = reading()
        read(now)
        lastArrival = arrival
        let wasSet = drift != before.0 && before.1 != nil
        // Another call may have read the clocks since it came.
        let isOld = arrival > now.wall || now.wall.nanoseconds(since: arrival) > Self.longestWait
        believed = wasSet || isOld ? now.wall : arrival
        return believed
    }

    /// Distance at which a change is published behind the last one where the wall went back, in nanoseconds: what a store and a screen can
    /// still distinguish.
    private static let step: Int64 = 1_000_000

    /// Maximum time that a message may have waited before it is checked, in nanoseconds.
    private static let longestWait: Int64 = 10_000_000_000

    /// The process's time of a moment on the wall.
    public func process(_ wall: Timestamp) -> Timestamp {
        wall.advanced(nanoseconds: Int64(0).subtractingSaturated(drift))
    }

    /// The moment on the wall of the process's time.
    public func wall(_ process: Timestamp) -> Timestamp { process.advanced(nanoseconds: drift) }

    /// The moment of a change as it is published: on the wall, and never before the last change that was published of the same
    /// thing, also where the wall was set back since. A last one that lies more than a week ahead was never right, and is not
    /// kept to.
    public func published(_ process: Timestamp, after last: Timestamp?) -> Timestamp {
        let at = wall(process)
        guard let last, at < last, last.nanoseconds(since: at) < 7 * 86_400_000_000_000 else { return at }
        return last.advanced(nanoseconds: Self.step)
    }
}

/// A budget that refills with time: so much at once after a pause, and so much a second in the long run.
public struct TokenBucket<Time: TimePoint>: Sendable {
    /// The amount that is left.
    public var level: Double
    private var at: Time

    /// A full bucket.
    public init(_ level: Double, at now: Time) {
        self.level = level
        at = now
    }

    /// The moment until which it was filled.
    public var filledAt: Time { at }

    /// Refills it. A clock that goes back adds nothing, and takes nothing.
    public mutating func fill(to most: Double, perSecond: Double, at now: Time) {
        guard now > at else { return }
        level = min(most, level + now.milliseconds(since: at) / 1000 * perSecond)
        at = now
    }

    /// Takes an amount, where it is there.
    public mutating func take(_ amount: Double) -> Bool {
        guard level >= amount else { return false }
        level -= amount
        return true
    }
}

/// A budget for each sender, of bounded size: beyond ``capacity`` senders the one that was quiet for longest is forgotten.
public struct SenderBudgets: Sendable {
    /// Senders that are remembered.
    public static let capacity = 4_096

    /// The amount at once, after a quiet time.
    public let burst: Double
    /// The amount a second, in the long run.
    public let perSecond: Double
    private var buckets: [String: TokenBucket<SteadyTime>] = [:]

    /// Budgets of senders that are all quiet.
    public init(burst: Double, perSecond: Double) {
        self.burst = burst
        self.perSecond = perSecond
    }

    /// Senders that are remembered now.
    public var senders: Int { buckets.count }

    /// Takes an amount from a sender's budget; false where it is not there.
    ///
    /// - Parameters:
    ///   - sender: the identity; those without one share a budget.
    ///   - now: the steady clock.
    public mutating func take(_ amount: Double, of sender: Token?, at now: SteadyTime) -> Bool {
        take(amount, ofSender: sender?.text ?? "", at: now)
    }

    /// Takes an amount from the budget of a sender that is known by its text; false where it is not there.
    public mutating func take(_ amount: Double, ofSender name: String, at now: SteadyTime) -> Bool {
        if buckets[name] == nil, buckets.count >= Self.capacity,
            let quietest = buckets.min(by: { ($0.value.filledAt, $0.key) < ($1.value.filledAt, $1.key) })?.key
        {
            buckets[quietest] = nil
        }
        var bucket = buckets[name] ?? TokenBucket(burst, at: now)
        bucket.fill(to: burst, perSecond: perSecond, at: now)
        defer { buckets[name] = bucket }
        return bucket.take(amount)
    }
}

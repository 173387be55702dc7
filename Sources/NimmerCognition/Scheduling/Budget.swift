import NimmerSystem
import NimmerWave

/// Spending within the last minute and the day, against its limits, as a value: time is an argument.
///
/// Costs are measured after they arose, so a budget is overdrawn by at most what the questions cost that ran when it ended. The
/// minute is kept in seconds: 61 numbers, whatever happens.
public struct Budget: Sendable, Hashable {
    /// A cost.
    public struct Cost: Sendable, Hashable {
        /// Lifeforce.
        public var lifeforce: Double
        /// Tokens, read and written.
        public var tokens: Int

        /// Creates a cost.
        public init(lifeforce: Double = 0, tokens: Int = 0) {
            self.lifeforce = lifeforce
            self.tokens = tokens
        }

        static func + (a: Cost, b: Cost) -> Cost {
            Cost(lifeforce: (a.lifeforce + b.lifeforce).finite, tokens: a.tokens.addingSaturated(b.tokens))
        }
    }

    /// Limits.
    public let limits: BudgetSettings
    private var seconds: [Int64: Cost] = [:]
    private var day: Int64 = .min
    private var daySpent = Cost()

    /// A budget of which nothing is spent.
    public init(_ limits: BudgetSettings = BudgetSettings()) { self.limits = limits }

    private static func day(_ at: Timestamp) -> Int64 { at.dayAndRest.day }

    /// Adds a cost.
    public mutating func spend(_ cost: Cost, at now: Timestamp) {
        let today = Self.day(now)
        if today > day {
            day = today
            daySpent = Cost()
        }
        if today == day { daySpent = daySpent + cost }
        let second = now.secondAndRest.second
        seconds = seconds.filter { $0.key > second - 61 }
        seconds[second] = (seconds[second] ?? Cost()) + cost
    }

    /// Returns the spending within the last minute.
    public func spentThisMinute(at now: Timestamp) -> Cost {
        let second = now.secondAndRest.second
        return seconds.reduce(Cost()) { $1.key > second - 60 && $1.key <= second ? $0 + $1.value : $0 }
    }

    /// Returns the spending on this day (UTC).
    public func spentToday(at now: Timestamp) -> Cost { Self.day(now) == day ? daySpent : Cost() }

    /// Reason why nothing may be spent now, for a person; nil when something may.
    public func shortage(at now: Timestamp) -> String? {
        let minute = spentThisMinute(at: now)
        let today = spentToday(at: now)
        if let most = limits.lfPerMinute, minute.lifeforce >= most {
            return "\(text(minute.lifeforce)) of \(text(most)) LF a minute"
        }
        if let most = limits.tokensPerMinute, minute.tokens >= most {
            return "\(minute.tokens) of \(most) tokens a minute"
        }
        if let most = limits.lfPerDay, today.lifeforce >= most {
            return "\(text(today.lifeforce)) of \(text(most)) LF a day"
        }
        if let most = limits.tokensPerDay, today.tokens >= most { return "\(today.tokens) of \(most) tokens a day" }
        return nil
    }

    /// Time at which there may be room again: at the end of a second whose cost leaves the minute, or of the day.
    public func nextChange(after now: Timestamp) -> Timestamp? {
        let second = now.secondAndRest.second
        let oldest = seconds.keys.filter { $0 > second - 60 && $0 <= second }.min()
        let leaves = oldest.map { Timestamp(seconds: $0 + 60) }
        let midnight = Timestamp(seconds: (Self.day(now) + 1) * 86_400)
        return [leaves, midnight].compactMap { $0 }.filter { $0 > now }.min()
    }

    /// For `nimmer mind budget`.
    public func json(at now: Timestamp) -> JSON {
        let minute = spentThisMinute(at: now)
        let today = spentToday(at: now)
        func limit(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
        return [
            "minute": [
                "lf": .number(minute.lifeforce), "lf_limit": limit(limits.lfPerMinute),
                "tokens": .number(Double(minute.tokens)),
                "tokens_limit": limit(limits.tokensPerMinute.map(Double.init)),
            ],
            "day": [
                "lf": .number(today.lifeforce), "lf_limit": limit(limits.lfPerDay),
                "tokens": .number(Double(today.tokens)), "tokens_limit": limit(limits.tokensPerDay.map(Double.init)),
            ],
            "shortage": shortage(at: now).map { .string($0) } ?? .null,
        ]
    }

    private func text(_ number: Double) -> String { JSON.number((number * 100).rounded() / 100).text }
}

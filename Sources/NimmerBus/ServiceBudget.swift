import NimmerWave

/// Bounds how often a service answers `$SRV` requests (decision 0021): every process answers `$SRV`, between two messages of its work. Each asker has
/// a budget, known by the inbox that waits for the answer, and all share one. Of fixed size: names are hashed into places, by a seed that
/// no one knows.
struct ServiceBudget: Sendable {
    /// Answers to one asker at once after a pause, and a second afterwards: a screen asks twice a second.
    static let burst = 200.0
    static let perSecond = 50.0
    /// Answers to all, likewise.
    static let burstOfAll = 2_048.0
    static let perSecondOfAll = 512.0
    private static let places = 256

    /// Questions that got no answer.
    private(set) var dropped = 0
    private var askers: [TokenBucket<SteadyTime>]
    private var all: TokenBucket<SteadyTime>

    init(at now: SteadyTime) {
        askers = Array(repeating: TokenBucket(Self.burst, at: now), count: Self.places)
        all = TokenBucket(Self.burstOfAll, at: now)
    }

    /// Takes one answer from the budgets of its asker and of all; false when there is none left.
    ///
    /// - Parameter reply: the inbox that waits for the answer.
    mutating func answers(_ reply: Subject, at now: SteadyTime) -> Bool {
        // `_INBOX.<name>.…`: one asker has many inboxes.
        var hasher = Hasher()
        var dots = 0
        for byte in reply.text.utf8 {
            if byte == UInt8(ascii: ".") { dots += 1 }
            if dots == 2 { break }
            hasher.combine(byte)
        }
        let place = Int(UInt(bitPattern: hasher.finalize()) % UInt(Self.places))
        askers[place].fill(to: Self.burst, perSecond: Self.perSecond, at: now)
        all.fill(to: Self.burstOfAll, perSecond: Self.perSecondOfAll, at: now)
        guard askers[place].level >= 1, all.level >= 1 else {
            dropped += 1
            return false
        }
        askers[place].level -= 1
        all.level -= 1
        return true
    }
}

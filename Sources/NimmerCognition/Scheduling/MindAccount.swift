/// What one mind was asked since the start of the process, and what it cost.
public struct MindAccount: Sendable, Hashable {
    /// As the system file calls it.
    public let name: String
    /// Whether it would be asked now: its circuit breaker lets questions through.
    public let isAvailable: Bool
    /// Questions put to it, repairs included.
    public let asked: Int
    /// Answers that came, valid or not.
    public let answered: Int
    /// Answers that the boundary refused.
    public let refused: Int
    /// Questions that ended in a fault of its server.
    public let failed: Int
    /// What its questions have cost.
    public let spent: Budget.Cost
    /// What was spent within the minute and the day, of what may be; earlier lives of the process included.
    public let budget: Budget
}

/// Questions to one mind since the start of the process, and their cost.
public struct MindAccount: Sendable, Hashable {
    /// As the system file calls it.
    public let name: String
    /// Indicates whether it would be asked now: its circuit breaker lets questions through.
    public let isAvailable: Bool
    /// Questions put to it, repairs included.
    public let asked: Int
    /// Answers that came, valid or not.
    public let answered: Int
    /// Answers that the boundary refused.
    public let refused: Int
    /// Questions that ended in a fault of its server.
    public let failed: Int
    /// Cost of its questions.
    public let spent: Budget.Cost
    /// Spending within the minute and the day and its limits; earlier runs of the process included.
    public let budget: Budget
}

/// Decides for messages that any client may send whether each is taken, refused with an answer, or dropped without one (decision 0021): an
/// answer costs as much as what it refuses, so that only some are given. Looks at nothing but who speaks and how much.
public struct SenderIntake: Sendable {
    /// Refusals a second that are reported, regardless of their addressee.
    public static let refusalsPerSecond = 10.0

    /// Decision about a message.
    public enum Decision: Sendable, Hashable {
        /// It is within its sender's budget.
        case taken
        /// It is refused as too much.
        case refused
        /// Nothing is done with it.
        case dropped
    }

    /// Messages that were neither taken nor answered.
    public private(set) var dropped = 0
    /// The budget of each sender.
    public private(set) var budgets: SenderBudgets
    private var refusals: TokenBucket<SteadyTime>?

    /// An empty intake.
    public init(_ budgets: SenderBudgets) { self.budgets = budgets }

    /// Decides of a message.
    ///
    /// - Parameters:
    ///   - amount: what it takes of its sender's budget.
    ///   - sender: the identity, by its text; empty without one.
    ///   - now: the steady clock.
    public mutating func decide(_ amount: Double, of sender: String, at now: SteadyTime) -> Decision {
        if budgets.take(amount, ofSender: sender, at: now) { return .taken }
        var refusals = refusals ?? TokenBucket(Self.refusalsPerSecond, at: now)
        refusals.fill(to: Self.refusalsPerSecond, perSecond: Self.refusalsPerSecond, at: now)
        defer { self.refusals = refusals }
        if refusals.take(1) { return .refused }
        dropped += 1
        return .dropped
    }

    /// The last token of a subject's bytes: the sender of a shared subject. Nothing else of the message is checked.
    ///
    /// - Parameter tokens: how many tokens the form with a sender has; empty where the subject has another number.
    public static func sender(in subject: RawSpan, tokens: Int) -> String {
        subject.withUnsafeBytes { bytes in
            var count = 1
            var start = 0
            for index in bytes.indices where bytes[index] == UInt8(ascii: ".") {
                count += 1
                start = index + 1
            }
            guard count == tokens else { return "" }
            return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start...]), as: UTF8.self)
        }
    }
}

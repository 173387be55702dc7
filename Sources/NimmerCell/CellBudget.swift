import NimmerSystem
import NimmerWave

/// Budget of a cell: what it may still spend (docs/reference/lifeforce.md, HUNGRY).
///
/// A value: moments come with each call. It begins full; each period (UTC) fills it up to its budget again, and what it was fed beyond
/// that stays. It never holds less than nothing nor more than ten budgets.
struct CellBudget: Sendable, Hashable {
    /// Number of budgets that a cell can store.
    static let mostBudgets = 10.0
    /// Openings whose food is remembered, so that it is given once and can be taken back.
    static let rememberedOpenings = 64

    /// Its settings.
    let settings: CellBudgetSettings
    /// Amount that is left, in LF: 0 to ten budgets.
    private(set) var left: Double
    /// Amount that was spent since the start, in LF, whether or not there was a budget for it.
    private(set) var spent = 0.0
    /// Amount that it was fed since the start, in LF.
    private(set) var fed = 0.0
    /// Number of the period.
    private var period: Int64?
    /// Food of the last openings, the oldest first.
    private var meals: [(opening: MessageID, amount: Double)] = []

    init(_ settings: CellBudgetSettings) {
        self.settings = settings
        left = settings.budget
    }

    /// Indicates whether it has spent its budget.
    var isHungry: Bool { left <= 0 }

    /// Time at which it is filled up next; nil before ``advance(to:)``.
    var refill: Timestamp? {
        guard let period else { return nil }
        let (next, isOver) = (period &+ 1).multipliedReportingOverflow(by: settings.period.nanoseconds)
        return isOver ? nil : Timestamp(nanoseconds: next)
    }

    /// Time passes: a new period fills it up. A clock that is set back does not.
    mutating func advance(to moment: Timestamp) {
        let number = moment.spans(of: settings.period.nanoseconds)
        guard number > period ?? .min else { return }
        if period != nil { left = max(left, settings.budget) }
        period = number
    }

    /// Spends an amount, in LF.
    mutating func spend(_ cost: Double) {
        guard cost > 0 else { return }
        spent = (spent + cost).finite
        left = max(0, left - cost)
    }

    /// An outcome of an opening that it asserted: gives it an amount, in LF, instead of what that opening gave before; 0 takes that back.
    mutating func feed(_ amount: Double, opening: MessageID) {
        let before = meals.firstIndex { $0.opening == opening }.map { meals.remove(at: $0).amount } ?? 0
        let amount = max(0, amount)
        if amount > 0 { meals.append((opening, amount)) }
        if meals.count > Self.rememberedOpenings { meals.removeFirst() }
        fed = max(0, (fed + amount - before).finite)
        left = min(max(0, left + amount - before), settings.budget * Self.mostBudgets)
    }

    static func == (a: Self, b: Self) -> Bool {
        a.settings == b.settings && a.left == b.left && a.spent == b.spent && a.fed == b.fed && a.period == b.period
    }

    func hash(into hasher: inout Hasher) { hasher.combine(left) }
}

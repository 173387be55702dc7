import NimmerWave

/// Lifeforce that outcomes of openings give back (docs/reference/lifeforce.md).
public struct LifeforceSettings: Hashable, Sendable {
    /// Amounts by the result of an outcome, in LF; negative: it costs.
    public struct Amounts: Hashable, Sendable {
        /// Amount for a confirmed opening.
        public var confirmed: Double
        /// Amount for an opening that failed.
        public var failed: Double
        /// Amount for an opening that was confirmed in part.
        public var partial: Double

        /// Amounts; 10 for a confirmed opening, -2 for one that failed and 0 for one that was confirmed in part unless given.
        public init(confirmed: Double = 10, failed: Double = -2, partial: Double = 0) {
            self.confirmed = confirmed
            self.failed = failed
            self.partial = partial
        }

        /// The amount of a result, in LF.
        public func amount(_ result: VerificationResult) -> Double {
            switch result {
            case .confirmed: confirmed
            case .failed: failed
            case .partial: partial
            }
        }
    }

    /// Amounts of some regions.
    public struct Rule: Hashable, Sendable {
        /// The regions, as a pattern: `plant.>`.
        public var region: SubjectPattern
        /// Their amounts.
        public var amounts: Amounts

        /// Creates a rule.
        public init(region: SubjectPattern, amounts: Amounts) {
            self.region = region
            self.amounts = amounts
        }
    }

    /// Amounts of regions that no rule is about.
    public var standard = Amounts()
    /// Rules, in the order of the file; the first that matches counts.
    public var rules: [Rule] = []

    /// The defaults, for every region.
    public init() {}

    /// The amount of an outcome in a region of the thalamus, in LF.
    public func amount(_ result: VerificationResult, in region: Region) -> Double {
        (rules.first { $0.region.matches(region.text) }?.amounts ?? standard).amount(result)
    }
}

/// Budget of a cell (docs/reference/lifeforce.md, HUNGRY).
public struct CellBudgetSettings: Hashable, Sendable {
    /// Period of a budget, which begins again with each (UTC).
    public enum Period: String, CaseIterable, Sendable {
        /// A minute.
        case minute
        /// An hour.
        case hour
        /// A day.
        case day

        /// Its length, in nanoseconds.
        public var nanoseconds: Int64 {
            switch self {
            case .minute: 60_000_000_000
            case .hour: 3_600_000_000_000
            case .day: 86_400_000_000_000
            }
        }
    }

    /// Amount that it may spend in a period, in LF, above 0.
    public var budget: Double
    /// The period; a day unless set.
    public var period = Period.day
    /// A hungry cell senses every so manyth time: 2 to 1000, 4 unless set.
    public var every = 4
    /// Regions of the thalamus whose confirmed openings feed it; empty: that of its setting `region`.
    public var regions: [Region] = []
    /// Position in the file.
    public var mark = YAMLMark.start

    /// A budget a day.
    public init(budget: Double, period: Period = .day, every: Int = 4, regions: [Region] = []) {
        self.budget = budget
        self.period = period
        self.every = every
        self.regions = regions
    }

    /// Positions do not matter.
    public static func == (a: Self, b: Self) -> Bool {
        a.budget == b.budget && a.period == b.period && a.every == b.every && a.regions == b.regions
    }

    /// Hashes what `==` compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(budget)
        hasher.combine(period)
        hasher.combine(every)
        hasher.combine(regions)
    }
}

extension SystemFile {
    /// Regions of the thalamus whose confirmed openings feed a cell: those that its budget names, else that of its setting `region`; empty
    /// without a budget.
    public func foodRegions(of organism: Organism) -> [Region] {
        guard let budget = organism.lifeforce else { return [] }
        guard budget.regions.isEmpty else { return budget.regions }
        let named = organism.settings.first { $0.key == "region" }?.value.text
        guard let region = named.flatMap({ try? Region($0) }) else { return [] }
        return [(try? RegionMap(self))?.home(of: region) ?? region]
    }
}

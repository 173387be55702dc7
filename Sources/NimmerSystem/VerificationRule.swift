import NimmerWave

/// A rule by which openings of some regions get their outcomes from what a cell or nerve reports afterwards (trust.md, Rules).
public struct VerificationRule: Hashable, Sendable {
    /// Moment from which the rule looks.
    public enum Start: String, Hashable, Sendable, CaseIterable {
        /// The opening.
        case opening
        /// The end of the commands that the decision about it sent, all of which were done.
        case commandDone = "command done"
    }

    /// A claim about one wave of a cell or nerve.
    public struct Condition: Hashable, Sendable {
        /// The cell or nerve.
        public var organism: String
        /// Indicates whether it is a nerve.
        public var isNerve: Bool
        /// Path of the number in the wave's content; nil: its confidence, negative where it denies.
        public var field: [String]?
        /// The number must be above this.
        public var above: Double?
        /// The number must be below this.
        public var below: Double?
        /// Position in the file.
        public var mark: YAMLMark

        /// A condition.
        public init(
            organism: String, isNerve: Bool = false, field: [String]? = nil, above: Double? = nil, below: Double? = nil,
            mark: YAMLMark = .start
        ) {
            self.organism = organism
            self.isNerve = isNerve
            self.field = field
            self.above = above
            self.below = below
            self.mark = mark
        }

        /// Returns whether it holds for a number.
        public func holds(for number: Double) -> Bool {
            (above.map { number > $0 } ?? true) && (below.map { number < $0 } ?? true)
        }

        /// Equal without regard to the place in the file.
        public static func == (a: Condition, b: Condition) -> Bool {
            (a.organism, a.isNerve, a.field, a.above, a.below) == (b.organism, b.isNerve, b.field, b.above, b.below)
        }

        /// Hashes what is compared.
        public func hash(into hasher: inout Hasher) {
            hasher.combine(organism)
            hasher.combine(field)
        }
    }

    /// Outcomes in the order in which their conditions are looked at.
    public static let order: [VerificationResult] = [.confirmed, .failed, .partial]

    /// Pattern of the regions that it holds for, or a gate's id; of several the first holds.
    public var region: String
    /// Time within which it decides, in milliseconds.
    public var within: Double
    /// Moment from which it looks.
    public var after = Start.opening
    /// The condition of each outcome that has one.
    public var conditions: [VerificationResult: Condition] = [:]
    /// The outcome where no condition has held in that time, and all that it names were heard; nil: none.
    public var otherwise: VerificationResult?
    /// Position in the file.
    public var mark: YAMLMark

    /// A rule without conditions.
    public init(region: String, within: Double, mark: YAMLMark = .start) {
        self.region = region
        self.within = within
        self.mark = mark
    }

    /// Returns whether it holds for openings of a region.
    public func holds(for region: Region) -> Bool {
        self.region == GateID(region: region).text || (try? SubjectPattern(self.region))?.matches(region.text) == true
    }
}

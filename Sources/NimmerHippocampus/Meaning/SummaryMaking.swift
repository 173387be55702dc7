import NimmerSystem
import NimmerWave

/// Way in which summaries of days are made: with levels or without, extracted or written by an organ (spec/iris.md, Summaries).
package struct SummaryMaking: Sendable {
    /// Writes what is noteworthy about the facts of a day, within a time.
    package typealias Writer = @Sendable (_ facts: String, _ time: Duration) async throws(Failure) -> String

    /// Reason why a summary was extracted although an organ should have written it.
    package enum Failure: String, Error, Sendable, Hashable, CaseIterable {
        /// The organ is not running, or refuses.
        case unavailable
        /// It did not answer in time.
        case late
        /// Its answer was empty or cut off, or cannot be read.
        case unusable
        /// Not asked: it failed three times in a row, or writes about other regions of that day.
        case skipped
    }

    /// Time for one summary.
    static let time = Duration.seconds(30)
    /// Summaries of a day that an organ writes at most: those of the highest levels, then those of most openings.
    static let most = 100
    /// Failures in a row after which the rest of the day is extracted.
    static let failures = 3
    /// Bytes of the facts that an organ gets.
    static let factBytes = 8_000

    var levels: SummaryLevels
    var writer: Writer?

    /// A way of making summaries.
    ///
    /// - Parameters:
    ///   - levels: levels of regions; empty: without levels.
    ///   - writer: what writes them; nil: they are extracted.
    package init(levels: [MemorySettings.LevelRule] = [], writer: Writer? = nil) {
        self.levels = SummaryLevels(levels)
        self.writer = writer
    }

    /// Summaries of one day: which regions the organ writes about, and its failures in a row.
    struct Day: Sendable {
        private let regions: Set<Region>
        private var failed = 0

        /// A day of which an organ writes about some regions.
        init(_ regions: Set<Region>) { self.regions = regions }

        /// Returns whether the organ is asked about a region.
        func asks(about region: Region) -> Bool { failed < SummaryMaking.failures && regions.contains(region) }

        /// It wrote one, or did not.
        mutating func answered(_ isWritten: Bool) { failed = isWritten ? 0 : failed + 1 }
    }
}

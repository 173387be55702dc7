import NimmerWave

/// A region's day (UTC), in counts and in what stood out: extracted from what is stored, without a mind (spec/iris.md, Summaries).
public struct RegionDay: Sendable, Hashable {
    /// The region.
    public var region: Region
    /// Openings.
    public var openings = 0
    /// Openings whose outcome counts, by it.
    public var outcomes: [VerificationResult: Int] = [:]
    /// Decisions, by action, the most frequent first.
    public var actions: [Action] = []
    /// Openings of the highest confidence, the highest first.
    public var strongest: [MessageID] = []

    /// Decisions of one action.
    public struct Action: Sendable, Hashable {
        /// The action.
        public var action: String
        /// Number of decisions.
        public var count: Int

        /// Decisions of one action.
        public init(_ action: String, count: Int) {
            self.action = action
            self.count = count
        }
    }

    /// Regions of a day at most: those with most openings.
    public static let maximumRegions = 500
    /// Actions of a region at most.
    public static let maximumActions = 5
    /// Openings of a region that are quoted at most.
    public static let maximumOpenings = 3

    /// A day without an opening.
    public init(_ region: Region) { self.region = region }
}

/// The summary of a region's day.
public struct DailySummary: Sendable, Hashable {
    /// Level of a region, and what is below it.
    public struct Place: Sendable, Hashable {
        /// The level's name: `project`; nil: none is declared.
        public var level: String?
        /// Openings of the regions below, all the way down.
        public var openingsBelow = 0
        /// Texts of the summaries of the level below, in the order of their regions.
        public var below: [String] = []

        /// Without a level.
        public init() {}
    }

    /// Facts that are counted: region, level, day, openings, outcomes and actions.
    public let counts: String
    /// Text, at most ``MeaningText/maximumBytes``.
    public let text: String
    /// Id: of one environment, region and day the same (decision 0005).
    public let id: MessageID

    /// The summary of a day.
    ///
    /// - Parameters:
    ///   - day: the counts and what stood out.
    ///   - date: the day, `2026-02-14`.
    ///   - texts: texts of the openings that are quoted, as they are remembered.
    ///   - place: level of the region, and the summaries below it, which come before its own openings.
    ///   - written: what an organ wrote about it; it stands in place of what is quoted, behind the counts. Nil: nothing.
    public init(
        _ day: RegionDay, on date: String, texts: [String], in environment: Environment, at place: Place = Place(),
        written: String? = nil
    ) {
        let level = place.level.map { " (\($0))" } ?? ""
        var text = "\(day.region)\(level) on \(date): \(day.openings) openings"
        if place.openingsBelow > 0 { text += " and \(place.openingsBelow) below" }
        let outcomes = VerificationResult.allCases.compactMap { result -> String? in
            day.outcomes[result].map { "\($0) \(result.rawValue)" }
        }
        if !outcomes.isEmpty { text += ", \(outcomes.joined(separator: ", "))" }
        let actions = day.actions.prefix(RegionDay.maximumActions).map {
            "\(MeaningText.harmless($0.action, MeaningText.nameBytes)) \($0.count) times"
        }
        if !actions.isEmpty { text += "; decided \(actions.joined(separator: ", "))" }
        counts = text
        var quoted: Set<String> = []
        let room = max(120, 1_400 / max(1, place.below.count))
        let parts =
            written.map { [MeaningText.harmless($0, Self.writtenBytes)] }
            ?? place.below.map { MeaningText.cut($0, room) }
            + texts.prefix(RegionDay.maximumOpenings).map { MeaningText.cut($0, 500) }
        for part in parts where quoted.insert(part).inserted {
            let next = "; " + part
            guard text.utf8.count + next.utf8.count <= MeaningText.maximumBytes else { break }
            text += next
        }
        self.text = MeaningText.cut(text, MeaningText.maximumBytes)
        id = .summary(of: day.region, on: date, in: environment)
    }

    /// Bytes of what an organ writes that count.
    public static let writtenBytes = 1_200

    /// Days that are still to be summarized, the oldest first: those that ended ten minutes ago, at most 31.
    ///
    /// - Parameters:
    ///   - last: the last day with summaries; nil: only the last day that ended is due.
    ///   - now: the time.
    public static func due(after last: String?, at now: Timestamp) -> [(date: String, start: Timestamp)] {
        let settled = now.advanced(milliseconds: -600_000)
        guard let today = try? Timestamp(rfc3339: settled.utcDay + "T00:00:00Z") else { return [] }
        var days: [(String, Timestamp)] = []
        for back in stride(from: last == nil ? 1 : 31, through: 1, by: -1) {
            let start = today.advanced(milliseconds: -86_400_000 * Double(back))
            if let last, start.utcDay <= last { continue }
            days.append((start.utcDay, start))
        }
        return days
    }
}

/// Days of regions, as they are stored.
public protocol SummarySource: Sendable {
    /// The last day of an environment that has summaries; nil before the first.
    func summarizedDay(_ environment: Environment) async throws(MemoryError) -> String?

    /// A day of an environment, by region.
    ///
    /// - Parameters:
    ///   - start: its first moment.
    ///   - end: the first moment of the next day.
    func regionDays(
        _ environment: Environment, from start: Timestamp, until end: Timestamp
    ) async throws(MemoryError) -> [RegionDay]

    /// A day has its summaries.
    func summarized(_ environment: Environment, through day: String) async throws(MemoryError)
}

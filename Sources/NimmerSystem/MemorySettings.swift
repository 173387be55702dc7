import NimmerWave

/// The hippocampus's part of a system file (memory.md).
public struct MemorySettings: Sendable {
    /// A batch is written at the latest after this many milliseconds.
    public var batchMS = 200
    /// A batch is written at the latest with this many rows.
    public var batchRows = 2_000
    /// Days that transitions and what belongs to them are kept; nil: forever.
    public var retentionDays: Int?
    /// Name of the organ that writes the summaries of days; nil: they are extracted from what is stored (spec/iris.md, Summaries).
    public var summaries: String?
    /// Levels of regions in summaries, in the order of the file; the first rule that matches a region counts. Empty: without levels.
    public var levels: [LevelRule] = []
    /// Settings of the hippocampus's process.
    package var processSettings: [YAMLNode.Entry] = []

    /// Level of what a region is about, the highest first.
    public enum Level: String, Sendable, CaseIterable, Comparable {
        /// Aims of the whole system.
        case strategy
        /// A part of a strategy.
        case project
        /// A part of a project.
        case job
        /// A part of a job.
        case task
        /// A part of a task, without parts of its own.
        case atomic

        private var depth: Int { Self.allCases.firstIndex(of: self) ?? 0 }

        /// Returns whether a level is below another.
        public static func < (a: Level, b: Level) -> Bool { a.depth > b.depth }
    }

    /// Level of the regions that a pattern matches.
    public struct LevelRule: Sendable, Hashable {
        /// The pattern.
        public var pattern: SubjectPattern
        /// Its level.
        public var level: Level

        /// A level of regions.
        public init(_ pattern: SubjectPattern, _ level: Level) {
            self.pattern = pattern
            self.level = level
        }
    }

    /// The defaults: 200 ms, 2,000 rows, kept forever, extracted summaries without levels.
    public init() {}
}

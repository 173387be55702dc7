import NimmerTerminal
import NimmerWave

/// Settings that an oscilloscope is started with; they do not change while it runs, except for those that have keys.
public struct ScopeSettings: Sendable {
    /// Face that an oscilloscope shows.
    public enum Face: Sendable, Hashable {
        /// Scope, gates, log and inspector: `nimmer wave tail`.
        case tail
        /// The gates alone, and what explains them: `nimmer gate watch`.
        case gates
    }

    /// Source of its messages.
    public enum Source: Sendable, Hashable {
        /// A server.
        case live
        /// A recording of this name, which is played.
        case recording(String)
    }

    /// The environment, for the name and the tint of the header.
    public var environment: Environment
    /// Face that it shows.
    public var face: Face
    /// Source of its messages.
    public var source: Source
    /// Title in the header: the command.
    public var title: String
    /// Subscription patterns: `dev.>`.
    public var patterns: String
    /// Glyphs that the terminal can show.
    public var glyphs: GlyphLevel
    /// Number of colours that it has.
    public var colors: ColorDepth
    /// Colours of text and background.
    public var theme = ScopeTheme.dark
    /// Waves below it are hidden and counted; 0…1. The keys `m` and `M` move it.
    public var minimumConfidence = 0.0
    /// Only what contains this text; with `!` before it, only what does not. The key `/` changes it.
    public var filter = ""
    /// The thalamus's map of regions, where a system file states it; nil: as the thalamus answers, or as openings show it.
    package var regions: RegionMap?
    /// Indicates whether the log also shows what repeats by itself: attention, correlations, heartbeats.
    public var showsBackground = false
    /// Offset of the local clock ahead of UTC, in seconds.
    public var utcOffsetSeconds = 0
    /// Limits of what is kept.
    public var limits = ScopeLimits()

    /// Makes settings.
    public init(
        environment: Environment = .dev, face: Face = .tail, source: Source = .live, title: String = "nimmer wave tail",
        patterns: String = "", glyphs: GlyphLevel = .braille, colors: ColorDepth = .truecolor
    ) {
        self.environment = environment
        self.face = face
        self.source = source
        self.title = title
        self.patterns = patterns.isEmpty ? "\(environment.rawValue).>" : patterns
        self.glyphs = glyphs
        self.colors = colors
    }
}

/// Limits of what an oscilloscope keeps (oscilloscope.md, Must: bounded memory). What is beyond goes, the oldest first.
public struct ScopeLimits: Sendable, Hashable {
    /// Messages, at least 1.
    public var messages = 200_000
    /// Maximum age of a message, in milliseconds.
    public var ageMilliseconds = 1_800_000.0
    /// Bytes of waves that are kept as they came; of older ones only what is drawn.
    public var waveBytes = 16 << 20
    /// Bytes of all other messages that are kept as they came.
    public var eventBytes = 4 << 20

    /// The normative limits.
    public init() {}
}

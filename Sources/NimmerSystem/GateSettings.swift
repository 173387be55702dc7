import NimmerGate
import NimmerWave

/// The gates' part of a system file: what all gates share, and what single regions or gates change.
public struct GateSettings: Sendable {
    /// Changes for the gates of one region, or for one gate by its id.
    public struct Rule: Sendable {
        /// `plant`, `plant.>` or a gate's id.
        public let region: String
        /// Differences.
        public var overrides: GateOverrides
        /// Position of the rule.
        public var mark: YAMLMark
        /// The region as a pattern; read once, since each new region is held against it.
        private let pattern: SubjectPattern?

        package init(region: String, overrides: GateOverrides, mark: YAMLMark) {
            self.region = region
            self.overrides = overrides
            self.mark = mark
            pattern = try? SubjectPattern(region)
        }

        /// Returns whether the rule is about a region or its gate.
        func matches(_ region: String, gate: String?) -> Bool {
            self.region == gate || pattern?.matches(region) == true
        }
    }

    /// Configuration of a region's gate where the file sets nothing: gates.md, but it opens at 0.4. Witnesses that judge themselves as
    /// sensors do are seldom surer than that of what a person sees at once (sensing.md, What it reaches).
    public static let regionGate: GateConfiguration = {
        var configuration = GateConfiguration()
        configuration.openThreshold = 0.4
        return configuration
    }()

    /// Differences for every gate.
    public var defaults = GateOverrides()
    /// Differences for single regions, in the order of the file; the first that matches wins.
    public var regions: [Rule] = []

    /// Gates as a file without settings has them.
    public init() {}
}

/// Settings of a gate where they differ from what lies below (gates.md, Configuration); nil keeps that.
public struct GateOverrides: Hashable, Sendable {
    /// Indicates whether window and half-life follow the members' intervals where these settings name none (`window: auto`), whatever
    /// lies below names.
    public var windowIsAutomatic = false
    /// Time for which a wave can be a witness, in milliseconds.
    public var windowMS: Double?
    /// Time in which the potential halves in silence, in milliseconds.
    public var halfLifeMS: Double?
    /// STABLE → OPEN at or above.
    public var openThreshold: Double?
    /// STABLE → CLOSED at or below.
    public var closeThreshold: Double?
    /// Back to STABLE at this fraction of the threshold that was crossed.
    public var releaseFraction: Double?
    /// Trust of the gate, or of an origin before its first outcome; 0…1.
    public var weight: Double?
    /// Trust from which one voice is enough.
    public var reflexWeight: Double?
    /// Source of trust.
    public var trust: TrustSource?
    /// Number of outcomes that the weight is worth.
    public var priorOutcomes: Double?
    /// Number of confirmations that one failure cancels.
    public var failedWeight: Double?
    /// Number of outcomes by which an origin is known.
    public var trustMemory: Double?
    /// Time for which an unproven voice must last to be heard once; 0: never.
    public var hearingMS: Double?
    /// Number of asserting origins that an opening needs.
    public var quorum: Int?
    /// Waves below this confidence do not resonate.
    public var floor: Double?
    /// Remembered witnesses at most.
    public var maxOrigins: Int?

    /// Nothing differs.
    public init() {}

    /// These settings, with those of `other` where it has any.
    public func merged(with other: GateOverrides) -> GateOverrides {
        var merged = self
        merged.windowIsAutomatic = windowIsAutomatic || other.windowIsAutomatic
        merged.windowMS = other.windowMS ?? (other.windowIsAutomatic ? nil : windowMS)
        merged.halfLifeMS = other.halfLifeMS ?? (other.windowIsAutomatic ? nil : halfLifeMS)
        merged.openThreshold = other.openThreshold ?? openThreshold
        merged.closeThreshold = other.closeThreshold ?? closeThreshold
        merged.releaseFraction = other.releaseFraction ?? releaseFraction
        merged.weight = other.weight ?? weight
        merged.reflexWeight = other.reflexWeight ?? reflexWeight
        merged.trust = other.trust ?? trust
        merged.priorOutcomes = other.priorOutcomes ?? priorOutcomes
        merged.failedWeight = other.failedWeight ?? failedWeight
        merged.trustMemory = other.trustMemory ?? trustMemory
        merged.hearingMS = other.hearingMS ?? hearingMS
        merged.quorum = other.quorum ?? quorum
        merged.floor = other.floor ?? floor
        merged.maxOrigins = other.maxOrigins ?? maxOrigins
        return merged
    }
}

extension GateSettings {
    /// The configuration of one gate: the base, then the file's defaults, then the first rule that matches.
    ///
    /// - Parameters:
    ///   - region: the region that the gate guards.
    ///   - gate: the gate's id, for rules that name one gate.
    ///   - base: what the gate's owner has as its defaults.
    public func configuration(
        region: String, gate: String? = nil, base: GateConfiguration = regionGate
    ) -> GateConfiguration {
        overrides(region: region, gate: gate).applied(to: base)
    }

    /// Settings of the file for one gate: its defaults, then the first rule that matches.
    package func overrides(region: String, gate: String?) -> GateOverrides {
        guard let rule = rule(region: region, gate: gate) else { return defaults }
        return defaults.merged(with: rule.overrides)
    }

    /// The first rule of the file about one gate; nil without one.
    package func rule(region: String, gate: String?) -> Rule? {
        regions.first { $0.matches(region, gate: gate) }
    }
}

extension GateOverrides {
    /// A configuration with these settings where there are any.
    public func applied(to base: GateConfiguration) -> GateConfiguration {
        // Whose window and half-life are not set follows the members; all else is taken from the base below.
        var configuration = windowIsAutomatic ? GateConfiguration() : base
        // Setting them fixes them.
        if let windowMS { configuration.windowMilliseconds = windowMS }
        if let halfLifeMS { configuration.halfLifeMilliseconds = halfLifeMS }
        configuration.openThreshold = openThreshold ?? base.openThreshold
        configuration.closeThreshold = closeThreshold ?? base.closeThreshold
        configuration.releaseFraction = releaseFraction ?? base.releaseFraction
        configuration.weight = weight ?? base.weight
        configuration.reflexWeight = reflexWeight ?? base.reflexWeight
        configuration.trust = trust ?? base.trust
        configuration.priorOutcomes = priorOutcomes ?? base.priorOutcomes
        configuration.failedWeight = failedWeight ?? base.failedWeight
        configuration.trustMemory = trustMemory ?? base.trustMemory
        configuration.hearingMilliseconds = hearingMS ?? base.hearingMilliseconds
        configuration.quorum = quorum ?? base.quorum
        configuration.floor = floor ?? base.floor
        configuration.maximumOrigins = maxOrigins ?? base.maximumOrigins
        return configuration
    }
}

extension GateOverrides {
    /// Sets the source of trust by its word.
    ///
    /// - Returns: false for a word that is not one.
    package mutating func setTrust(_ word: String) -> Bool {
        guard let source = TrustSource(rawValue: word) else { return false }
        trust = source
        return true
    }

    /// Contradiction of settings with each other: a quorum that no window holds, or of earned trust with its purpose, since an untried voice
    /// must not open a gate alone (trust.md, Limits around it).
    ///
    /// - Parameter defaults: what lies below these settings.
    /// - Returns: the keys at fault, what they hold, and what is expected; nil where all is in order.
    package func contradiction(over defaults: GateOverrides) -> (keys: [String], found: String, expected: String)? {
        let gate = defaults.merged(with: self).applied(to: GateSettings.regionGate)
        if gate.quorum > gate.maximumOrigins {
            return (
                ["quorum", "max_origins"], "quorum \(gate.quorum), max_origins \(gate.maximumOrigins)",
                "a quorum of max_origins or less, so that the gate remembers as many origins as an opening needs"
            )
        }
        guard gate.trust == .earned else { return nil }
        func text(_ number: Double) -> String { JSON.number(number).text }
        if gate.opensUntried {
            return (
                ["weight", "reflex_weight", "open_threshold"],
                "weight \(text(gate.weight)), reflex_weight \(text(gate.reflexWeight)), "
                    + "open_threshold \(text(gate.openThreshold))",
                "weight / reflex_weight below open_threshold, so that an untried voice does not open the gate alone; "
                    + "or a weight above reflex_weight, which declares a reflex"
            )
        }
        if let hearing = gate.hearingMilliseconds, gate.hearingIsTooLong {
            return (
                ["hearing_ms"], "hearing_ms \(text(hearing))",
                "at most 100 windows, \(text(gate.windowMilliseconds * GateConfiguration.maximumHearingWindows)) milliseconds"
            )
        }
        return nil
    }
}

import NimmerPlatform
import NimmerSystem
import NimmerWave

/// Settings of gates that an exploration tries; nil leaves the real one.
package struct ExplorationCandidate: Sendable, Hashable {
    /// A setting, and the values that are tried.
    enum Setting: CaseIterable {
        case openThreshold, window, quorum, weight, reflexWeight, failedWeight, hearing

        /// The key in a system file.
        var key: String {
            switch self {
            case .openThreshold: "open_threshold"
            case .window: "window_ms"
            case .quorum: "quorum"
            case .weight: "weight"
            case .reflexWeight: "reflex_weight"
            case .failedWeight: "failed_weight"
            case .hearing: "hearing_ms"
            }
        }

        var values: [Double] {
            switch self {
            case .openThreshold: (4...19).map { Double($0) / 20 }
            case .window: [5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000]
            case .quorum: [1, 2, 3]
            case .weight: (2...16).map { Double($0) / 20 }
            case .reflexWeight: (10...18).map { Double($0) / 20 }
            case .failedWeight: [0.5, 1, 2, 4]
            case .hearing: [0, 5_000, 10_000, 30_000, 60_000]
            }
        }

        /// Indicates whether it means something only where trust is earned.
        var isOfEarnedTrust: Bool { self == .failedWeight || self == .hearing }
    }

    /// The settings that differ, by key.
    package private(set) var settings: [String: Double] = [:]

    /// The real settings.
    package init() {}

    /// Chooses each setting by chance; about half of them differ.
    init(_ chance: inout SplitMix, earnsTrust: Bool) {
        for setting in Self.tried(earnsTrust) where chance.number(below: 2) == 0 { choose(setting, &chance) }
    }

    /// The settings that are tried.
    static func tried(_ earnsTrust: Bool) -> [Setting] {
        Setting.allCases.filter { earnsTrust || !$0.isOfEarnedTrust }
    }

    /// A neighbour: one or two settings are chosen again, or left as they are in reality.
    func neighbour(_ chance: inout SplitMix, earnsTrust: Bool) -> ExplorationCandidate {
        var other = self
        let tried = Self.tried(earnsTrust)
        for _ in 0...chance.number(below: 2) {
            let setting = tried[chance.number(below: tried.count)]
            if chance.number(below: 4) == 0 {
                other.settings[setting.key] = nil
            } else if let value = settings[setting.key], let place = setting.values.firstIndex(of: value) {
                // One step up or down.
                let next = chance.number(below: 2) == 0 ? place - 1 : place + 1
                other.settings[setting.key] = setting.values[max(0, min(setting.values.count - 1, next))]
            } else {
                other.choose(setting, &chance)
            }
        }
        return other
    }

    private mutating func choose(_ setting: Setting, _ chance: inout SplitMix) {
        settings[setting.key] = setting.values[chance.number(below: setting.values.count)]
    }

    /// The settings as they change what a file has.
    var overrides: GateOverrides {
        var overrides = GateOverrides()
        overrides.openThreshold = settings["open_threshold"]
        overrides.windowMS = settings["window_ms"]
        overrides.quorum = settings["quorum"].map { Int(saturating: $0) }
        overrides.weight = settings["weight"]
        overrides.reflexWeight = settings["reflex_weight"]
        overrides.failedWeight = settings["failed_weight"]
        overrides.hearingMS = settings["hearing_ms"]
        return overrides
    }

    /// The variant of a system that has these settings in all gates; nil where they contradict each other.
    package func variant(_ name: String, of system: SystemFile) -> VirtualVariant? {
        var variant = VirtualVariant(name: name)
        variant.gates.defaults = overrides
        for rule in system.gates.regions {
            variant.gates.regions.append(.init(region: rule.region, overrides: overrides, mark: rule.mark))
        }
        let merged = system.gates.overlaid(by: variant.gates)
        guard merged.defaults.contradiction(over: GateOverrides()) == nil,
            merged.regions.allSatisfy({ $0.overrides.contradiction(over: merged.defaults) == nil })
        else { return nil }
        return variant
    }

    /// The settings in the notation of a system file: `{open_threshold: 0.5, quorum: 2}`.
    package var yaml: String {
        let members = Setting.allCases.compactMap { setting in
            settings[setting.key].map { "\(setting.key): \(JSON.number($0).text)" }
        }
        return "{\(members.joined(separator: ", "))}"
    }

    /// A variant in the notation of a system file, on one line.
    package func yaml(_ name: String, of system: SystemFile) -> String {
        let regions = system.gates.regions.map { "\"\($0.region)\": \(yaml)" }
        let rules = regions.isEmpty ? "" : ", regions: {\(regions.joined(separator: ", "))}"
        return "\(name): {gates: {defaults: \(yaml)\(rules)}}"
    }
}

extension SplitMix {
    /// A whole number from 0 to below a limit.
    mutating func number(below limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }
}

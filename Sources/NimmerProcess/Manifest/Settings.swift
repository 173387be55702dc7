/// The settings that a process runs with, and where each came from.
///
/// Asking for a key that the manifest does not declare, or for another type, is a programmer's error and traps.
public struct Settings: Sendable {
    /// Where a value came from; later layers win (architecture.md, A system file).
    public enum Layer: String, Sendable {
        /// The manifest.
        case standard = "default"
        /// The system file.
        case file = "system file"
        /// An environment variable.
        case variable = "environment"
        /// The command line.
        case flag
    }

    private var values: [String: (value: SettingValue?, layer: Layer)] = [:]

    /// The defaults of some settings, with other values where a test or a replay wants them.
    public init(_ settings: [Setting], _ changes: [String: SettingValue] = [:]) {
        for setting in settings { values[setting.key] = (setting.standard, .standard) }
        for (key, value) in changes { values[key] = (value, .flag) }
    }

    mutating func set(_ key: String, _ value: SettingValue, from layer: Layer) { values[key] = (value, layer) }

    /// Whether there is such a setting.
    public func has(_ key: String) -> Bool { values[key] != nil }

    /// Where a value came from.
    public func layer(_ key: String) -> Layer { values[key]?.layer ?? .standard }

    /// The value as it is; nil when it is absent.
    public func value(_ key: String) -> SettingValue? {
        guard let entry = values[key] else { preconditionFailure("the manifest declares no setting '\(key)'") }
        return entry.value
    }

    /// A number that has a default.
    public func number(_ key: String) -> Double {
        guard let number = numberIfPresent(key) else {
            preconditionFailure("'\(key)' has no default: it may be absent")
        }
        return number
    }

    /// A number, or nil.
    public func numberIfPresent(_ key: String) -> Double? {
        switch value(key) {
        case .number(let number): return number
        case .whole(let number): return Double(number)
        case nil: return nil
        case .text, .flag, .list, .table: preconditionFailure("'\(key)' is no number")
        }
    }

    /// A whole number that has a default.
    public func whole(_ key: String) -> Int {
        guard let number = wholeIfPresent(key) else { preconditionFailure("'\(key)' has no default: it may be absent") }
        return number
    }

    /// A whole number, or nil.
    public func wholeIfPresent(_ key: String) -> Int? {
        switch value(key) {
        case .whole(let number): return number
        case nil: return nil
        case .number, .text, .flag, .list, .table: preconditionFailure("'\(key)' is no whole number")
        }
    }

    /// A text that has a default or is required.
    public func text(_ key: String) -> String {
        guard let text = textIfPresent(key) else { preconditionFailure("'\(key)' has no default: it may be absent") }
        return text
    }

    /// A text, or nil.
    public func textIfPresent(_ key: String) -> String? {
        switch value(key) {
        case .text(let text): return text
        case nil: return nil
        case .number, .whole, .flag, .list, .table: preconditionFailure("'\(key)' is no text")
        }
    }

    /// Yes or no.
    public func flag(_ key: String) -> Bool {
        guard case .flag(let flag) = value(key) else { preconditionFailure("'\(key)' is no flag") }
        return flag
    }

    /// Texts in order.
    public func list(_ key: String) -> [String] {
        guard case .list(let texts) = value(key) else { preconditionFailure("'\(key)' is no list") }
        return texts
    }

    /// Names and texts in order.
    public func table(_ key: String) -> [SettingValue.TableRow] {
        guard case .table(let rows) = value(key) else { preconditionFailure("'\(key)' is no table") }
        return rows
    }
}

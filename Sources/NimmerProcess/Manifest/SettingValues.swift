import NimmerWave

/// The values of a process's settings, and where each came from.
public struct SettingValues: Sendable {
    /// Layer of a value; later layers win (architecture.md, A system file).
    public enum Layer: String, Sendable {
        /// Declaration of the setting.
        case standard = "default"
        /// The system file.
        case file = "system file"
        /// An environment variable.
        case variable = "environment"
        /// The command line.
        case flag
    }

    private var values: [String: (value: SettingValue?, layer: Layer)] = [:]

    /// The defaults of some settings.
    init(_ declarations: [SettingDeclaration]) {
        for declaration in declarations { values[declaration.key] = (declaration.standard, .standard) }
    }

    mutating func set(_ key: String, _ value: SettingValue, from layer: Layer) { values[key] = (value, layer) }

    /// Puts the default in place of a value.
    mutating func reset(_ declaration: SettingDeclaration) {
        values[declaration.key] = (declaration.standard, .standard)
    }

    /// Removes a row of a table.
    ///
    /// - Returns: false where there is no such row.
    mutating func remove(row name: String, of declaration: SettingDeclaration) -> Bool {
        guard let (value, layer) = values[declaration.key], case .table(let rows) = value else { return false }
        let others = rows.filter { $0.name != name }
        values[declaration.key] = (.table(others), layer)
        return others.count < rows.count
    }

    /// Returns whether there is such a setting.
    public func has(_ key: String) -> Bool { values[key] != nil }

    /// Layer of a value.
    public func layer(_ key: String) -> Layer { values[key]?.layer ?? .standard }

    /// The value as it is; nil when it is absent.
    public func value(_ key: String) -> SettingValue? { values[key]?.value }

    /// The value of a setting that is declared here.
    subscript<Value>(_ setting: Setting<Value>) -> Value {
        guard let entry = values[setting.declaration.key], let read = setting.read(entry.value) else {
            // A configuration has every required setting, and each value is of its declaration's kind.
            preconditionFailure("the setting '\(setting.declaration.key)' has no value of its type")
        }
        return read
    }
}

/// Settings of a process, by the names that its options have in Swift: `settings.alarm`.
///
/// A name that the options do not declare does not compile, and each has the type that it was declared with.
@dynamicMemberLookup
public struct Settings<Options: ProcessOptions>: Sendable {
    private let options = Options()
    private let values: SettingValues

    /// Interval of sensing, in milliseconds (the setting `interval_ms`); nil: never on its own.
    public var senseInterval: Int? {
        if case .whole(let interval) = values.value(CommonSettings.intervalKey) { interval } else { nil }
    }

    /// The settings of a process that was configured with these options.
    package init(_ values: SettingValues) { self.values = values }

    /// The defaults, with other values for tests.
    ///
    /// - Parameter changes: values by their keys.
    /// - Throws: a ``ProcessFailure`` that names a key which is not declared, or a value that is not what its setting takes.
    package init(changes: [String: SettingValue] = [:]) throws(ProcessFailure) {
        let declarations = Options.declarations
        var values = SettingValues(declarations)
        try values.take(changes, of: declarations)
        self.values = values
    }

    /// The value of a setting.
    public subscript<Value>(dynamicMember setting: KeyPath<Options, Setting<Value>>) -> Value {
        let setting = options[keyPath: setting]
        // Its default would hide that it cannot be set.
        precondition(
            values.has(setting.declaration.key),
            "the setting '\(setting.declaration.key)' is no stored property of \(Options.self)")
        return values[setting]
    }
}

extension SettingValues {
    /// Takes values as a test or a replay gives them.
    ///
    /// - Throws: a ``ProcessFailure`` that names what is not declared or not of its type, or the required setting that is missing.
    mutating func take(_ changes: [String: SettingValue], of declarations: [SettingDeclaration]) throws(ProcessFailure)
    {
        for (key, value) in changes.sorted(by: { $0.key < $1.key }) {
            guard let declaration = declarations.first(where: { $0.key == key }) else {
                let known = declarations.map(\.key).sorted().joined(separator: ", ")
                throw ProcessFailure(.configuration, "unknown setting '\(key)'; expected any of: \(known)")
            }
            guard declaration.takes(value) else {
                throw ProcessFailure(
                    .configuration, "the setting '\(key)': found '\(value.text)'; expected \(declaration.expectation)")
            }
            set(key, value, from: .flag)
        }
        for declaration in declarations where declaration.isRequired && value(declaration.key) == nil {
            throw ProcessFailure(.configuration, "the setting '\(declaration.key)' is missing")
        }
    }
}

/// A setting of a cell, nerve or service: its key, type, range, default and meaning, declared as a property of its options.
///
/// ```swift
/// struct Options: ProcessOptions {
///     let alarm = Setting.number("alarm", 70, in: 1...100, unit: "%", "Humidity that is too much.")
/// }
/// ```
///
/// Where there is no default, the value is optional. The key is that of system files; the flag of `alarm_cm` is `--alarm-cm`.
public struct Setting<Value: Sendable>: Sendable {
    /// Declaration for `--help`, system files and flags.
    public let declaration: SettingDeclaration
    /// The value as the author reads it; nil where it is not of this type.
    let read: @Sendable (SettingValue?) -> Value?

    init(_ declaration: SettingDeclaration, _ read: @escaping @Sendable (SettingValue?) -> Value?) {
        self.declaration = declaration
        self.read = read
    }
}

extension Setting where Value == Double {
    /// A number within a range.
    public static func number(
        _ key: String, _ standard: Double, in range: ClosedRange<Double>, unit: String = "", _ help: String
    ) -> Setting {
        Setting(SettingDeclaration(key, .number(range), .number(standard), unit: unit, help)) { $0?.number }
    }
}

extension Setting where Value == Double? {
    /// A number within a range, or nil where it is not set.
    public static func number(
        _ key: String, in range: ClosedRange<Double>, unit: String = "", _ help: String
    ) -> Setting {
        Setting(SettingDeclaration(key, .number(range), nil, unit: unit, help)) { .some($0?.number) }
    }
}

extension Setting where Value == Int {
    /// A whole number within a range.
    public static func whole(
        _ key: String, _ standard: Int, in range: ClosedRange<Int>, unit: String = "", _ help: String
    ) -> Setting {
        Setting(SettingDeclaration(key, .whole(range), .whole(standard), unit: unit, help)) { $0?.whole }
    }
}

extension Setting where Value == Int? {
    /// A whole number within a range, or nil where it is not set.
    public static func whole(
        _ key: String, in range: ClosedRange<Int>, unit: String = "", _ help: String
    ) -> Setting {
        Setting(SettingDeclaration(key, .whole(range), nil, unit: unit, help)) { .some($0?.whole) }
    }
}

extension Setting where Value == String {
    /// A text.
    public static func text(_ key: String, _ standard: String, _ help: String) -> Setting {
        Setting(SettingDeclaration(key, .text, .text(standard), help)) { $0?.string }
    }

    /// A required text: without it the process does not start.
    public static func requiredText(_ key: String, _ help: String) -> Setting {
        Setting(SettingDeclaration(key, .text, nil, isRequired: true, help)) { $0?.string }
    }

    /// One of some words.
    public static func choice(_ key: String, _ standard: String, of words: [String], _ help: String) -> Setting {
        Setting(SettingDeclaration(key, .choice(words), .text(standard), help)) { $0?.string }
    }
}

extension Setting where Value == String? {
    /// A text, or nil where it is not set.
    public static func text(_ key: String, _ help: String) -> Setting {
        Setting(SettingDeclaration(key, .text, nil, help)) { .some($0?.string) }
    }
}

extension Setting where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of the cases of an enumeration, by their texts.
    public static func choice(_ key: String, _ standard: Value, _ help: String) -> Setting {
        let words = Value.allCases.map(\.rawValue)
        return Setting(SettingDeclaration(key, .choice(words), .text(standard.rawValue), help)) { value in
            value?.string.flatMap { Value(rawValue: $0) }
        }
    }
}

extension Setting where Value == Bool {
    /// Yes or no.
    public static func flag(_ key: String, _ standard: Bool, _ help: String) -> Setting {
        Setting(SettingDeclaration(key, .flag, .flag(standard), help)) { $0?.flag }
    }
}

extension Setting where Value == [String] {
    /// Texts in order.
    public static func list(_ key: String, _ standard: [String], _ help: String) -> Setting {
        Setting(SettingDeclaration(key, .list, .list(standard), help)) { $0?.list }
    }
}

extension Setting where Value == [SettingValue.TableRow] {
    /// Names and lists of texts in order, such as commands and their arguments.
    public static func table(_ key: String, _ help: String) -> Setting {
        Setting(SettingDeclaration(key, .table, .table([]), help)) { $0?.table }
    }
}

extension SettingValue {
    fileprivate var number: Double? {
        switch self {
        case .number(let number): number
        case .whole(let number): Double(number)
        case .text, .flag, .list, .table: nil
        }
    }

    fileprivate var whole: Int? { if case .whole(let number) = self { number } else { nil } }
    fileprivate var string: String? { if case .text(let text) = self { text } else { nil } }
    fileprivate var flag: Bool? { if case .flag(let flag) = self { flag } else { nil } }
    fileprivate var list: [String]? { if case .list(let texts) = self { texts } else { nil } }
    fileprivate var table: [TableRow]? { if case .table(let rows) = self { rows } else { nil } }
}

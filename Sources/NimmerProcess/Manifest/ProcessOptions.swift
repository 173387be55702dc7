/// Settings of a cell, nerve or service: a value whose stored properties are ``Setting``s.
///
/// `--help`, `$SRV.INFO` and the check of system files list them in the order in which they are declared, so what is read is always
/// listed. A setting that is computed cannot be listed or set: reading it ends the process.
///
/// ```swift
/// struct Options: ProcessOptions {
///     let file = Setting.text("file", "/run/cellar/humidity", "Where the humidity is read.")
///     let alarm = Setting.number("alarm", 70, in: 1...100, unit: "%", "Humidity that is too much.")
/// }
/// ```
public protocol ProcessOptions: Sendable {
    /// The options as they are declared.
    init()
}

/// Nothing of its own can be set.
public struct NoOptions: ProcessOptions {
    /// No options.
    public init() {}
}

extension ProcessOptions {
    /// The declared settings, in order.
    package static var declarations: [SettingDeclaration] {
        Mirror(reflecting: Self()).children.compactMap { ($0.value as? any DeclaresSetting)?.declaration }
    }

    /// Mistakes of the declaration, one sentence each; a process with one does not start.
    package static var mistakes: [String] {
        let mirror = Mirror(reflecting: Self())
        if let parent = mirror.superclassMirror, !parent.children.isEmpty {
            return ["\(Self.self) inherits settings, which cannot be listed; options are a struct"]
        }
        let others = mirror.children.filter { !($0.value is any DeclaresSetting) }.map { child in
            "the property '\(child.label ?? "?")' of \(Self.self) is no Setting"
        }
        let declarations = declarations
        let twice = declarations.indices.filter { index in
            declarations[..<index].contains { $0.key == declarations[index].key }
        }
        return others + twice.map { "the setting '\(declarations[$0].key)' is declared twice" }
            + declarations.compactMap(\.mistake)
    }
}

/// A setting of whatever type.
private protocol DeclaresSetting {
    var declaration: SettingDeclaration { get }
}

extension Setting: DeclaresSetting {}

extension SettingDeclaration {
    /// Returns whether a value is of its kind and within its range.
    func takes(_ value: SettingValue) -> Bool {
        switch (kind, value) {
        case (.number(let range), .number(let number)): range.contains(number)
        case (.number(let range), .whole(let number)): range.contains(Double(number))
        case (.whole(let range), .whole(let number)): range.contains(number)
        case (.text, .text(let text)): !text.isEmpty
        case (.choice(let words), .text(let text)): words.contains(text)
        case (.flag, .flag), (.list, .list), (.table, .table): true
        default: false
        }
    }

    /// First mistake of the declaration; nil when it is correct.
    var mistake: String? {
        let letters = key.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5f }
        guard letters, let first = key.utf8.first, (0x61...0x7a).contains(first) else {
            return "the key '\(key)' must be lower-case letters, digits and '_', and begin with a letter"
        }
        guard !Launch.common.contains(key) else { return "the key '\(key)' is a flag of every process" }
        guard let standard, !takes(standard) else { return nil }
        return "the default of '\(key)' is '\(standard.text)'; expected \(expectation)"
    }
}

/// The value of a setting.
public enum SettingValue: Hashable, Sendable {
    /// A number.
    case number(Double)
    /// A whole number.
    case whole(Int)
    /// A text.
    case text(String)
    /// Yes or no.
    case flag(Bool)
    /// Texts in order.
    case list([String])
    /// Names and the texts that each stands for, in order.
    case table([TableRow])

    /// One `name: [texts]` of a table.
    public struct TableRow: Hashable, Sendable {
        /// The name.
        public var name: String
        /// The texts.
        public var values: [String]

        /// One row.
        public init(name: String, values: [String]) {
            self.name = name
            self.values = values
        }
    }
}

extension SettingValue {
    /// The value as it is written in a file or flag.
    public var text: String {
        switch self {
        case .number(let number): plain(number)
        case .whole(let number): String(number)
        case .text(let text): text
        case .flag(let flag): String(flag)
        case .list(let texts): "[" + texts.joined(separator: ", ") + "]"
        case .table(let rows):
            "{" + rows.map { "\($0.name): [\($0.values.joined(separator: ", "))]" }.joined(separator: ", ") + "}"
        }
    }
}

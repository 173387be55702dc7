import NimmerMemory
import NimmerWave

/// The columns of one row, by name. What is read must be what it is read as: a row that does not fit is an error, which names the row
/// and the column but not its value.
struct NamedColumns {
    private let values: [String: String?]

    /// The columns of a row.
    ///
    /// - Parameter names: in the order in which they were selected.
    /// - Throws: a ``Refusal`` when the row has another number of columns.
    init(_ names: [String], _ row: [String?]) throws(Refusal) {
        guard names.count == row.count else { throw Refusal(.missing, "it has \(row.count) columns") }
        values = Dictionary(zip(names, row)) { first, _ in first }
    }

    /// A column that may be null.
    func optional(_ name: String) -> String? { values[name] ?? nil }

    /// A column that is a text.
    func text(_ name: String) throws(Refusal) -> String { try read(name, "be there") { $0 } }

    /// A column that is a finite number.
    func number(_ name: String) throws(Refusal) -> Double {
        try read(name, "be a number") { text in Double(text).flatMap { $0.isFinite ? $0 : nil } }
    }

    /// A column that is a whole number.
    func whole(_ name: String) throws(Refusal) -> Int { try read(name, "be a whole number") { Int($0) } }

    /// A column that is a time.
    func time(_ name: String) throws(Refusal) -> Timestamp {
        try read(name, "be a time") { try? Timestamp(postgres: $0) }
    }

    /// A column that a closure understands.
    ///
    /// - Parameter expectation: completes "the column must".
    func read<Value>(_ name: String, _ expectation: String, _ parse: (String) -> Value?) throws(Refusal) -> Value {
        guard let text = optional(name), let value = parse(text) else {
            throw Refusal(.value, field: name, "\(name) must \(expectation)")
        }
        return value
    }
}

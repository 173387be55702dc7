/// Units of one kind that may stand behind numbers, and the factors that lead from them to one of them.
package struct UnitScale: Sendable {
    private let factors: [(unit: String, factor: Double)]

    /// Units with their sizes in any common measure.
    ///
    /// - Parameter target: size of the unit to which numbers are converted.
    package init(_ sizes: [(unit: String, size: Double)], to target: Double) {
        factors = sizes.map { ($0.unit, $0.size / target) }
    }

    /// Names of the units, as words: `m, cm or mm`.
    package var names: String {
        let names = factors.map(\.unit)
        return names.dropLast().joined(separator: ", ") + (names.count > 1 ? " or " : "") + (names.last ?? "")
    }

    /// The factor from a unit; nil for another one. Capital letters do not count.
    package func factor(of unit: String) -> Double? {
        let word = unit.lowercased()
        return factors.first { $0.unit == word }?.factor
    }
}

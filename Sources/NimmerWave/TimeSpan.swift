/// A time as a person writes it: 500ms, 90s, 10m, 2h, 3d.
package enum TimeSpan {
    private static let units = [("ms", 1.0), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]

    /// The time in milliseconds; nil where the text is not one.
    package static func milliseconds(_ text: String) -> Double? {
        guard let (unit, size) = units.first(where: { text.hasSuffix($0.0) }),
            let number = Double(text.dropLast(unit.count)),
            number.isFinite, number >= 0, text.utf8.first.map({ (48...57).contains($0) }) == true
        else { return nil }
        return number * size
    }
}

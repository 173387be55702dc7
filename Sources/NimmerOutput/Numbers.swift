/// A count with its noun: `1 wave`, `12 waves`.
package func count(_ number: Int, _ noun: String) -> String {
    number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
}

/// A number with a fixed count of decimals: `0.80`.
package func decimals(_ value: Double, _ places: Int = 2) -> String {
    guard value.isFinite else { return "—" }
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = (value.magnitude * scale).rounded()
    guard scaled < 9e15 else { return "\(value)" }
    let whole = String(Int64(saturating: scaled))
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard places > 0 else { return sign + whole }
    let digits = String(repeating: "0", count: max(0, places + 1 - whole.count)) + whole
    return sign + digits.dropLast(places) + "." + digits.suffix(places)
}

/// A potential with its sign: `+0.56`.
package func signed(_ value: Double) -> String {
    let text = decimals(value)
    return text.hasPrefix("-") ? text : "+" + text
}

/// A number with four significant digits: more would only be noise in a wave.
package func short(_ value: Double) -> Double {
    guard value != 0, value.isFinite else { return value }
    var scale = 1.0
    var magnitude = abs(value)
    while magnitude < 1000 && scale < 1e15 { (magnitude, scale) = (magnitude * 10, scale * 10) }
    guard scale > 1 else { return value.rounded() }
    return (value * scale).rounded() / scale
}

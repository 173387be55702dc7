import NimmerWave

extension Detector {
    /// Bound of the numbers that are judged, in the unit of the sensor: their squares are still finite.
    private static let bound = 1e150

    /// Returns whether a number can be judged: one that is finite, and within ±1e150.
    package static func accepts(_ value: Double) -> Bool { value.isFinite && abs(value) < bound }

    /// Reason why a number that is not accepted is refused.
    package static func refusal(of value: Double) -> Refusal {
        value.isFinite
            ? Refusal(.value, "expected a number within ±1e150", found: "\(value)")
            : Refusal(.value, "expected a finite number", found: "\(value)")
    }
}

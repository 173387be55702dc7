extension Detector {
    /// Side of normal on which a change counts. What lies on the other is neither learned as an excursion nor loud; the baseline follows it.
    package enum Side: Sendable {
        /// Greater and less, noisier and quieter.
        case both
        /// Greater and noisier alone.
        case above
    }
}

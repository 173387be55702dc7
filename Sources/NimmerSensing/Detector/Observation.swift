/// Judgement of a ``Detector`` on one sample (sensing.md).
public struct Observation: Hashable, Sendable {
    /// View that is the loudest of the three.
    public enum View: String, Sendable, Hashable {
        /// The value has left where it was.
        case level
        /// The noise is not what it was.
        case spread
        /// The last samples all lie far away, on one side.
        case leap
    }

    /// Confidence that something lasting has changed, 0…1; 0 while it does not know enough.
    public var confidence = 0.0
    /// The loudest view.
    public var view = View.level
    /// The sample.
    public var value: Double
    /// The slow baseline before the sample.
    public var normal: Double
    /// Ratio to the worst that was learned.
    public var times = 0.0
    /// Indicates whether the loudest view is above normal, else below.
    public var isAbove = true
    /// The short-term noise, a standard deviation in the sample's unit.
    public var spread = 0.0
    /// The learned noise, a standard deviation in the sample's unit.
    public var normalSpread = 0.0

    /// A sample in which nothing is seen.
    init(value: Double, normal: Double) {
        self.value = value
        self.normal = normal
    }
}

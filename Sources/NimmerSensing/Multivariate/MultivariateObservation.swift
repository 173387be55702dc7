/// Judgement of a ``MultivariateDetector`` on one row (sensing.md, Across sensors).
package struct MultivariateObservation: Hashable, Sendable {
    /// View that is the louder of the two.
    package enum View: String, Sendable, Hashable {
        /// T²: the inputs are together further from normal than they were, in ways in which they do vary together.
        case joint = "joint_level"
        /// Q: the inputs do not go together as they did.
        case relation = "correlation"
    }

    /// Confidence that something lasting has changed, 0…1; 0 while it learns.
    package var confidence = 0.0
    /// The louder view.
    package var view = View.joint
    /// Ratio to the worst that was learned.
    package var times = 0.0
    /// Indicates whether what lasted for as long as it learns is normal from now on.
    package var learnedAnew = false

    /// Part of an input in a view.
    package struct Contribution: Hashable, Sendable {
        /// The input, counted from 0.
        package var input: Int
        /// Its share of the view, 0…1.
        package var share: Double
        /// Its last value.
        package var value: Double
        /// Its slow baseline.
        package var normal: Double
    }
}

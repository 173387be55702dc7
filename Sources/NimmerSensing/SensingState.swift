/// State of a cell that learns what is normal.
public enum SensingState: String, Sendable {
    /// It does not know yet what is normal. Can transition to calm or surprised.
    case learning = "LEARNING"
    /// Nothing lasting has changed. Can transition to surprised, and to learning where normal is learned again.
    case calm = "CALM"
    /// Something has, more likely than not. Can transition to calm, and to learning where normal is learned again.
    case surprised = "SURPRISED"

    /// The state that follows.
    ///
    /// - Parameters:
    ///   - confidence: confidence that something lasting has changed, 0…1.
    ///   - isLearning: whether normal is not known yet.
    ///   - floor: the confidence below which a surprise ends.
    package func next(_ confidence: Double, isLearning: Bool, floor: Double) -> SensingState {
        if confidence >= 0.5 { return .surprised }
        if isLearning { return .learning }
        return self == .surprised && confidence >= floor ? .surprised : .calm
    }
}

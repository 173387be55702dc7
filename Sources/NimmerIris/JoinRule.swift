import Glibc

/// Cosine that a region needs to join a home (iris.md, Regions that mean the same).
public enum JoinRule {
    /// The part of the threshold that each doubling of the homes beyond two adds for names that are not linked.
    static let perDoubling = 0.15

    /// The least cosine to a home's centroid with which a region joins it; above 1 where vectors alone join nothing.
    ///
    /// - Parameters:
    ///   - isLinked: whether a dictionary links the region's name to one of the home.
    ///   - homes: how many homes it is compared with.
    ///   - join: the setting `iris.join`.
    public static func required(isLinked: Bool, homes: Int, join: Double) -> Double {
        if isLinked || homes <= 2 { return join }
        return join + perDoubling * log2(Double(homes) / 2)
    }
}

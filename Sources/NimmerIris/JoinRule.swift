import Glibc

/// The cosine that a region needs to join a home (spec/iris.md, Embeddings; decision 0036).
public enum JoinRule {
    /// The cosine from which two names of a system of two homes mean the same, unless configured.
    public static let defaultJoin = 0.40
    /// Subtracted from the threshold for names that are linked: their words already state that they mean the same.
    public static let linkedDiscount = 0.40
    /// Added to the threshold for names that are not linked, for each doubling of the homes beyond two.
    public static let perDoubling = 0.15

    /// The cosine that a region needs at least to join a home.
    ///
    /// Names that are linked need the threshold less ``linkedDiscount``, at least 0, however many homes there are. Names that are not linked
    /// need the threshold among two homes at most. Among more, the nearest home is often only related: each doubling adds ``perDoubling``, so
    /// that from 32 homes on vectors alone join nothing at the default.
    ///
    /// - Parameters:
    ///   - isLinked: whether their words mean the same (``NameLinks``).
    ///   - homes: number of homes that the region is compared with.
    ///   - join: the threshold, -1…1.
    /// - Returns: a cosine; greater than 1 where nothing joins.
    public static func required(isLinked: Bool, homes: Int, join: Double = defaultJoin) -> Double {
        if isLinked { return min(join, max(0, join - linkedDiscount)) }
        return homes > 2 ? join + perDoubling * log2(Double(homes) / 2) : join
    }

    /// The cosine that a region needs at least to join a home, by the relation of their names; infinite for names that are apart.
    public static func required(_ relation: NameRelation, homes: Int, join: Double = defaultJoin) -> Double {
        relation == .apart ? .infinity : required(isLinked: relation == .linked, homes: homes, join: join)
    }
}

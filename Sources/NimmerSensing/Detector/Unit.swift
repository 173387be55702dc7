/// Size of a view's excursions while all was well, and what it has grown to since (sensing.md, Units).
struct Unit: Sendable {
    /// Size of a unit of which little was seen, above 0.
    var smallest: Double
    var learned = 0.0
    var size = 0.0

    init(smallest: Double) { self.smallest = smallest }

    /// Size by which a view is divided.
    var measure: Double { max(size, smallest) }

    /// Moves towards a larger excursion while learning.
    mutating func learn(_ view: Double, rate: Double) {
        guard view > size else { return }
        size += rate * (view - size)
        learned = size
    }

    /// Ends learning at a size that one extreme does not decide.
    mutating func settle(at most: Double) {
        size = min(size, most)
        learned = size
    }

    /// Moves towards a larger excursion after learning, to a limit.
    mutating func habituate(_ view: Double, rate: Double, limit: Double) {
        guard view > size else { return }
        size += rate * (view - size)
        size = max(min(size, limit * max(learned, smallest)), learned)
    }
}

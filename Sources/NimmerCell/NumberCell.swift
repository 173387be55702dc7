/// A cell that judges one stream of numbers, wherever they come from: what replay can hand a column of a recording.
public protocol NumberCell: Cell {
    /// Indicates whether positive infinity is a number to it, such as a range at which nothing was found; false unless declared. Where it
    /// is false, ``read(_:_:)`` is handed finite numbers only.
    static var takesInfinity: Bool { get }

    /// Takes a number as it stands in its source.
    ///
    /// - Throws: why it was refused.
    mutating func read(_ number: Double, _ pulse: inout Pulse) throws
}

extension NumberCell {
    /// False.
    public static var takesInfinity: Bool { false }
}

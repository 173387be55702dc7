/// A cell that judges one stream of numbers, wherever they come from: what replay can hand a column of a recording.
public protocol NumberCell: Cell {
    /// Takes a number as it stands in its source.
    ///
    /// - Throws: why it was refused.
    mutating func read(_ number: Double, _ pulse: inout Pulse) throws
}

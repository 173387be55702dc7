/// A cell that judges rows of numbers, wherever they come from: what replay can hand several columns of a recording.
public protocol RowCell: Cell {
    /// Takes a row: a number for each of its inputs, in their order; NaN where there is none.
    ///
    /// - Throws: why it was refused.
    mutating func read(_ row: [Double], _ pulse: inout Pulse) throws

    /// Takes the number of one input, where they come one by one; rows are made of them.
    ///
    /// - Throws: why it was refused.
    mutating func read(_ number: Double, of input: Int, _ pulse: inout Pulse) throws
}

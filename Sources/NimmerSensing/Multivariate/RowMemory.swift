/// The last rows of several inputs, oldest first, in a buffer that is made once.
struct RowMemory: Sendable {
    /// Number of inputs.
    let inputs: Int
    /// Number of rows that it can hold.
    let capacity: Int
    /// Number of rows that it holds.
    var count = 0

    var values: [Double]
    var oldest = 0

    /// A memory of no rows.
    init(inputs: Int, capacity: Int) {
        self.inputs = inputs
        self.capacity = capacity
        values = [Double](repeating: 0, count: inputs * capacity)
    }

    /// Adds a row; the oldest leaves when it is full.
    mutating func append(_ row: [Double]) {
        let start = (count < capacity ? count : oldest) * inputs
        for input in 0..<inputs { values[start + input] = row[input] }
        if count < capacity { count += 1 } else { oldest = (oldest + 1) % capacity }
    }

    /// The value of an input in a row, counted from the oldest.
    subscript(row: Int, input: Int) -> Double {
        let place = oldest + row
        return values[(place < capacity ? place : place - capacity) * inputs + input]
    }

    /// The rows of one of eight equal parts.
    func part(_ part: Int) -> Range<Int> { part * count / 8..<(part + 1) * count / 8 }
}

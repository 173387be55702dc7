/// Bytes as they come, cut into lines.
public struct LineSplitter: Sendable {
    /// A longer line is cut here, so that a source without line ends costs no memory.
    public static let longest = 65_536

    private var rest: [UInt8] = []

    /// Nothing read yet.
    public init() {}

    /// Takes bytes and gives the lines that they complete, without their ends.
    public mutating func take(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for byte in bytes {
            if byte == 10 || rest.count >= Self.longest {
                if rest.last == 13 { rest.removeLast() }
                lines.append(rest)
                rest.removeAll(keepingCapacity: true)
                if byte == 10 { continue }
            }
            rest.append(byte)
        }
        return lines
    }

    /// The last line, when it has no end; nil when there is none.
    public mutating func finish() -> [UInt8]? {
        guard !rest.isEmpty else { return nil }
        defer { rest.removeAll() }
        if rest.last == 13 { rest.removeLast() }
        return rest
    }
}

/// Bytes as they come, cut into lines without their ends.
package struct LineSplitter: Sendable {
    /// A longer line is cut here, in bytes, so that a source without line ends costs no memory.
    package static let longest = 65_536

    private var rest: [UInt8] = []

    /// Nothing read yet.
    package init() {}

    /// Takes bytes and hands over the lines that they complete.
    package mutating func take(_ bytes: ArraySlice<UInt8>, _ emit: ([UInt8]) throws -> Void) rethrows {
        var bytes = bytes
        while let end = bytes.firstIndex(of: 0x0a) {
            rest += bytes[..<end]
            bytes = bytes[(end + 1)...]
            try cut(emit)
            if rest.last == 0x0d { rest.removeLast() }
            try emit(rest)
            rest.removeAll(keepingCapacity: true)
        }
        rest += bytes
        try cut(emit)
    }

    /// Takes bytes and gives the lines that they complete.
    package mutating func take(_ bytes: ArraySlice<UInt8>) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        take(bytes) { lines.append($0) }
        return lines
    }

    /// The last line, when it has no end; nil if absent.
    package mutating func finish() -> [UInt8]? {
        guard !rest.isEmpty else { return nil }
        defer { rest = [] }
        if rest.last == 0x0d { rest.removeLast() }
        return rest
    }

    private mutating func cut(_ emit: ([UInt8]) throws -> Void) rethrows {
        while rest.count > Self.longest {
            try emit(Array(rest[..<Self.longest]))
            rest.removeFirst(Self.longest)
        }
    }
}

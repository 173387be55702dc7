/// Bytes in, lines out: the ends of lines are taken off, and a line without an end is given at the end of the stream.
struct LineSplitter {
    /// Longer lines come in parts of this size, in bytes.
    static let longest = 65_536
    private var rest: [UInt8] = []

    /// Takes bytes and hands over the lines that they complete.
    mutating func take(_ bytes: ArraySlice<UInt8>, _ emit: (String) -> Void) {
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: 0x0A) {
            rest += bytes[start..<end]
            if rest.last == 0x0D { rest.removeLast() }
            emit(String(decoding: rest, as: UTF8.self))
            rest.removeAll(keepingCapacity: true)
            start = end + 1
        }
        rest += bytes[start...]
        while rest.count > Self.longest {
            emit(String(decoding: rest[..<Self.longest], as: UTF8.self))
            rest.removeFirst(Self.longest)
        }
    }

    /// Hands over what is left at the end of the stream.
    mutating func finish(_ emit: (String) -> Void) {
        guard !rest.isEmpty else { return }
        emit(String(decoding: rest, as: UTF8.self))
        rest.removeAll()
    }
}

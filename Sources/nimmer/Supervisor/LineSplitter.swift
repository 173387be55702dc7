/// Bytes in, whole lines out; a line longer than the bound comes in pieces, so that memory stays bounded.
struct LineSplitter {
    static let longest = 16_384
    private var rest: [UInt8] = []

    /// The lines that these bytes complete.
    mutating func take(_ bytes: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == 0x0a {
                lines.append(line())
            } else {
                rest.append(byte)
                if rest.count == Self.longest { lines.append(line()) }
            }
        }
        return lines
    }

    /// What is left when no more comes.
    mutating func finish() -> String? { rest.isEmpty ? nil : line() }

    private mutating func line() -> String {
        if rest.last == 0x0d { rest.removeLast() }
        defer { rest.removeAll(keepingCapacity: true) }
        return String(decoding: rest, as: UTF8.self)
    }
}

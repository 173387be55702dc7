import Glibc

/// The lines of an open file, one after the other, without holding more of it than a block and a line.
package struct LineReader: Sendable {
    private let file: Int32
    private var splitter = LineSplitter()
    private var lines: ArraySlice<[UInt8]> = []
    private var hasEnded = false

    /// - Parameter file: open for reading; who opened it closes it.
    package init(_ file: Int32) { self.file = file }

    /// The next line without its end; nil after the last one. A line of more than ``LineSplitter/longest`` bytes comes in parts.
    ///
    /// - Throws: a ``SystemCallError`` when the file cannot be read.
    package mutating func next() throws(SystemCallError) -> [UInt8]? {
        while true {
            if let line = lines.popFirst() { return line }
            if hasEnded { return splitter.finish() }
            try refill()
        }
    }

    private mutating func refill() throws(SystemCallError) {
        var chunk = [UInt8](repeating: 0, count: 16_384)
        var count = read(file, &chunk, chunk.count)
        while count < 0, errno == EINTR { count = read(file, &chunk, chunk.count) }
        guard count >= 0 else { throw SystemCallError("cannot read") }
        if count == 0 { hasEnded = true }
        lines = splitter.take(chunk[..<count])[...]
    }
}

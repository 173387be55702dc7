import DistanceCell
import Glibc
import NimmerPlatform
import NimmerWave

/// A text file of this machine, line by line.
public struct LineFile: RangeLines {
    private var file: Int32
    private var lines: LineReader

    public init(path: String) throws(Refusal) {
        file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw Refusal(.value, field: "file", "the file \(path) cannot be read: \(errorText(errno).lowercased())")
        }
        lines = LineReader(file)
    }

    /// The next line; a file that can be read no further has ended.
    public mutating func next() -> [UInt8]? {
        guard file >= 0 else { return nil }
        return try? lines.next()
    }

    public mutating func finish() {
        if file >= 0 { close(file) }
        file = -1
    }
}

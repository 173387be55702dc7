import NimmerWave

/// The lines of a file of ranges, one after the other.
public protocol RangeLines: Sendable {
    /// Opens a file.
    ///
    /// - Throws: a `Refusal` of the field `file` with the system's reason when it cannot be read.
    init(path: String) throws(Refusal)

    /// The next line without its end; nil after the last one.
    mutating func next() -> [UInt8]?

    /// Closes the file; nothing comes after it.
    mutating func finish()
}

/// No file at all: in a replay the ranges come from the recording.
public struct NoLines: RangeLines {
    public init(path: String) throws(Refusal) {
        throw Refusal(.missing, field: "file", "a replay does not read the file \(path)")
    }

    public mutating func next() -> [UInt8]? { nil }

    public mutating func finish() {}
}

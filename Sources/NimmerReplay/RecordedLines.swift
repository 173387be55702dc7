/// The lines of a recording, without their ends: of Unix, Windows and old Macs.
package struct RecordedLines: Sequence, IteratorProtocol {
    private let bytes: [UInt8]
    private var offset = 0
    private let end: UInt8
    /// The number of the line that came last, counted from 1.
    package private(set) var number = 0

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // A text without a line feed whose lines end in carriage returns.
        let start = bytes.prefix(1 << 20)
        end = !start.contains(10) && start.contains(13) ? 13 : 10
    }

    /// Indicates whether the line that came last ends with the text, and not with a line end.
    package var isUnfinished: Bool { offset >= bytes.count && bytes.last != end }

    package mutating func next() -> ArraySlice<UInt8>? {
        guard offset < bytes.count else { return nil }
        let stop = bytes[offset...].firstIndex(of: end) ?? bytes.count
        var line = bytes[offset..<stop]
        if line.last == 13 { line.removeLast() }
        offset = Swift.min(bytes.count, stop + 1)
        number += 1
        return line
    }
}

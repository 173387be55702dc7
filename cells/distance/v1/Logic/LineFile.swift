import Glibc
import NimmerWave

/// A text file, line by line, without holding more than one line and one block of it.
struct LineFile: Sendable {
    private var file: Int32
    private var buffer: [UInt8] = []
    private var place = 0
    private var hasEnded = false

    /// Opens a file.
    ///
    /// - Throws: a ``Refusal`` with the system's reason when it cannot be read.
    init(path: String) throws(Refusal) {
        file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw Refusal(
                .value, field: "file",
                "the file \(path) cannot be read: \(String(cString: strerror(errno)).lowercased())")
        }
    }

    /// The next line without its end; nil after the last one. A line of more than 64 KiB is cut there.
    mutating func next() -> [UInt8]? {
        while true {
            if let end = buffer[place...].firstIndex(of: 0x0a) {
                defer { place = end + 1 }
                return Array(buffer[place..<end])
            }
            if hasEnded || buffer.count - place >= 65_536 {
                guard place < buffer.count else { return nil }
                defer { place = buffer.count }
                return Array(buffer[place...])
            }
            refill()
        }
    }

    /// Closes the file; nothing comes after it.
    mutating func finish() {
        if file >= 0 { close(file) }
        (file, buffer, place, hasEnded) = (-1, [], 0, true)
    }

    private mutating func refill() {
        buffer.removeFirst(place)
        place = 0
        var chunk = [UInt8](repeating: 0, count: 16_384)
        var count = Glibc.read(file, &chunk, chunk.count)
        while count < 0, errno == EINTR { count = Glibc.read(file, &chunk, chunk.count) }
        if count <= 0 { hasEnded = true } else { buffer += chunk[..<count] }
    }
}

import CPlatform
import Glibc

/// The two ends of a close-on-exec pipe; its owner closes each end once.
struct PipeEnds: Sendable {
    let reading: Int32
    let writing: Int32

    init() throws(ChildError) {
        var ends: [Int32] = [-1, -1]
        guard nimmer_pipe(&ends) == 0 else {
            throw ChildError(.spawn, "cannot make a pipe: \(errorText(errno))")
        }
        reading = ends[0]
        writing = ends[1]
        _ = fcntl(reading, F_SETFL, O_NONBLOCK)
    }

    func closeReading() { close(reading) }
    func closeWriting() { close(writing) }
}

import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A pipe that wakes a loop which waits in `poll`: signals and other threads write a byte, the loop reads it.
///
/// A signal handler may do next to nothing; writing one byte to a pipe is allowed (signal-safety(7)).
enum Wakeup {
    /// Both ends; made on the first use.
    private static let ends: (read: Int32, write: Int32) = {
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        writeEnd.store(ends[1], ordering: .releasing)
        return (ends[0], ends[1])
    }()
    private static let writeEnd = Atomic<Int32>(-1)

    /// The descriptor to poll for reading.
    static var descriptor: Int32 { ends.read }

    /// From now on these signals end up in ``drain()`` instead of ending the process.
    static func watch(_ signals: [Int32]) {
        _ = ends
        for number in signals {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { Wakeup.post(UInt8(truncatingIfNeeded: $0)) }
            action.sa_flags = SA_RESTART
            sigaction(number, &action, nil)
        }
    }

    /// Wakes the loop with a number: a signal's, or 0 to say only "look around".
    static func post(_ number: UInt8) {
        let descriptor = writeEnd.load(ordering: .acquiring)
        guard descriptor >= 0 else { return }
        let saved = errno
        var byte = number
        write(descriptor, &byte, 1)
        errno = saved
    }

    /// The numbers that have come in since the last call.
    static func drain() -> [UInt8] {
        var numbers: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64)
        while true {
            let count = read(ends.read, &buffer, buffer.count)
            if count <= 0 { return numbers }
            numbers.append(contentsOf: buffer[..<count])
        }
    }
}

import Glibc
import NimmerBus

/// Schedule for checking a credentials file for a change. A value; files are replaced as
/// a whole, so that another file is another number, and one that was written in place has another time.
struct CredentialsWatch: Sendable {
    /// A file as the system knows it; nil fields where there is none.
    struct Mark: Equatable {
        var device: UInt64 = 0
        var number: UInt64
        var seconds = 0
        var nanoseconds = 0

        /// A file by its number alone.
        init(number: UInt64) { self.number = number }

        /// Reads the file at a path; nil where there is no file.
        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            device = UInt64(status.st_dev)
            number = UInt64(status.st_ino)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    /// Between two looks.
    static let interval = Duration.seconds(1)
    /// Before another attempt with a file that the server did not accept, doubled up to a minute.
    private static let firstPause = Duration.seconds(2)

    private let path: String
    private let look: @Sendable (String) -> Mark?
    private var read: Mark?
    /// The moment of the next look.
    private(set) var nextLook: ContinuousClock.Instant
    private var refused: (mark: Mark, pause: Duration)?

    /// A watch of these credentials; nil where they are not a file.
    init?(
        _ credentials: BusSettings.Credentials, at now: ContinuousClock.Instant = .now,
        look: @escaping @Sendable (String) -> Mark? = { Mark($0) }
    ) {
        guard case .file(let path) = credentials else { return nil }
        self.path = path
        self.look = look
        read = look(path)
        nextLook = now.advanced(by: Self.interval)
    }

    /// The file is read now, for a connection.
    mutating func isRead(at now: ContinuousClock.Instant) {
        read = look(path)
        refused = nil
        nextLook = now.advanced(by: Self.interval)
    }

    /// The server did not accept what the file holds now: it is tried again later, as it is or when it changes.
    mutating func wasRefused(at now: ContinuousClock.Instant) {
        guard let mark = look(path) else { return }
        let pause = refused.flatMap { $0.mark == mark ? min($0.pause * 2, .seconds(60)) : nil } ?? Self.firstPause
        refused = (mark, pause)
        nextLook = now.advanced(by: pause)
    }

    /// Returns whether it is time to check, and the file has changed since it was read. A file that is gone does not count.
    mutating func hasChanged(at now: ContinuousClock.Instant) -> Bool {
        guard now >= nextLook else { return false }
        nextLook = now.advanced(by: Self.interval)
        guard let mark = look(path) else { return false }
        return mark != read
    }
}

import Glibc
import NimmerPlatform

/// A card that organs on this machine take turns at: a lock on a file, which the kernel gives back when its holder dies.
///
/// The file names the holder of the card, so that a waiting organ can ask for it.
struct Card: Sendable {
    let path: String

    /// The lock of a card in a folder that every organ of this machine shares; the folder is made when it is absent.
    init(_ name: String, folder: String) {
        path = "\(folder)/\(name).lock"
        if mkdir(folder, 0o1777) == 0 { chmod(folder, 0o1777) }
    }

    /// Tries to take the card.
    ///
    /// - Parameter holder: the name that a waiting organ reads.
    /// - Returns: the lock; nil when another process holds it.
    /// - Throws: why the file cannot be used.
    func take(as holder: String) throws(Failure) -> Lock? {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard file >= 0 else { throw Failure("cannot open \(path): \(String(cString: strerror(errno)))") }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let isHeld = errno == EWOULDBLOCK
            let reason = String(cString: strerror(errno))
            close(file)
            if isHeld { return nil }
            throw Failure("cannot lock \(path): \(reason)")
        }
        // Others of this machine may be other users; a mode that cannot be changed is another user's file, already open to all.
        fchmod(file, 0o666)
        ftruncate(file, 0)
        pwrite(file, holder, holder.utf8.count, 0)
        return Lock(file: file)
    }

    /// Holder of the card; nil when there is none, as far as is known.
    var holder: String? {
        let bytes = (try? SmallFile.bytes(path, limit: 128, flags: O_NOFOLLOW)) ?? []
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// Reason why a card cannot be used.
    struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    /// A card that is held until it is released.
    final class Lock: Sendable {
        private let file: Int32
        init(file: Int32) { self.file = file }

        deinit {
            ftruncate(file, 0)
            close(file)
        }
    }
}

import NimmerOutput
import NimmerPlatform
import NimmerServers

#if canImport(Glibc)
    import Glibc
#endif

/// Held by the one `nimmer up` of a place; the system releases it when the process ends.
package final class UpLock: Sendable {
    private let descriptor: Int32

    /// - Throws: ``Failure`` when another `nimmer up` holds it.
    package init(_ place: RunFolder) throws(Failure) {
        let descriptor = open(place.lockPath, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure(.unavailable, "cannot open \(place.lockPath): \(String(cString: strerror(errno)))")
        }
        do throws(Failure) {
            try Failure.ofServers { () throws(ServerError) in
                try OwnFolder.check(descriptor, place.lockPath, as: .file)
            }
        } catch {
            close(descriptor)
            throw error
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            let holder = (try? RunState.read(place))?.map { " (process \($0.nimmer.pid))" } ?? ""
            throw Failure(
                .temporary, "a nervous system runs here already\(holder), in \(place.path)",
                remedy: "`nimmer wave tail` watches it, `nimmer status` shows its state, `nimmer down` stops it")
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Returns whether a process holds it now.
    package static func isHeld(_ place: RunFolder) -> Bool {
        let descriptor = open(place.lockPath, O_RDWR | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) != 0
    }
}

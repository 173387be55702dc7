import Glibc
import NimmerPlatform

/// The state that a private server keeps beside its data: written, made and removed.
extension SmallFile {
    /// Replaces the file as a whole, so that a reader sees the old text or the new one and never a part.
    package static func write(_ text: String, to path: String, mode: mode_t = 0o644) throws(ServerError) {
        let draft = path + ".new"
        unlink(draft)
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard file >= 0 else { throw ServerError(.folder, "cannot write \(path): \(errorText(errno))") }
        let isWhole = put(text, to: file)
        let error = errno
        close(file)
        guard isWhole else { throw ServerError(.folder, "cannot write \(path): \(errorText(error))") }
        guard rename(draft, path) == 0 else {
            throw ServerError(.folder, "cannot write \(path): \(errorText(errno))")
        }
    }

    /// Makes a folder and those above it; nothing happens when it is there.
    package static func makeFolder(_ path: String, mode: mode_t = 0o755) throws(ServerError) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/" + part
            if mkdir(made, mode) != 0 && errno != EEXIST {
                throw ServerError(.folder, "cannot make the folder \(made): \(errorText(errno))")
            }
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw ServerError(.folder, "\(path) is not a folder")
        }
    }

    /// The path above and the last name of a path, from the root.
    package static func halves(_ path: String) throws(ServerError) -> (above: String, name: String) {
        var parts = path.split(separator: "/").map(String.init).filter { $0 != "." }
        if !path.hasPrefix("/") {
            guard let here = absolute(".") else { throw ServerError(.folder, "cannot find the working folder") }
            parts = here.split(separator: "/").map(String.init) + parts
        }
        guard let name = parts.popLast(), name != ".." else {
            throw ServerError(.folder, "'\(path)' does not name a folder of its own")
        }
        return ("/" + parts.joined(separator: "/"), name)
    }

    /// Removes a file or a whole folder; links are removed and not followed.
    package static func remove(_ path: String) {
        let parts = path.split(separator: "/")
        guard let name = parts.last else { return }
        let above = (path.hasPrefix("/") ? "/" : "./") + parts.dropLast().joined(separator: "/")
        let descriptor = open(above, HeldFolder.flags & ~O_NOFOLLOW)
        guard descriptor >= 0 else { return }
        HeldFolder(path: above, descriptor: descriptor).remove(String(name))
    }
}

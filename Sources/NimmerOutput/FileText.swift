import NimmerPlatform

#if canImport(Glibc)
    import Glibc
#endif

/// Small files, whole.
package enum FileText {
    /// The bytes of a file, or of standard input for `-`.
    ///
    /// - Throws: ``Failure`` that names the file and what the system reported.
    package static func bytes(_ path: String) throws(Failure) -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot read", path) }
        defer { if path != "-" { close(descriptor) } }
        guard let bytes = SmallFile.bytes(of: descriptor) else { throw failure("cannot read", path) }
        return bytes
    }

    /// The text of a file, or nil when it cannot be read.
    package static func read(_ path: String) -> String? {
        (try? bytes(path)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The secret that a file holds: its first line, without a byte order mark.
    ///
    /// - Throws: ``Failure`` that names the file and what was found.
    package static func secret(_ path: String) throws(Failure) -> String {
        do throws(SecretFileError) { return try SecretFile.read(path) } catch {
            throw Failure(.unavailable, "cannot read \(path): \(error.reason)")
        }
    }

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    package static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Returns whether something is there that this user may not read.
    package static func isForbidden(_ path: String) -> Bool {
        exists(path) && access(path, R_OK) != 0 && errno == EACCES
    }

    /// The name of a file's owner; nil when there is no file or no user of that number.
    package static func owner(of path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0, let entry = getpwuid(status.st_uid) else { return nil }
        return String(cString: entry.pointee.pw_name)
    }

    package static func isEmptyFolder(_ path: String) -> Bool { isDirectory(path) && names(in: path).isEmpty }

    /// The names in a folder, in no order; none when it cannot be read.
    package static func names(in path: String) -> [String] {
        SmallFile.names(in: path)
    }

    /// Makes a folder and those above it.
    package static func makeFolder(_ path: String, mode: mode_t = 0o755) throws(Failure) {
        if isDirectory(path) || path.isEmpty { return }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeFolder(String(path[..<slash]))
        }
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw failure("cannot make the folder", path) }
    }

    /// The folder this process works in.
    package static var workingFolder: String {
        guard let name = getcwd(nil, 0) else { return "." }
        defer { free(name) }
        return String(cString: name)
    }

    /// A path that means the same from every folder.
    package static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        return path == "." ? workingFolder : workingFolder + "/" + path
    }

    /// The failure by what the system reported last.
    ///
    /// - Parameter what: `cannot read`, `cannot write` or the like.
    package static func failure(_ what: String, _ path: String) -> Failure {
        let status: Failure.Status =
            switch errno {
            case EACCES, EPERM: .permission
            case ENOSPC, EIO, EDQUOT, EFBIG, EPIPE: .io
            default: what == "cannot read" ? .noInput : .cannotCreate
            }
        return Failure(
            status, "\(what) \(path == "-" ? "standard input" : path): \(String(cString: strerror(errno)))")
    }
}

extension String {
    /// Without the line end that files end with.
    package var trimmingLineEnd: String {
        var text = self
        while text.hasSuffix("\n") || text.hasSuffix("\r") || text.hasSuffix("\r\n") { text.removeLast() }
        return text
    }
}

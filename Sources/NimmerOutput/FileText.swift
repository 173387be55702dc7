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

    /// Writes a file so that a reader sees the old one or the new one, never half of it.
    ///
    /// - Throws: ``Failure`` that names the file and what the system reported; then the old one is as it was.
    package static func write(_ text: String, to path: String, mode: mode_t = 0o644) throws(Failure) {
        let draft = "\(path).\(getpid()).new"
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure("cannot write", path) }
        try finish(draft, descriptor, Array(text.utf8), path)
        guard rename(draft, path) == 0 else { throw failed(draft, path) }
    }

    /// Gives a file other contents, as ``write(_:to:)`` does; where a link leads is written, and who may read it stays.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(Failure) {
        guard let resolved = realpath(path, nil) else { throw failure("cannot write", path) }
        defer { free(resolved) }
        var status = stat()
        guard stat(resolved, &status) == 0 else { throw failure("cannot write", path) }
        let draft = "\(String(cString: resolved)).\(getpid()).new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("cannot write", path) }
        // Where the owner cannot be kept, the file is this user's from now on.
        _ = fchown(descriptor, status.st_uid, status.st_gid)
        try finish(draft, descriptor, bytes, path)
        guard chmod(draft, status.st_mode & 0o7777) == 0, rename(draft, String(cString: resolved)) == 0 else {
            throw failed(draft, path)
        }
    }

    /// Writes bytes to a draft and closes it; a disk that is full shows at one or the other.
    private static func finish(_ draft: String, _ descriptor: Int32, _ bytes: [UInt8], _ path: String) throws(Failure) {
        guard SmallFile.put(bytes, to: descriptor) else {
            let error = failed(draft, path)
            close(descriptor)
            throw error
        }
        guard close(descriptor) == 0 else { throw failed(draft, path) }
    }

    /// The failure of a draft by what the system reported; the draft is removed.
    private static func failed(_ draft: String, _ path: String) -> Failure {
        let failure = failure("cannot write", path)
        unlink(draft)
        return failure
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

    private static func failure(_ what: String, _ path: String) -> Failure {
        let status: Failure.Status =
            switch errno {
            case EACCES, EPERM: .permission
            case ENOSPC, EIO, EDQUOT: .io
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

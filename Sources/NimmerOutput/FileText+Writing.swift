import NimmerPlatform

#if canImport(Glibc)
    import Glibc
#endif

extension FileText {
    /// Writes a file so that a reader sees the old one or the new one, never half of it.
    ///
    /// A pipe or a device stays what it is and is written into, and so is the file that standard output or standard error leads to. Of a link
    /// the target is written, and the link stays. Owner and permissions of an old file stay.
    ///
    /// - Parameter mode: permissions of the file; nil: those that it has, or 0644 for a new one.
    /// - Throws: ``Failure`` that names the file and what the system reported; then an old regular file is as it was.
    package static func write(_ bytes: [UInt8], to path: String, mode: mode_t? = nil) throws(Failure) {
        var old = stat()
        let isThere = stat(path, &old) == 0
        if isThere, let descriptor = stream(to: old) {
            guard SmallFile.put(bytes, to: descriptor) else { throw failure("cannot write", path) }
            return
        }
        if isThere, old.st_mode & S_IFMT != S_IFREG { return try pour(bytes, into: path) }
        guard !isThere || access(path, W_OK) == 0 else { throw failure("cannot write", path) }
        let target = target(of: path)
        let draft = "\(target).\(getpid()).new"
        unlink(draft)
        // Permissions of an old file are set when it is written: no other user reads it before.
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = open(draft, flags, isThere && mode == nil ? 0o600 : mode ?? 0o644)
        guard descriptor >= 0 else { throw failure("cannot write", path) }
        // Where the owner cannot be kept, the file is this user's from now on.
        let keepsOwner = isThere && fchown(descriptor, old.st_uid, old.st_gid) == 0
        try finish(draft, descriptor, bytes, path)
        // Another user's file would lend that user's rights, were its set-user-ID bit kept.
        if isThere, mode == nil, chmod(draft, old.st_mode & (keepsOwner ? 0o7777 : 0o777)) != 0 {
            throw failed(draft, path)
        }
        guard rename(draft, target) == 0 else { throw failed(draft, path) }
    }

    /// Writes a text, as its bytes.
    package static func write(_ text: String, to path: String, mode: mode_t? = nil) throws(Failure) {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    /// Gives a file that is there other contents, as ``write(_:to:mode:)`` does.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(Failure) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure("cannot write", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw Failure(.cannotCreate, "cannot write \(path): it is no regular file")
        }
        try write(bytes, to: path)
    }

    /// Permissions of a file; nil where there is none.
    package static func mode(of path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    /// Fails where a file no longer holds what was read from it: that edit would be lost.
    ///
    /// - Throws: ``Failure`` that names the file.
    package static func require(_ path: String, holds contents: [UInt8]) throws(Failure) {
        guard try bytes(path) == contents else {
            throw Failure(
                .failed, "\(path) was changed after it was read: it is left as it is now",
                remedy: "run the command again")
        }
    }

    /// Fails where a file that is to be written is one of those that are read: it would be lost before its end.
    ///
    /// - Parameters:
    ///   - output: the file that is to be written; nil where none is.
    ///   - option: the option that names it, for the message.
    ///   - inputs: the files that are read; `-` is standard input.
    /// - Throws: ``Failure`` of the status `usage` that names both.
    package static func refuse(_ output: String?, of option: String, over inputs: [String]) throws(Failure) {
        var written = stat()
        // Devices can be both, such as a terminal.
        guard let output, stat(output, &written) == 0, written.st_mode & S_IFMT != S_IFCHR else { return }
        for input in inputs {
            var read = stat()
            guard (input == "-" ? fstat(STDIN_FILENO, &read) : stat(input, &read)) == 0 else { continue }
            guard read.st_dev == written.st_dev, read.st_ino == written.st_ino else { continue }
            throw Failure(
                .usage, "\(option) \(output) is the file that is read (\(input == "-" ? "standard input" : input))",
                remedy: "name another file with \(option)")
        }
    }

    /// Standard output or standard error, where it leads to this regular file: a shell keeps it open.
    private static func stream(to file: stat) -> Int32? {
        guard file.st_mode & S_IFMT == S_IFREG else { return nil }
        return [STDOUT_FILENO, STDERR_FILENO].first { descriptor in
            var own = stat()
            return fstat(descriptor, &own) == 0 && own.st_dev == file.st_dev && own.st_ino == file.st_ino
        }
    }

    /// Writes into what stands at a path and is no regular file.
    private static func pour(_ bytes: [UInt8], into path: String) throws(Failure) {
        let descriptor = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot write", path) }
        guard SmallFile.put(bytes, to: descriptor) else {
            let error = failure("cannot write", path)
            close(descriptor)
            throw error
        }
        guard close(descriptor) == 0 else { throw failure("cannot write", path) }
    }

    /// The path that a path leads to through links; that of the missing file where the last link leads nowhere.
    private static func target(of path: String) -> String {
        if let resolved = SmallFile.absolute(path) { return resolved }
        var path = path
        for _ in 0..<40 {
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = readlink(path, &buffer, buffer.count)
            guard count > 0 else { break }
            let link = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
            path = link.hasPrefix("/") ? link : folder + link
        }
        return path
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
}

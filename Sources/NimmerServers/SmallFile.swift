import Glibc

/// Small text files and folders, for the state that a private server keeps beside its data.
package enum SmallFile {
    /// The whole file as text; nil when it cannot be read.
    package static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return text(of: file)
    }

    /// The rest of an open file as text; nil when it cannot be read.
    static func text(of file: Int32) -> String? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return count == 0 ? String(decoding: bytes, as: UTF8.self) : nil }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// Writes all of a text to an open file; false with `errno` when it cannot.
    static func put(_ text: String, to file: Int32) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

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

    /// The path from the root, without links; nil when nothing is there.
    package static func absolute(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
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

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// What a folder holds; nothing when it cannot be read.
    package static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        return names(in: folder)
    }

    /// What an open folder holds.
    static func names(in folder: OpaquePointer) -> [String] {
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
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

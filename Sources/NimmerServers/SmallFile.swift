import Glibc

/// Small text files and folders, for the state that a private server keeps beside its data.
package enum SmallFile {
    /// The whole file as text; nil when it cannot be read.
    package static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return count == 0 ? String(decoding: bytes, as: UTF8.self) : nil }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// Replaces the file as a whole, so that a reader sees the old text or the new one and never a part.
    package static func write(_ text: String, to path: String, mode: mode_t = 0o644) throws(ServerError) {
        let draft = path + ".new"
        unlink(draft)
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw ServerError(.folder, "cannot write \(path): \(errorText(errno))") }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                let error = errno
                close(file)
                throw ServerError(.folder, "cannot write \(path): \(errorText(error))")
            }
            rest = rest.dropFirst(count)
        }
        close(file)
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

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// What a folder holds; nothing when it cannot be read.
    package static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
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
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            unlink(path)
            return
        }
        for name in names(in: path) { remove(path + "/" + name) }
        rmdir(path)
    }
}

import Glibc

/// Files that fit into memory, and the names in folders.
package enum SmallFile {
    /// The bytes of a file, at most so many.
    ///
    /// - Parameters:
    ///   - path: the file; one of the kernel, which has no length of its own, is read as well.
    ///   - limit: how many bytes are read at most; what follows them is left out.
    ///   - flags: besides `O_RDONLY | O_CLOEXEC`, such as `O_NOFOLLOW`.
    /// - Throws: a ``SystemCallError`` when it cannot be opened or read.
    package static func bytes(
        _ path: String, limit: Int = .max, flags: Int32 = 0
    ) throws(SystemCallError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC | flags)
        guard file >= 0 else { throw SystemCallError("cannot open \(path)") }
        defer { close(file) }
        guard let bytes = bytes(of: file, limit: limit) else { throw SystemCallError("cannot read \(path)") }
        return bytes
    }

    /// The rest of an open file, at most so many bytes; nil, with `errno`, when it cannot be read.
    package static func bytes(of file: Int32, limit: Int = .max) -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(4096, limit))
        while bytes.count < limit {
            let count = Glibc.read(file, &chunk, min(chunk.count, limit - bytes.count))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return count == 0 ? bytes : nil }
            bytes.append(contentsOf: chunk[..<count])
        }
        return bytes
    }

    /// A file as text, at most so many bytes of it; nil, with `errno`, when it cannot be read.
    package static func read(_ path: String, limit: Int = .max) -> String? {
        (try? bytes(path, limit: limit)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The rest of an open file as text; nil when it cannot be read.
    package static func text(of file: Int32) -> String? {
        bytes(of: file).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The first line of a file without its end, at most so many bytes.
    ///
    /// - Throws: a ``SystemCallError`` when it cannot be opened or read.
    package static func firstLine(of path: String, limit: Int = 16_384) throws(SystemCallError) -> String {
        let line = try bytes(path, limit: limit).prefix { $0 != 0x0a && $0 != 0x0d }
        return String(decoding: line, as: UTF8.self)
    }

    /// Writes all of a text to an open file; false with `errno` when it cannot.
    package static func put(_ text: String, to file: Int32) -> Bool { put(Array(text.utf8), to: file) }

    /// Writes all of some bytes to an open file; false with `errno` when it cannot.
    package static func put(_ bytes: [UInt8], to file: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Returns whether something is there.
    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The path from the root, without links; nil when nothing is there.
    package static func absolute(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Entries of a folder, in no order; nothing when it cannot be read.
    package static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        return names(in: folder)
    }

    /// Returns the names in an open folder.
    package static func names(in folder: OpaquePointer) -> [String] {
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}

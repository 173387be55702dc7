import Glibc
import NimmerPlatform

/// A folder that is held open, so that what is done in it is done there, whatever its path leads to meanwhile; no link in it is
/// followed.
package final class HeldFolder: Sendable {
    /// For messages.
    package let path: String
    let descriptor: Int32

    /// A place in the file system that need not be readable; no link. (O_PATH, which Glibc's module does not show.)
    static let flags = 0o10000000 | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

    init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    var facts: FileFacts? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? FileFacts(status) : nil
    }

    /// Returns the facts about a name; nil when there is no such file.
    package func facts(_ name: String) -> FileFacts? {
        var status = stat()
        return fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? FileFacts(status) : nil
    }

    /// Returns whether something lies under a name that is not a folder.
    package func isFile(_ name: String) -> Bool { facts(name).map { $0.kind != .folder } ?? false }

    /// A folder in it.
    ///
    /// - Parameter mode: makes it with this mode when it is not there; nil makes none.
    /// - Returns: the folder, and whether it was made now.
    func folder(_ name: String, making mode: mode_t? = nil) throws(ServerError) -> (folder: HeldFolder, isNew: Bool) {
        let place = path == "/" ? "/\(name)" : "\(path)/\(name)"
        var isNew = false
        if let mode {
            isNew = mkdirat(descriptor, name, mode) == 0
            guard isNew || errno == EEXIST else { throw error("make the folder", name) }
        }
        let found = openat(descriptor, name, Self.flags)
        guard found >= 0 else { throw error("open the folder", name) }
        return (HeldFolder(path: place, descriptor: found), isNew)
    }

    /// The text of a file that may be relied on; nil if absent.
    ///
    /// - Throws: a ``ServerError`` when it is a link, a pipe, another user's, or may be changed by others.
    package func read(_ name: String, _ ownership: Ownership) throws(ServerError) -> String? {
        let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            if let facts = facts(name), let trouble = ownership.trouble(with: facts, as: .file) {
                throw OwnFolder.refusal("\(path)/\(name)", trouble)
            }
            throw error("read", name)
        }
        defer { close(file) }
        try OwnFolder.check(file, "\(path)/\(name)", ownership, as: .file)
        guard let text = SmallFile.text(of: file) else { throw error("read", name) }
        return text
    }

    /// Replaces a file as a whole; what had the name, a link too, is gone and was not followed.
    ///
    /// - Parameter owner: its new owner; nil keeps it.
    package func write(
        _ text: String, to name: String, mode: mode_t, owner: (user: uid_t, group: gid_t)? = nil
    ) throws(ServerError) {
        let draft = name + ".new"
        unlinkat(descriptor, draft, 0)
        let file = openat(descriptor, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard file >= 0 else { throw error("write", name) }
        defer { close(file) }
        guard SmallFile.put(text, to: file) else { throw error("write", name) }
        if let owner, fchown(file, owner.user, owner.group) != 0 { throw error("change the owner of", name) }
        guard renameat(descriptor, draft, descriptor, name) == 0 else { throw error("write", name) }
    }

    /// Changes the owner of the folder itself, with access for the owner alone.
    func give(to user: uid_t, _ group: gid_t, mode: mode_t) throws(ServerError) {
        let open = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard open >= 0 else { throw error("open", nil) }
        defer { close(open) }
        guard fchown(open, user, group) == 0 else { throw error("change the owner of", nil) }
        guard fchmod(open, mode) == 0 else { throw error("protect", nil) }
    }

    /// Sets who may look at the folder itself, also where an earlier version made it more open.
    package func protect(_ mode: mode_t) throws(ServerError) {
        let open = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard open >= 0 else { throw error("open", nil) }
        defer { close(open) }
        guard fchmod(open, mode) == 0 else { throw error("protect", nil) }
    }

    func rename(_ from: String, to name: String) throws(ServerError) {
        guard renameat(descriptor, from, descriptor, name) == 0 else { throw error("rename", from) }
    }

    /// Names in it; empty when it cannot be read.
    package var names: [String] {
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let folder = fdopendir(copy) else { return [] }
        defer { closedir(folder) }
        return SmallFile.names(in: folder)
    }

    /// Removes a file or a whole folder; links are removed and not followed.
    package func remove(_ name: String) {
        guard unlinkat(descriptor, name, 0) != 0, errno == EISDIR || errno == EPERM else { return }
        if let inner = try? folder(name).folder {
            for name in inner.names { inner.remove(name) }
        }
        unlinkat(descriptor, name, AT_REMOVEDIR)
    }

    /// The first place in it, however deep, whose owner is not relied on.
    func firstForeign(_ ownership: Ownership) -> (path: String, owner: uid_t)? {
        for name in names {
            guard let facts = facts(name) else { continue }
            guard ownership.trusts(facts.owner) else { return ("\(path)/\(name)", facts.owner) }
            guard facts.kind == .folder, let inner = try? folder(name).folder else { continue }
            if let found = inner.firstForeign(ownership) { return found }
        }
        return nil
    }

    func error(_ verb: String, _ name: String?) -> ServerError {
        let reason = errorText(errno)
        return ServerError(.folder, "cannot \(verb) \(name.map { "\(path)/\($0)" } ?? path): \(reason)")
    }
}

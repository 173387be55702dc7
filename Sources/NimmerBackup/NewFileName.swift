import CRename
import Glibc

/// A name that a finished file takes without replacing another.
package enum NewFileName {
    /// A way to do that; a file system may know some of them only.
    package enum Way: CaseIterable, Sendable {
        /// A second name, and then the first one goes; exFAT, FAT and some shares have none.
        case link
        /// `renameat2` with RENAME_NOREPLACE, which some shares and FUSE do not know.
        case rename
        /// An empty file of that name, made only if there is none, which the finished one then replaces.
        case reserve
    }

    /// Gives a file its name.
    ///
    /// - Parameter ways: what is tried, in order.
    /// - Returns: the error number of the last attempt, or EEXIST where the name is taken; nil on success.
    package static func take(_ path: String, for draft: String, by ways: [Way] = Way.allCases) -> Int32? {
        var failed = EINVAL
        for way in ways {
            guard let error = take(path, for: draft, way) else { return nil }
            failed = error
            if error == EEXIST { break }
        }
        return failed
    }

    private static func take(_ path: String, for draft: String, _ way: Way) -> Int32? {
        switch way {
        case .link:
            guard Glibc.link(draft, path) == 0 else { return errno }
            unlink(draft)
        case .rename:
            let error = nimmer_rename_new(draft, path)
            guard error == 0 else { return error }
        case .reserve:
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { return errno }
            close(descriptor)
            guard Glibc.rename(draft, path) == 0 else {
                let error = errno
                unlink(path)
                return error
            }
        }
        return nil
    }
}

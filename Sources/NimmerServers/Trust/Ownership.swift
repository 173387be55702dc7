import Glibc

/// Type, owner and permissions of a file or folder.
package struct FileFacts: Sendable, Equatable {
    /// Kind of file.
    package enum Kind: String, Sendable {
        case file = "a file"
        case folder = "a folder"
        case link = "a link"
        case other = "neither a file nor a folder"
    }

    package var kind: Kind
    package var owner: uid_t
    package var group: gid_t
    /// The permissions, with the sticky bit.
    package var mode: mode_t
    /// Number of hard links.
    package var links: Int

    package init(kind: Kind, owner: uid_t, group: gid_t, mode: mode_t, links: Int = 1) {
        self.kind = kind
        self.owner = owner
        self.group = group
        self.mode = mode
        self.links = links
    }

    init(_ status: stat) {
        let kind: Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .link
            default: .other
            }
        self.init(
            kind: kind, owner: status.st_uid, group: status.st_gid, mode: status.st_mode & 0o7777,
            links: Int(status.st_nlink))
    }
}

/// Owners whose files a process relies on: itself and root.
///
/// A folder that another user prepared (a clone, an archive, `/tmp`) may lead elsewhere by a link, name another user's process in a
/// state file, or carry a server's configuration that runs programs. So everything in the way is checked, before it is used.
package struct Ownership: Sendable, Equatable {
    /// The user of this process.
    package var user: uid_t
    /// An account that works for this process, such as the one of a database.
    package var serviceUser: uid_t?
    /// The group that has no member but the user; what that group may write, no other user may.
    package var ownGroup: gid_t?

    package init(user: uid_t, serviceUser: uid_t? = nil, ownGroup: gid_t? = nil) {
        self.user = user
        self.serviceUser = serviceUser
        self.ownGroup = ownGroup
    }

    /// This process's.
    package static func own(serviceUser: uid_t? = nil) -> Ownership {
        Ownership(user: geteuid(), serviceUser: serviceUser, ownGroup: UserName.ownGroup)
    }

    /// Role of a place.
    package enum Role: Sendable {
        /// A folder on the way: others may write where the sticky bit keeps each to their own.
        case way
        case folder
        case file
        /// A file that is read and never written; it may have several names.
        case copy
    }

    /// Returns whether this owner is relied on.
    package func trusts(_ owner: uid_t) -> Bool { owner == user || owner == 0 || owner == serviceUser }

    /// Reason why a place cannot be trusted, and the remedy; nil when it can.
    package func trouble(with facts: FileFacts, as role: Role) -> (found: String, remedy: String)? {
        let wanted: FileFacts.Kind = role == .file || role == .copy ? .file : .folder
        guard facts.kind == wanted else {
            return (
                "is \(facts.kind.rawValue) where \(wanted.rawValue) is expected", "remove it, or use another folder"
            )
        }
        guard trusts(facts.owner) else {
            return (
                "belongs to user \(UserName.of(facts.owner)), not to \(UserName.of(user))",
                "use a folder of your own, or give it to \(UserName.of(user)) once you know what is in it"
            )
        }
        let others = facts.mode & 0o002 != 0
        let group = facts.mode & 0o020 != 0 && facts.group != ownGroup
        guard !others && !group || role == .way && facts.mode & mode_t(S_ISVTX) != 0 else {
            let mode = String(facts.mode & 0o7777, radix: 8)
            return (
                "may be changed by \(others ? "all users" : "its group") (mode \(mode))",
                "look at what is in it, then chmod \(others ? "go" : "g")-w"
            )
        }
        guard role != .file || facts.links == 1 else {
            return ("is one file with \(facts.links) names", "remove this one")
        }
        return nil
    }
}

/// Names for numbers of users.
package enum UserName {
    /// The login name of a user, or the number without one.
    package static func of(_ user: uid_t) -> String {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getpwuid_r(user, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return "\(user)" }
        return String(cString: entry.pw_name)
    }

    /// The group of this process's user that is called like the user and has no other member; nil without one.
    static let ownGroup: gid_t? = {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 65_536)
        let name = of(geteuid())
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        var member = entry.gr_mem
        while let text = member?.pointee {
            if String(cString: text) != name { return nil }
            member = member?.successor()
        }
        return entry.gr_gid
    }()
}

import Glibc

/// Command line and environment of a child process.
public struct ChildCommand: Sendable {
    /// A path, or a name that is looked for as ``Executables/find(_:extraFolders:)`` does.
    public var executable: String
    /// The arguments after the program's own name.
    public var arguments: [String]
    /// The whole environment of the child.
    public var environment: [String: String]
    /// Working directory; nil keeps the parent's folder.
    public var workingDirectory: String?
    /// Account that it runs as; nil keeps the parent's user. Only root may change it.
    public var account: UserAccount?
    /// Signal that the kernel sends the child when this process dies, even by SIGKILL, so that no child is left behind;
    /// nil lets it live on.
    public var signalWhenParentDies: Int32?
    /// Time for which the rest of the child's process group may live after the child itself has ended: they are asked by
    /// SIGTERM at once and killed after this.
    public var leftoverGrace: Duration

    /// A command with the parent's environment, folder and user.
    public init(
        _ executable: String, _ arguments: [String] = [],
        environment: [String: String] = ChildCommand.inheritedEnvironment, workingDirectory: String? = nil,
        account: UserAccount? = nil, signalWhenParentDies: Int32? = SIGTERM, leftoverGrace: Duration = .seconds(2)
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.account = account
        self.signalWhenParentDies = signalWhenParentDies
        self.leftoverGrace = leftoverGrace
    }

    /// The environment of this process.
    public static var inheritedEnvironment: [String: String] {
        var result: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { result[String(pair[0])] = String(pair[1]) }
            entry += 1
        }
        return result
    }
}

/// A user account of this machine.
public struct UserAccount: Hashable, Sendable {
    /// The login name.
    public let name: String
    /// The user's number.
    public let user: UInt32
    /// The number of the user's own group.
    public let group: UInt32
    /// Every group that the user is in.
    public let groups: [UInt32]
    /// The home folder.
    public let home: String

    /// The account of this name.
    ///
    /// - Throws: a ``ChildError`` without one.
    public init(named name: String) throws(ChildError) {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
            throw ChildError(.account, "this machine has no user '\(name)'")
        }
        var count: Int32 = 256
        var groups = [gid_t](repeating: 0, count: Int(count))
        if getgrouplist(name, entry.pw_gid, &groups, &count) < 0 {
            groups = [entry.pw_gid]
            count = 1
        }
        self.name = name
        self.user = entry.pw_uid
        self.group = entry.pw_gid
        self.groups = Array(groups.prefix(Int(count)))
        self.home = String(cString: entry.pw_dir)
    }
}

import Glibc
import NimmerBus
import NimmerPlatform
import NimmerWave

/// The nervous system of a `nimmer up` that runs in a folder or one above it, as far as it is this user's own.
///
/// A folder that another user prepared is not trusted: the server that its state names would receive everything that is published.
public struct LocalSystem: Sendable, Hashable {
    /// The folder of what `nimmer up` keeps, from the one in which it runs.
    public static let folder = ".nimmer"

    /// Its nats-server.
    public var url: String
    /// `.nimmer/<env>`, absolute.
    public var path: String

    /// A system at an address.
    public init(url: String, path: String) {
        self.url = url
        self.path = path
    }

    /// The credentials of a part, such as `nimmer up` gives to that part; those of the owner for a part that has none.
    public func credentials(of name: String) -> String {
        let own = "\(path)/auth/keys/\(name).nk"
        return access(own, R_OK) == 0 ? own : "\(path)/auth/keys/owner.nk"
    }

    /// Returns whether an address is that of its server, however it is written: no scheme, `localhost`.
    public func serves(_ address: String) -> Bool { Self.place(address) == Self.place(url) }

    private static func place(_ address: String) -> String {
        var place = address.halves(around: "://")?.after ?? address
        if place.hasSuffix("/") { place.removeLast() }
        return place.hasPrefix("localhost:") ? "127.0.0.1:" + place.dropFirst("localhost:".count) : place
    }

    /// The system that runs nearest above a folder with a private server; nil if absent.
    public static func running(_ environment: Environment, above start: String) -> LocalSystem? {
        guard let path = nearest(environment, above: start), let text = ownText("up.json", in: path),
            let state = try? JSON(parsing: text), state["nats_private"]?.bool == true,
            let url = state["nats_url"]?.string, nimmer(in: state)?.isAlive == true
        else { return nil }
        return LocalSystem(url: url, path: path)
    }

    /// The system that runs in this process's folder or above it, for the environment that the variables choose.
    static func here(_ variables: [String: String]) -> LocalSystem? {
        let chosen = variables[Environment.variable] ?? ""
        guard let environment = chosen.isEmpty ? .dev : try? Environment(validating: chosen),
            let name = getcwd(nil, 0)
        else { return nil }
        defer { free(name) }
        return running(environment, above: String(cString: name))
    }

    /// The nearest `.nimmer/<env>` from a folder upward in which a system lives; where none does, the nearest.
    public static func nearest(_ environment: Environment, above start: String) -> String? {
        let folders = folders(environment, above: start)
        return folders.first { !isAbandoned($0) } ?? folders.first
    }

    /// Each `.nimmer/<env>` from a folder upward, nearest first.
    package static func folders(_ environment: Environment, above start: String) -> [String] {
        var folders: [String] = []
        var folder = start
        while true {
            let path = "\(folder == "/" ? "" : folder)/\(Self.folder)/\(environment.rawValue)"
            var status = stat()
            if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { folders.append(path) }
            guard folder != "/", let slash = folder.lastIndex(of: "/") else { return folders }
            folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
        }
    }

    /// Returns whether a `nimmer up` left the folder behind: it has no state, or one of this user whose process has ended. A state that is
    /// not to be believed, such as another user's, proves no end.
    private static func isAbandoned(_ path: String) -> Bool {
        var status = stat()
        guard lstat("\(path)/up.json", &status) == 0 else { return errno == ENOENT }
        guard let text = ownText("up.json", in: path), let state = try? JSON(parsing: text),
            let nimmer = nimmer(in: state)
        else { return false }
        return !nimmer.isAlive
    }

    /// The `nimmer up` that wrote a state.
    private static func nimmer(in state: JSON) -> ProcessIdentity? {
        state["nimmer"]?.string.flatMap { ProcessIdentity($0) }
    }

    /// The text of a plain file of this user in a folder that no other user can lead elsewhere: `.nimmer` and `.nimmer/<env>` are
    /// folders of this user that others cannot write to, and no links. Nil for any other.
    private static func ownText(_ name: String, in path: String) -> String? {
        let names = path.split(separator: "/").map(String.init)
        var folder = open("/" + names.dropLast(2).joined(separator: "/"), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return nil }
        defer { close(folder) }
        for name in names.suffix(2) {
            let next = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
            guard next >= 0 else { return nil }
            close(folder)
            folder = next
            guard isOwn(folder, S_IFDIR) != nil else { return nil }
        }
        let file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        guard let status = isOwn(file, S_IFREG) else { return nil }
        let limit = Int(clamping: min(status.st_size, 1 << 20))
        return SmallFile.bytes(of: file, limit: limit).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The facts of an open file or folder of this user that others cannot write to; nil for any other.
    private static func isOwn(_ descriptor: Int32, _ kind: mode_t) -> stat? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == kind, status.st_uid == geteuid(),
            status.st_mode & S_IWOTH == 0
        else { return nil }
        return status
    }
}

extension BusSettings {
    /// Uses the private server of a local system where no server is named, and its credentials for that server where none are.
    ///
    /// - Parameter isNamed: whether a flag, a variable or a system file has named a server.
    mutating func take(_ localSystem: LocalSystem, name: String, isNamed: Bool) {
        if !isNamed { url = localSystem.url }
        guard localSystem.serves(url), credentials == .none else { return }
        credentials = .file(localSystem.credentials(of: name))
    }
}

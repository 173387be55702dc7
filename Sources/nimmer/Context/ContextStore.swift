import NimmerOutput
import NimmerPlatform
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// Servers that commands connect to by a name, of one environment: a file of this user,
/// `$XDG_CONFIG_HOME/nimmerverse/contexts-<env>.json`.
struct ContextStore: Equatable, Sendable {
    /// One server.
    struct Context: Equatable, Sendable {
        var name: String
        var server: String
        var credentials: String?
    }

    let environment: Environment
    private(set) var contexts: [Context] = []
    /// The one that commands use unless they are given another; nil: none.
    private(set) var selected: String?

    /// The file; nil where this user has no home.
    private static func path(_ environment: Environment) -> String? {
        let folder =
            ProcessEnvironment.variable("XDG_CONFIG_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
            ?? ProcessEnvironment.variable("HOME").flatMap { $0.hasPrefix("/") ? "\($0)/.config" : nil }
        return folder.map { "\($0)/nimmerverse/contexts-\(environment.rawValue).json" }
    }

    /// The contexts of an environment; none where there is no file.
    ///
    /// - Throws: ``Failure`` for a file that others can change, or that is not one of contexts.
    init(_ environment: Environment) throws(Failure) {
        self.environment = environment
        guard let path = Self.path(environment), FileText.exists(path) else { return }
        var status = stat()
        guard stat(path, &status) == 0, status.st_uid == geteuid(), status.st_mode & (S_IWGRP | S_IWOTH) == 0 else {
            throw Failure(
                .permission, "\(path) belongs to another user, or others can change it",
                remedy: "the server that it names would receive what is published: remove the file, or make it yours")
        }
        guard let json = try? JSON(parsing: FileText.bytes(path)), let list = json["contexts"]?.array else {
            throw Failure(.data, "\(path) is no file of contexts", remedy: "remove it, and add the contexts again")
        }
        contexts = list.compactMap { entry in
            guard let name = entry["name"]?.string, let server = entry["server"]?.string else { return nil }
            return Context(name: name, server: server, credentials: entry["credentials"]?.string)
        }
        selected = json["selected"]?.string.flatMap { name in contexts.contains { $0.name == name } ? name : nil }
    }

    /// The context that commands use unless they are given another.
    var current: Context? { contexts.first { $0.name == selected } }

    /// A context by its name, or the beginning of it where that is one's alone.
    ///
    /// - Throws: ``Failure`` when there is none.
    func context(_ name: String) throws(Failure) -> Context {
        let begins = contexts.filter { $0.name.hasPrefix(name) }
        if let exact = contexts.first(where: { $0.name == name }) ?? (begins.count == 1 ? begins.first : nil) {
            return exact
        }
        let names = contexts.map(\.name)
        throw Failure(
            .failed, "no context \(name) of \(environment.rawValue)",
            remedy: names.isEmpty
                ? "add one with `nimmer context add NAME --server URL`" : "there are \(names.joined(separator: ", "))")
    }

    /// Adds a context; the first one is selected. One of the same name is replaced.
    mutating func add(_ context: Context) {
        contexts.removeAll { $0.name == context.name }
        contexts.append(context)
        contexts.sort { $0.name < $1.name }
        selected = selected ?? context.name
    }

    mutating func select(_ name: String?) { selected = name }

    mutating func remove(_ name: String) {
        contexts.removeAll { $0.name == name }
        if selected == name { selected = nil }
    }

    /// Writes the file, for its owner alone: an address may hold a password.
    func write() throws(Failure) {
        guard let path = Self.path(environment) else {
            throw Failure(
                .cannotCreate, "contexts are kept in the home folder, and HOME is not set", remedy: "set HOME")
        }
        var object: JSONObject = [
            "contexts": .array(
                contexts.map { context in
                    [
                        "name": .string(context.name), "server": .string(context.server),
                        "credentials": context.credentials.map { .string($0) } ?? .null,
                    ]
                })
        ]
        object["selected"] = selected.map { .string($0) }
        try FileText.makeFolder(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]), mode: 0o700)
        try FileText.write(JSON.object(object).pretty + "\n", to: path, mode: 0o600)
    }
}

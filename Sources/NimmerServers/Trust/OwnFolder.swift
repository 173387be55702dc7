import Glibc
import NimmerPlatform

/// The way to a folder that a command relies on, checked step by step.
package enum OwnFolder {
    /// Opens a folder, after checking that only its user (and root) can change its contents or where its path leads.
    ///
    /// - Parameters:
    ///   - path: from the root; a link in it is followed only when it is the user's own or root's.
    ///   - below: names below that path, of which none may be a link.
    ///   - mode: makes what is missing with this mode; nil makes none.
    ///   - ownership: whose it may be.
    /// - Throws: a ``ServerError`` that names the path, what was found there and what to do.
    package static func open(
        _ path: String, below: [String] = [], making mode: mode_t? = nil, _ ownership: Ownership = .own()
    ) throws(ServerError) -> HeldFolder {
        var folder = try way(to: path, making: mode == nil ? nil : 0o755, ownership)
        for name in below { folder = try step(from: folder, name, mode, ownership, as: .folder) }
        return folder
    }

    /// Looks at a folder without making or keeping anything; nothing happens when it is not there.
    package static func check(_ path: String, below: [String] = [], _ ownership: Ownership = .own()) throws(ServerError)
    {
        var status = stat()
        guard lstat(([path] + below).joined(separator: "/"), &status) == 0 else { return }
        _ = try open(path, below: below, ownership)
    }

    /// Looks at an open file or folder.
    package static func check(
        _ descriptor: Int32, _ path: String, _ ownership: Ownership = .own(), as role: Ownership.Role
    ) throws(ServerError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw ServerError(.folder, "cannot look at \(path): \(errorText(errno))")
        }
        if let trouble = ownership.trouble(with: FileFacts(status), as: role) { throw refusal(path, trouble) }
    }

    static func refusal(_ path: String, _ trouble: (found: String, remedy: String)) -> ServerError {
        ServerError(.untrusted, "\(path) \(trouble.found), so it is not used: \(trouble.remedy)")
    }

    /// As many links as the system follows.
    private static let maximumLinks = 40

    private static func way(to path: String, making mode: mode_t?, _ ownership: Ownership) throws(ServerError)
        -> HeldFolder
    {
        let root = Glibc.open("/", HeldFolder.flags)
        guard root >= 0 else { throw ServerError(.folder, "cannot open /: \(errorText(errno))") }
        var way = [HeldFolder(path: "/", descriptor: root)]
        var rest = Array(path.split(separator: "/").map(String.init).reversed())
        var links = 0
        while let name = rest.popLast() {
            let here = way[way.count - 1]
            if name == "." { continue }
            if name == ".." {
                if way.count > 1 { way.removeLast() }
                continue
            }
            if let facts = here.facts(name), facts.kind == .link {
                let place = here.path == "/" ? "/\(name)" : "\(here.path)/\(name)"
                links += 1
                guard ownership.trusts(facts.owner), links <= maximumLinks else {
                    throw refusal(
                        place,
                        ("is a link of user \(UserName.of(facts.owner))", "use a path that does not lead through it"))
                }
                guard let target = target(of: name, in: here) else { throw here.error("read the link", name) }
                if target.hasPrefix("/") { way.removeSubrange(1...) }
                rest += target.split(separator: "/").map(String.init).reversed()
                continue
            }
            way.append(try step(from: here, name, mode, ownership, as: .way))
        }
        return way[way.count - 1]
    }

    private static func step(
        from folder: HeldFolder, _ name: String, _ mode: mode_t?, _ ownership: Ownership, as role: Ownership.Role
    ) throws(ServerError) -> HeldFolder {
        if let facts = folder.facts(name), facts.kind != .folder,
            let trouble = ownership.trouble(with: facts, as: role)
        {
            throw refusal(folder.path == "/" ? "/\(name)" : "\(folder.path)/\(name)", trouble)
        }
        let next = try folder.folder(name, making: mode).folder
        try check(next.descriptor, next.path, ownership, as: role)
        return next
    }

    static func target(of name: String, in folder: HeldFolder) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlinkat(folder.descriptor, name, &buffer, buffer.count)
        guard count > 0, count < buffer.count else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

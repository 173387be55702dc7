import Glibc
import NimmerPlatform
import NimmerServers
import NimmerSystem
import NimmerWave

extension IdentityFolder {
    /// Replaces keys without an outage: the old ones are accepted beside the new ones until their time is over.
    ///
    /// At the private server of `nimmer up` this also makes new passwords for its `owner` and its `device` when they are among the names.
    /// A nats-server knows one password a user, so that the old one ends as soon as the server has read its configuration.
    ///
    /// The server learns of the new keys before any credentials file changes: a process that connects in between has a key that
    /// is accepted, whichever file it reads. Each file is replaced as a whole.
    ///
    /// - Parameters:
    ///   - names: whose keys; nil: all.
    ///   - until: the end of the old keys' time, if it is after `now`.
    ///   - audience: the server that it is for.
    ///   - reload: makes the server read its configuration again and returns when it has; it is given a credentials file with
    ///     one of the new keys (without one, the owner's), by which that can be tried. When it throws, every file of credentials
    ///     stays as it was.
    /// - Throws: a `SystemError`, a `ServerError`, or what `reload` throws.
    public func rotate(
        _ system: SystemFile, _ environment: Environment, names wanted: Set<String>?, until: Timestamp,
        for audience: Audience, at now: Timestamp = .now(), reload: (_ draft: String) async throws -> Void
    ) async throws -> Report {
        // The one that has no key yet gets one first, and what is over is dropped.
        var report = try await generate(system, environment, for: audience, at: now)
        let all = names(of: report.grants, audience)
        let files = passwordFiles(system, audience)
        try check(wanted ?? [], in: all + files.keys.filter { !all.contains($0) })
        let chosen = all.filter { wanted?.contains($0) ?? true }
        let passwords = files.filter { wanted?.contains($0.key) ?? true }.mapValues { _ in Self.newPassword() }
        guard !chosen.isEmpty || !passwords.isEmpty else { return report }
        var former = FormerKeys(report.former)
        var publicKeys: [String: String] = [:]
        var made: [String: CredentialsLines] = [:]
        for name in all { publicKeys[name] = key(of: name)?.publicKey }
        for name in chosen {
            guard let old = publicKeys[name] else { continue }
            let new = try await CredentialsLines.make()
            if until > now { former.keys.append(FormerKey(name: name, publicKey: old, until: until)) }
            publicKeys[name] = new.publicKey
            made[name] = new
        }
        defer {
            for name in chosen { unlink(draft(name)) }
            for name in passwords.keys { unlink((files[name] ?? "") + Self.next) }
        }
        for (name, key) in made { try write(key, of: name, to: draft(name)) }
        for (name, password) in passwords {
            try SmallFile.write(password + "\n", to: (files[name] ?? "") + Self.next, mode: 0o600)
        }
        // First that old keys are valid, then the keys: whatever ends this in between, every part has a valid one.
        try write(former)
        try writeConfiguration(report.grants, publicKeys, former, system, environment, audience, passwords: passwords)
        try await reload(chosen.first.map(draft) ?? ownerCredentials)
        let replaced = chosen.map(credentials) + passwords.keys.compactMap { files[$0] }
        for file in replaced where rename(file + Self.next, file) != 0 {
            throw ServerError(.folder, "cannot replace \(file): \(String(cString: strerror(errno)))")
        }
        report.made = chosen
        report.passwords = passwords.keys.sorted()
        report.former = former.keys
        return report
    }

    /// Ends former keys: those whose time is over, and those of the names that are given, whose time need not be over.
    ///
    /// The one that is still connected by one of them is disconnected when the server reads its configuration again.
    ///
    /// - Throws: a `SystemError` or a `ServerError`.
    public func finishRotation(
        _ system: SystemFile, _ environment: Environment, names: Set<String>, for audience: Audience,
        at now: Timestamp = .now()
    ) async throws -> Report {
        var former = try formerKeys()
        let all = self.names(of: try Grant.all(of: system, in: environment), audience)
        try check(names, in: all + passwordFiles(system, audience).keys.filter { !all.contains($0) })
        let ended = former.end(names, at: now)
        try write(former)
        var report = try await generate(system, environment, for: audience, at: now)
        report.ended = ended
        return report
    }

    private static let next = ".next"

    private func draft(_ name: String) -> String { credentials(name) + Self.next }
}

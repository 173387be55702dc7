import Glibc
import NimmerServers
import NimmerSystem
import NimmerWave

extension IdentityFolder {
    /// Replaces keys without an outage: the old ones are accepted beside the new ones until their time is over.
    ///
    /// The server learns of the new keys before any credentials file changes: a process that connects in between has a key that
    /// is accepted, whichever file it reads. Each file is replaced as a whole.
    ///
    /// - Parameters:
    ///   - names: whose keys; nil: everybody's.
    ///   - until: the end of the old keys' time, if it is after `now`.
    ///   - audience: the server that it is for.
    ///   - reload: tells the server to read its configuration again and returns when it has; it is given a credentials file with
    ///     one of the new keys, by which that can be tried. When it throws, every file of credentials stays as it was.
    /// - Throws: a `SystemError`, a `ServerError`, or what `reload` throws.
    public func rotate(
        _ system: SystemFile, _ environment: Environment, names wanted: Set<String>?, until: Timestamp,
        for audience: Audience, at now: Timestamp = .now(), reload: (_ draft: String) async throws -> Void
    ) async throws -> Report {
        // Whoever has no key yet gets one first, and what is over is dropped.
        var report = try await generate(system, environment, for: audience, at: now)
        let all = names(of: report.grants, audience)
        try check(wanted ?? [], in: all)
        let chosen = all.filter { wanted?.contains($0) ?? true }
        guard let first = chosen.first else { return report }
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
        defer { for name in chosen { unlink(draft(name)) } }
        for (name, key) in made { try write(key, of: name, to: draft(name)) }
        // First that old keys are valid, then the keys: whatever ends this in between, nobody is left without a valid one.
        try write(former)
        try writeConfiguration(report.grants, publicKeys, former, system, environment, audience)
        try await reload(draft(first))
        for name in chosen where rename(draft(name), credentials(name)) != 0 {
            throw ServerError(.folder, "cannot replace \(credentials(name)): \(String(cString: strerror(errno)))")
        }
        report.made = chosen
        report.former = former.keys
        return report
    }

    /// Ends former keys: those whose time is over, and those of the names that are given, whose time need not be over.
    ///
    /// Whoever is still connected by one of them is disconnected when the server reads its configuration again.
    ///
    /// - Throws: a `SystemError` or a `ServerError`.
    public func finishRotation(
        _ system: SystemFile, _ environment: Environment, names: Set<String>, for audience: Audience,
        at now: Timestamp = .now()
    ) async throws -> Report {
        var former = try formerKeys()
        try check(names, in: self.names(of: try Grant.all(of: system, in: environment), audience))
        let ended = former.end(names, at: now)
        try write(former)
        var report = try await generate(system, environment, for: audience, at: now)
        report.ended = ended
        return report
    }

    private func draft(_ name: String) -> String { credentials(name) + ".next" }
}

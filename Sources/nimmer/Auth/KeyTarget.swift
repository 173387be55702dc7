import NimmerBus
import NimmerIdentity
import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerSupervisor
import NimmerSystem
import NimmerWave

/// The folder whose keys a command changes, and the `nimmer up` that uses them, where one runs.
struct KeyTarget: Sendable {
    let folder: IdentityFolder
    /// State of the run that uses these keys: its server is reloaded after every change.
    let running: RunState?

    /// The folder that is named, else the one of the `nimmer up` that runs here or above, else the one of this folder.
    static func resolve(_ out: String?, _ environment: Environment) -> KeyTarget {
        var local: (folder: IdentityFolder, state: RunState)?
        if let place = RunFolder.nearest(environment), place.isOwn,
            let state = (try? RunState.read(place)).flatMap({ $0 }),
            state.isAlive, state.isPrivateNATS
        {
            local = (place.identities, state)
        }
        guard let out else {
            return KeyTarget(folder: local?.folder ?? RunFolder.here(environment).identities, running: local?.state)
        }
        let path = FileText.absolute(out)
        let isLocal = local.map { SmallFile.absolute($0.folder.path) == SmallFile.absolute(path) } ?? false
        return KeyTarget(folder: IdentityFolder(path: path), running: isLocal ? local?.state : nil)
    }

    var audience: IdentityFolder.Audience { running == nil ? .deployment : .local }

    /// Checks that a system file is the one that runs with these keys: another would take the permissions of the running parts.
    ///
    /// - Throws: ``Failure`` when it is another.
    func check(_ file: String) throws(Failure) {
        guard let running, SmallFile.absolute(file) != SmallFile.absolute(running.system) else { return }
        throw Failure(
            .usage,
            "the nervous system that runs with the keys in \(folder.path) is that of \(running.system), not of \(file)",
            remedy: "name that file, or another folder with --out")
    }

    /// Has the private server read what it includes again, and waits until it accepts a new key.
    ///
    /// - Parameter credentials: a file with the new key; nil: none.
    /// - Throws: ``Failure`` when there is no server to reload, or it does not accept the key within five seconds.
    func reload(trying credentials: String?) async throws(Failure) {
        guard let running else { return }
        guard let server = running.processes.first(where: { $0.name == "nats-server" })?.identity,
            server.send(Signal.reload), let url = running.natsURL
        else {
            throw Failure(
                .unavailable,
                "the nats-server of the nervous system that runs here cannot be made to read its keys again",
                remedy: "`nimmer status` shows whether it runs; it reads them when it starts")
        }
        guard let credentials else { return }
        let choice = ServerChoice(url: url, origin: .running(folder: folder.path), credentials: credentials)
        var last: Failure?
        for _ in 0..<50 {
            do throws(Failure) {
                await (try CommandConnection.open(choice)).close()
                return
            } catch { last = error }
            try? await Task.sleep(for: .milliseconds(100))
        }
        throw Failure(
            .unavailable, "the nats-server does not accept the new keys: \(last?.message ?? "it does not answer")",
            remedy: "the old ones stay in use; its configuration is \(folder.privateConfiguration)")
    }

    /// Writes the configuration of a deployment too where there is one beside that of the system, so that both know the same keys.
    func followDeployment(_ system: SystemFile, _ environment: Environment) async throws {
        guard running != nil, FileText.exists(folder.configuration) else { return }
        _ = try await folder.generate(system, environment, for: .deployment)
    }
}

private enum Signal {
    /// SIGHUP, which has a nats-server read its configuration again.
    static let reload: Int32 = 1
}

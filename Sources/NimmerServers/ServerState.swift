import Glibc
import NimmerPlatform

/// Beside a private server's data: which process serves it, for whom, and on which port.
struct ServerState: Sendable {
    /// The folder of the server; the caller has looked whose it is.
    let folder: String
    /// Whom the server runs as.
    let user: uid_t
    /// An argument that only the server of this folder was started with, such as the path of its configuration.
    let argument: String

    private static let name = "server.state"
    private var path: String { "\(folder)/\(Self.name)" }

    /// - Throws: a ``ServerError`` when the file was made by another user.
    private func fields() throws(ServerError) -> [Substring: Substring] {
        let place = open(folder, HeldFolder.flags)
        guard place >= 0 else { return [:] }
        let text = try HeldFolder(path: folder, descriptor: place).read(Self.name, .own())
        var result: [Substring: Substring] = [:]
        for line in (text ?? "").split(separator: "\n").map(Substring.init) {
            let pair = line.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { result[pair[0]] = pair[1] }
        }
        return result
    }

    /// The port of the last start.
    var port: UInt16? { (try? fields())?["port"].flatMap { UInt16($0) } }

    /// The port for MQTT of the last start; nil where it had none.
    var mqttPort: UInt16? { (try? fields())?["mqtt"].flatMap { UInt16($0) } }

    /// Ends a server that still runs on this folder: the orphan of a process that died.
    ///
    /// - Throws: a ``ServerError`` when the process that started the server still runs.
    func takeOver(program: String, folder: String, signal: Int32 = SIGTERM) async throws(ServerError) {
        let fields = try fields()
        guard let child = fields["child"].flatMap({ ProcessIdentity($0) }), child.isAlive else { return }
        // A process that was given the folder's name by hand, or by a forger, is not ended.
        guard child.isServing(as: user, with: argument) else {
            throw ServerError(
                .untrusted,
                "\(path) names process \(child.pid), which is not \(program) on \(folder), so it is left alone: "
                    + "remove the file once no \(program) runs there")
        }
        if let owner = fields["owner"].flatMap({ ProcessIdentity($0) }), owner.isAlive {
            throw ServerError(
                .alreadyRunning,
                "\(program) already runs on \(folder): process \(child.pid), started by process \(owner.pid)")
        }
        guard await child.terminate(signal: signal, grace: .seconds(10)) else {
            throw ServerError(
                .alreadyRunning, "\(program) was left running on \(folder) as process \(child.pid) and cannot be ended")
        }
    }

    func write(child: ProcessIdentity, port: UInt16, mqttPort: UInt16? = nil) throws(ServerError) {
        let owner = ProcessIdentity.current?.text ?? ""
        try SmallFile.write(
            "\(ports(port, mqttPort))child=\(child.text)\nowner=\(owner)\n", to: path, mode: 0o600)
    }

    /// Keeps the ports and forgets the process.
    func clearRunning() {
        guard let port else { return }
        // A stale file does no harm: the process that it names is known to be gone.
        try? SmallFile.write(ports(port, mqttPort), to: path, mode: 0o600)
    }

    private func ports(_ port: UInt16, _ mqtt: UInt16?) -> String {
        "port=\(port)\n" + (mqtt.map { "mqtt=\($0)\n" } ?? "")
    }
}

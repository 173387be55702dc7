import Glibc

/// Beside a private server's data: which process serves it, for whom, and on which port.
struct ServerState: Sendable {
    let path: String

    private var fields: [Substring: Substring] {
        var result: [Substring: Substring] = [:]
        for line in (SmallFile.read(path) ?? "").split(separator: "\n").map(Substring.init) {
            let pair = line.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { result[pair[0]] = pair[1] }
        }
        return result
    }

    /// The port of the last start.
    var port: UInt16? { fields["port"].flatMap { UInt16($0) } }

    /// The port for MQTT of the last start; nil where it had none.
    var mqttPort: UInt16? { fields["mqtt"].flatMap { UInt16($0) } }

    /// The server's process while it runs.
    var child: ProcessIdentity? {
        fields["child"].flatMap { ProcessIdentity($0) }.flatMap { $0.isAlive ? $0 : nil }
    }

    /// Makes sure that nobody serves this folder: an orphan of a process that died is ended.
    ///
    /// - Throws: a ``ServerError`` when the process that started the server still lives.
    func takeOver(program: String, folder: String, signal: Int32 = SIGTERM) async throws(ServerError) {
        guard let child else { return }
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

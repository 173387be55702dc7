import Glibc
import NimmerPlatform
import Synchronization

/// Options of a private nats-server.
public struct NATSServerOptions: Sendable {
    /// Folder of its configuration, its JetStream store and its state; made when absent.
    public var folder: String
    /// The nats-server to run; nil chooses as ``NATSBinary/choose(path:)`` does.
    public var binary: String?
    /// The port of 127.0.0.1; nil keeps the one of the last start if it is still free, else takes a free one.
    public var port: UInt16?
    /// The server's name, as clients see it.
    public var name: String
    /// More configuration in the server's own language: authorization, TLS, an MQTT listener, limits.
    public var extraConfiguration: String
    /// Indicates whether JetStream writes to the disk before it acknowledges, where the server can (2.10 and later;
    /// protocol.md, What an acknowledgement means).
    public var syncsAlways: Bool
    /// Indicates whether it keeps streams. A server of an operator has none unless its system account is known too.
    public var isJetStream: Bool
    /// Indicates whether it also speaks MQTT, for devices, on ``mqttHost`` and ``mqttPort``. Needs streams.
    public var speaksMQTT: Bool
    /// The port for MQTT; nil keeps the one of the last start if it is still free, else takes a free one.
    public var mqttPort: UInt16?
    /// The address for MQTT.
    public var mqttHost: String
    /// Timeout until clients can connect; recovery of a large store takes its time.
    public var readyWithin: Duration
    /// Takes each line that the server logs, on a thread that must not block for long.
    public var onLine: (@Sendable (String) -> Void)?

    /// A server on this folder, with defaults for a developer's machine.
    public init(
        folder: String, binary: String? = nil, port: UInt16? = nil, name: String = "nimmerverse",
        extraConfiguration: String = "", syncsAlways: Bool = true, isJetStream: Bool = true,
        speaksMQTT: Bool = false, mqttPort: UInt16? = nil, mqttHost: String = "127.0.0.1",
        readyWithin: Duration = .seconds(60),
        onLine: (@Sendable (String) -> Void)? = nil
    ) {
        self.folder = folder
        self.binary = binary
        self.port = port
        self.name = name
        self.extraConfiguration = extraConfiguration
        self.syncsAlways = syncsAlways
        self.isJetStream = isJetStream
        self.speaksMQTT = speaksMQTT
        self.mqttPort = mqttPort
        self.mqttHost = mqttHost
        self.readyWithin = readyWithin
        self.onLine = onLine
    }
}

/// A private nats-server with JetStream on a loopback port: started, watched and stopped by this process, and gone when
/// this process dies in any way.
public final class NATSServer: Sendable {
    /// The executable that runs.
    public let binary: NATSBinary
    /// The port of 127.0.0.1; the same over ``restart()`` and, while it is free, over the next start on this folder.
    public let port: UInt16
    /// The port for MQTT, which stays as ``port`` does; nil where it speaks none.
    public let mqttPort: UInt16?
    private let options: NATSServerOptions
    private let store: ServerState
    private let log: LineBox
    private let child: Mutex<ChildProcess>

    /// `nats://127.0.0.1:<port>`.
    public var url: String { "nats://127.0.0.1:\(port)" }
    /// The process number of the running server, or of the last one.
    public var pid: Int32 { child.withLock { $0.pid } }
    /// The last lines that the server logged.
    public var lastLines: [String] { log.texts }
    /// Indicates whether the server's process runs.
    public var isRunning: Bool { child.withLock { $0.exitStatus == nil } }

    /// Starts a server and returns once clients can connect.
    ///
    /// A server that was left on this folder by a process that died is ended first.
    ///
    /// - Throws: a ``ServerError``: no nats-server, a folder in use by a living process, or a server that did not
    ///   become ready, with its last log lines.
    public static func start(_ options: NATSServerOptions) async throws(ServerError) -> NATSServer {
        let binary = try await NATSBinary.choose(path: options.binary)
        let folder = try ownFolder(options.folder)
        var options = options
        options.folder = folder
        let store = ServerState(folder: folder, user: geteuid(), argument: configuration(in: folder))
        try await store.takeOver(program: "nats-server", folder: folder)
        let port = try choosePort(options.port, last: store.port)
        let mqttPort = options.speaksMQTT ? try choosePort(options.mqttPort, last: store.mqttPort) : nil
        if let wanted = options.mqttPort, options.speaksMQTT, !LoopbackPort.isFree(wanted) {
            throw ServerError(.port, "port \(wanted) for MQTT is in use by another program; expected a free one")
        }
        let ports = Ports(client: port, mqtt: mqttPort)
        let log = LineBox(limit: 40)
        let child = try await launch(binary, options: options, ports: ports, log: log, store: store)
        return NATSServer(binary: binary, ports: ports, options: options, store: store, log: log, child: child)
    }

    private init(
        binary: NATSBinary, ports: Ports, options: NATSServerOptions, store: ServerState, log: LineBox,
        child: ChildProcess
    ) {
        self.binary = binary
        port = ports.client
        mqttPort = ports.mqtt
        self.options = options
        self.store = store
        self.log = log
        self.child = Mutex(child)
    }

    /// Ends the server in order, by force after the grace; returns when it is gone. May be called twice.
    @discardableResult
    public func stop(grace: Duration = .seconds(10)) async -> ChildExit {
        let status = await child.withLock { $0 }.terminate(grace: grace)
        store.clearRunning()
        return status
    }

    /// Ends the server at once, as a crash would; returns when it is gone.
    @discardableResult
    public func kill() async -> ChildExit {
        await child.withLock { $0 }.terminate(signal: SIGKILL)
    }

    /// Has the server read its configuration again, without an end of any connection that it still permits.
    ///
    /// - Returns: whether there was a server to signal.
    @discardableResult
    public func reload() -> Bool { child.withLock { $0 }.identity.send(SIGHUP) }

    /// Waits until the server has ended, for any reason.
    public func waitForExit() async -> ChildExit {
        await child.withLock { $0 }.waitForExit()
    }

    /// Starts the server again on the same port and folder, after it was stopped, killed or has ended; one that runs
    /// is stopped first.
    public func restart() async throws(ServerError) {
        await child.withLock { $0 }.terminate(grace: .seconds(10))
        let ports = Ports(client: port, mqtt: mqttPort)
        let next = try await Self.launch(binary, options: options, ports: ports, log: log, store: store)
        child.withLock { $0 = next }
    }

    private struct Ports {
        let client: UInt16
        let mqtt: UInt16?
    }

    /// The folder, made when it is missing, after checking that no other user can change it.
    private static func ownFolder(_ path: String) throws(ServerError) -> String {
        let (above, name) = try SmallFile.halves(path)
        let folder = try OwnFolder.open(above, below: [name], making: 0o700)
        if let found = folder.firstForeign(.own()) {
            throw OwnFolder.refusal(
                found.path, ("belongs to user \(UserName.of(found.owner))", "move \(folder.path) away to start over"))
        }
        // What the server keeps (streams, configuration, state) is its owner's alone, also where an earlier version made it.
        try folder.protect(0o700)
        return folder.path
    }

    private static func configuration(in folder: String) -> String { folder + "/nats-server.conf" }

    private static func choosePort(_ wanted: UInt16?, last: UInt16?) throws(ServerError) -> UInt16 {
        if let wanted { return wanted }
        if let last, LoopbackPort.isFree(last) { return last }
        return try LoopbackPort.free()
    }

    private static func launch(
        _ binary: NATSBinary, options: NATSServerOptions, ports: Ports, log: LineBox, store: ServerState
    ) async throws(ServerError) -> ChildProcess {
        let configuration = configuration(in: options.folder)
        let port = ports.client
        try SmallFile.write(text(options, binary: binary, ports: ports), to: configuration, mode: 0o600)
        let onLine = options.onLine
        let child = try await ServerError.ofChild { () throws(ChildError) in
            try await ChildProcess.spawn(
                ChildCommand(binary.path, ["-c", configuration], workingDirectory: options.folder),
                output: .lines { line in
                    log.append(line)
                    onLine?(line.text)
                })
        }
        try store.write(child: child.identity, port: port, mqttPort: ports.mqtt)
        let readyWithin = options.readyWithin
        let isReady = await OwnThread.run("nats-ready") {
            ProcessIdentity.poll(for: readyWithin) {
                child.exitStatus != nil
                    || LoopbackPort.greeting(of: port, within: .seconds(2))?.hasPrefix("INFO ") == true
            }
        }
        if let status = child.exitStatus {
            throw ServerError(
                .notReady, "\(binary) ended at its start with \(status) (configuration: \(configuration))",
                lastLines: log.texts)
        }
        guard isReady else {
            await child.terminate(grace: .seconds(1))
            throw ServerError(
                .notReady, "\(binary) did not answer on 127.0.0.1:\(port) within \(readyWithin)", lastLines: log.texts)
        }
        return child
    }

    private static func text(_ options: NATSServerOptions, binary: NATSBinary, ports: Ports) -> String {
        let sync = options.syncsAlways && binary.isAtLeast(2, 10) ? ", sync_interval: always" : ""
        let streams =
            options.isJetStream ? "jetstream: { store_dir: \(quoted(options.folder + "/jetstream"))\(sync) }" : ""
        let mqtt = ports.mqtt.map { "mqtt: { host: \(quoted(options.mqttHost)), port: \($0) }" } ?? ""
        return """
            # Written at every start; changes here are lost.
            listen: "127.0.0.1:\(ports.client)"
            server_name: \(quoted(options.name))
            \(streams)
            \(mqtt)
            \(options.extraConfiguration)

            """
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
    }
}

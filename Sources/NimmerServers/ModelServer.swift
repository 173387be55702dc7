import Glibc
import NimmerPlatform
import Synchronization

/// Options of a private model server.
public struct ModelServerOptions: Sendable {
    /// The program and its arguments; `{port}` in an argument becomes the port of 127.0.0.1 to listen on.
    public var command: [String]
    /// The port; nil takes a free one.
    public var port: UInt16?
    /// The page that answers 200 once the model is in memory: `/health` for llama.cpp's server and vLLM.
    public var healthPath: String
    /// Timeout for having the model in memory.
    public var readyWithin: Duration
    /// Takes each line that the server writes, on a thread that must not block for long.
    public var onLine: (@Sendable (String) -> Void)?

    /// A server of this command, with a minute to load its model.
    public init(
        command: [String], port: UInt16? = nil, healthPath: String = "/health", readyWithin: Duration = .seconds(60),
        onLine: (@Sendable (String) -> Void)? = nil
    ) {
        self.command = command
        self.port = port
        self.healthPath = healthPath
        self.readyWithin = readyWithin
        self.onLine = onLine
    }
}

/// A model server on a loopback port: started, watched and stopped by this process, and gone when this process dies.
public final class ModelServer: Sendable {
    /// The port of 127.0.0.1.
    public let port: UInt16
    private let child: ChildProcess
    private let log: LineBox

    /// `http://127.0.0.1:<port>`.
    public var url: String { "http://127.0.0.1:\(port)" }
    /// The process number of the server.
    public var pid: Int32 { child.pid }
    /// Indicates whether the server's process runs.
    public var isRunning: Bool { child.exitStatus == nil }
    /// The last lines that the server wrote.
    public var lastLines: [String] { log.texts }

    /// Starts a server and returns once it has its model in memory. Cancelled, it ends the server and throws.
    ///
    /// - Throws: a ``ServerError``: no such program, or a server that did not become ready, with its last lines.
    public static func start(_ options: ModelServerOptions) async throws(ServerError) -> ModelServer {
        guard let program = options.command.first else {
            throw ServerError(.missingExecutable, "the command of a model server is empty; expected a program")
        }
        let port = if let port = options.port { port } else { try LoopbackPort.free() }
        let arguments = options.command.dropFirst().map { replace("{port}", in: $0, by: "\(port)") }
        let log = LineBox(limit: 40)
        let onLine = options.onLine
        let child = try await ServerError.ofChild { () throws(ChildError) in
            try await ChildProcess.spawn(
                ChildCommand(program, arguments),
                output: .lines { line in
                    log.append(line)
                    onLine?(line.text)
                })
        }
        let end = ContinuousClock.now + options.readyWithin
        var isReady = false
        while !isReady, child.exitStatus == nil, ContinuousClock.now < end, !Task.isCancelled {
            let path = options.healthPath
            isReady = await OwnThread.run("model-ready") {
                LoopbackPort.status(of: path, on: port, within: .seconds(2)) == 200
            }
            if !isReady { try? await Task.sleep(for: .milliseconds(50)) }
        }
        if let status = child.exitStatus {
            throw ServerError(.notReady, "\(program) ended at its start with \(status)", lastLines: log.texts)
        }
        guard isReady else {
            await child.terminate(grace: .seconds(2))
            throw ServerError(
                .notReady, "\(program) did not answer \(options.healthPath) on 127.0.0.1:\(port) in time",
                lastLines: log.texts)
        }
        return ModelServer(port: port, child: child, log: log)
    }

    private init(port: UInt16, child: ChildProcess, log: LineBox) {
        self.port = port
        self.child = child
        self.log = log
    }

    /// Ends the server in order, by force after the grace; returns when it and its memory are gone. May be called twice.
    @discardableResult
    public func stop(grace: Duration = .seconds(5)) async -> ChildExit { await child.terminate(grace: grace) }

    /// Ends the server at once, as a crash would; returns when it is gone.
    @discardableResult
    public func kill() async -> ChildExit { await child.terminate(signal: SIGKILL) }

    private static func replace(_ mark: String, in text: String, by value: String) -> String {
        var rest = text[...]
        var out = ""
        while let first = rest.first {
            if rest.hasPrefix(mark) {
                out += value
                rest = rest.dropFirst(mark.count)
            } else {
                out.append(first)
                rest = rest.dropFirst()
            }
        }
        return out
    }
}

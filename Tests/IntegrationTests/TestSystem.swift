import Glibc
import NimmerBus
import NimmerBusNATS
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// A person's folder with a small system file in it, and nimmer run there as a person runs it.
struct TestSystem {
    let folder: String
    private let server: NATSBinary?
    static let system = """
        nimmerverse: 1
        name: desk
        cells:
          - name: math
            kind: math/v1
        thalamus:
          regions:
            math: [math, calculate, arithmetic]
        """

    /// - Parameter server: the nats-server that `nimmer up` starts; nil: the usual one.
    init(_ system: String = TestSystem.system, server: NATSBinary? = nil) throws {
        self.server = server
        var template = Array("/tmp/nimmer-desk-XXXXXX".utf8CString)
        folder = String(cString: try #require(mkdtemp(&template)))
        chmod(folder, 0o755)
        try SmallFile.write(system, to: folder + "/desk.yaml")
    }

    /// A command as a person gives it, in the folder or one below it.
    func command(
        _ words: [String], _ environment: String = "dev", program: String = WholeSystem.executable("nimmer"),
        in below: String = ""
    ) -> ChildCommand {
        var variables = ChildCommand.inheritedEnvironment
        for name in variables.keys where name.hasPrefix("NIMMERVERSE") { variables[name] = nil }
        variables["NIMMERVERSE_ENV"] = environment
        if let server { variables[NATSBinary.variable] = server.path }
        return ChildCommand(
            program, words, environment: variables, workingDirectory: folder + below,
            leftoverGrace: .seconds(20))
    }

    /// Runs a command to its end; its lines, standard error behind.
    @discardableResult
    func nimmer(_ words: String..., expect: Int32 = 0, environment: String = "dev") async throws -> [String] {
        let answer = try await ChildProcess.run(command(words, environment), limit: .seconds(60))
        let lines =
            answer.lines.filter { $0.stream == .output }.map(\.text)
            + answer.lines.filter { $0.stream == .error }.map(\.text)
        #expect(answer.status == .exited(expect), "nimmer \(words): \(lines)")
        return lines
    }

    /// Starts `nimmer up` and waits until the thalamus listens.
    func up(
        _ words: String..., environment: String = "dev", variables: [String: String] = [:]
    ) async throws -> Living {
        let log = Log()
        var command = command(["up", "desk.yaml"] + words, environment)
        command.environment.merge(variables) { $1 }
        let child = try await ChildProcess.spawn(command, output: .lines { log.append($0.text) })
        let living = Living(child: child, log: log)
        try await living.says("Listening pattern=\(environment)")
        return living
    }

    func json(_ words: String..., environment: String = "dev") async throws -> JSON {
        let answer = try await ChildProcess.run(command(words, environment), limit: .seconds(60))
        return try JSON(
            parsing: answer.lines.filter { $0.stream == .output }.map(\.text).joined(separator: "\n"))
    }

    /// A client, with all rights, of the server that `nimmer up` runs.
    func bus(_ name: String = "tap", environment: String = "dev") async throws -> any Bus {
        let place = "\(folder)/.nimmer/\(environment)"
        let state = try JSON(parsing: SmallFile.read(place + "/up.json") ?? "")
        var settings = BusSettings(
            url: try #require(state["nats_url"]?.string), name: name, waitsForServer: false)
        settings.credentials = .file(place + "/auth/keys/owner.nk")
        return try await NATS.connector(settings)
    }

    /// Emits waves of cells about a region, one right behind the other: the ends of two commands may be further apart than a window.
    func emit(
        _ cells: [String], about region: String, domain: String? = nil, confidence: Double = 0.97, cost: Double = 0
    ) async throws {
        let bus = try await bus("cells")
        for cell in cells {
            try Self.publish(cell, about: region, domain: domain, confidence: confidence, cost: cost, on: bus)
        }
        try await bus.flush(timeout: .seconds(60))
        await bus.close()
    }

    /// Publishes a wave as `nimmer wave emit` does; its domain is the cell's name unless stated.
    static func publish(
        _ cell: String, about region: String, domain: String? = nil, confidence: Double = 0.97, cost: Double = 0,
        on bus: any Bus
    ) throws {
        let name = try Token(cell)
        let wave = WaveSignal(
            domain: try domain.map { try Token($0) } ?? name, confidence: confidence, semanticContent: [:],
            lifeforceCost: cost, region: try Region(region))
        let id = MessageID.v7()
        let message = Envelope(id: id, at: .now(), from: Source(entityID: cell, entityType: .cell), wave)
        try bus.publish(.wave(.dev, cell: name), payload: message.encoded(), headers: [Headers.messageID: id.text])
    }

    /// The processes that the state file names.
    func processes(environment: String = "dev") -> [ProcessIdentity] {
        let text = SmallFile.read("\(folder)/.nimmer/\(environment)/up.json") ?? ""
        return ((try? JSON(parsing: text))?["processes"]?.array ?? []).compactMap {
            $0["process"]?.string.flatMap { ProcessIdentity($0) }
        }
    }

    func remove() { SmallFile.remove(folder) }
}

final class Log: Sendable {
    private let box = LineBox()
    func append(_ text: String) { box.append(OutputLine(stream: .output, text: text)) }
    var lines: [String] { box.texts }
}

struct Living {
    let child: ChildProcess
    let log: Log

    /// Waits until a line contains this; the time limit of the suite ends a wait for ever.
    func says(_ text: String) async throws {
        while !log.lines.contains(where: { $0.contains(text) }) {
            try #require(child.exitStatus == nil, "nimmer up ended without saying '\(text)': \(log.lines)")
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

import ArgumentParser
import NimmerBus
import NimmerInspection
import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerSupervisor
import NimmerWave

/// Command that shows the state of the nervous system.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the state of the nervous system: processes, streams, losses, what is degraded.",
        discussion: "Exit status 69 when no NATS server answers.")

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let choice = try server.choice(environment)
        var report = StatusReport(environment: environment)
        report.serverURL = choice.shown
        report.serverFrom = choice.origin.words
        if case .running = choice.origin, let place = RunFolder.nearest(environment),
            let state = try RunState.read(place)
        {
            if DiskWatch.free(at: place.path).map({ $0 < DiskWatch.least }) ?? false {
                report.fullDisk = DiskWatch.words(place.path)
            }
            report.startedAt = state.startedAt
            report.system = state.system
            report.playing = state.playing
            report.processes = state.processes.map {
                .init(
                    name: $0.name, pid: $0.identity.pid, isAlive: $0.identity.isAlive, httpPort: $0.httpPort)
            }
            report.processes += state.waiting.map { .init(name: $0, pid: nil, isAlive: false) }
        }
        var failure: Failure?
        do {
            let bus = try await CommandConnection.open(choice)
            await report.look(at: bus, environment)
            await bus.drain(timeout: .seconds(1))
        } catch {
            failure = error
            if let disk = report.fullDisk { failure = Failure(error.status, error.message, remedy: "\(disk)") }
        }
        if json.json {
            try Console.pretty(report.json())
        } else if failure == nil {
            for line in report.lines(color.paint, at: .now()) { try Console.line(line) }
        }
        if let failure {
            if json.json { throw ExitCode(failure.status.rawValue) }
            throw failure
        }
    }
}

extension StatusReport {
    /// The durable reader of each stream (protocol.md, Streams).
    static func readers(_ environment: Environment) -> [(stream: String, reader: String?)] {
        [
            (SystemStreams.transitions(environment), "hippocampus"), (SystemStreams.escalations(environment), "bridge"),
            (SystemStreams.decisions(environment), "hippocampus-decisions"),
            (SystemStreams.outcomes(environment), "hippocampus-outcomes"),
            (SystemStreams.lifeforce(environment), "hippocampus-lifeforce"),
        ]
    }

    /// Asks the server and all its clients; what does not answer stays unknown.
    mutating func look(at bus: any Bus, _ environment: Environment) async {
        let trip = try? await bus.flush(timeout: .seconds(1))
        roundTrip = trip.map { Double($0.components.attoseconds) / 1e15 + Double($0.components.seconds) * 1000 }
        serverVersion = bus.status.server?.version
        async let services = try? RunningService.discover(bus)
        async let attention = Self.attention(bus, environment)
        for (stream, reader) in Self.readers(environment) {
            // A server whose JetStream hangs is not asked again and again, nor one that does not answer this identity.
            if streams.last?.isWithheld == true {
                streams.append(Stream(name: stream, reader: reader, isWithheld: true))
            } else if let trouble = streams.last?.trouble {
                streams.append(Stream(name: stream, reader: reader, trouble: trouble))
            } else {
                streams.append(await Self.stream(bus, stream, reader))
            }
        }
        let isReported = streams.last?.trouble == nil && streams.last?.isWithheld == false
        if isReported, let waves = try? await bus.stream(SystemStreams.waves(environment)) {
            streams.append(
                Stream(name: waves.name, messages: Int(clamping: waves.messages), bytes: Int(clamping: waves.bytes)))
        }
        if isReported {
            restoredSince = try? await SystemStreams.restoring(on: bus, environment: environment)
        }
        self.services = await services ?? []
        self.attention = await attention
        let stats = self.services.first { $0.name == "hippocampus" }?.data["streams"]
        for place in streams.indices where streams[place].isWithheld {
            guard let words = stats?[streams[place].name] else { continue }
            streams[place].messages = words["stored"]?.int
            streams[place].bytes = words["bytes"]?.int
            streams[place].lag = words["messages"]?.int
        }
    }

    private static func stream(_ bus: any Bus, _ name: String, _ reader: String?) async -> Stream {
        var stream = Stream(name: name, reader: reader)
        let info: StreamInfo
        do throws(BusError) { info = try await bus.stream(name) } catch {
            stream.isWithheld = error.code == .badCredentials
            if error.code == .timeout {
                stream.trouble =
                    "JetStream hangs, as where its disk was full: make room, then restart nats-server (`nimmer up` restarts its own)"
            }
            return stream
        }
        stream.messages = Int(clamping: info.messages)
        stream.bytes = Int(clamping: info.bytes)
        if let reader, let subject = try? Subject(foreign: "$JS.API.CONSUMER.INFO.\(name).\(reader)"),
            let answer = try? await bus.request(subject, payload: []), let json = try? JSON(parsing: answer.payload)
        {
            stream.lag = json["num_pending"]?.int
            stream.unacknowledged = json["num_ack_pending"]?.int
        }
        return stream
    }

    /// The thalamus speaks once a second.
    private static func attention(_ bus: any Bus, _ environment: Environment) async -> Attention? {
        guard let feed = try? await bus.messages(SubjectPattern(.attention(environment))) else { return nil }
        let timeout = TaskOwner()
        timeout.run {
            try? await Task.sleep(for: .milliseconds(1600))
            feed.cancel()
        }
        var found: Attention?
        for await message in feed {
            if case .attention(let attention)? = try? AnyMessage.decode(message.payload, on: message.subject.text) {
                feed.cancel()
                found = attention.body
                break
            }
        }
        await timeout.end()
        return found
    }
}

import NimmerBus
import NimmerOutput
import NimmerPlatform
import NimmerWave

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
    package mutating func look(at bus: any Bus, _ environment: Environment) async {
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

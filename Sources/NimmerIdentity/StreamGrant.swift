import NimmerBus
import NimmerWave

/// Subjects of the server's API for streams (`$JS.API.…`), by what a part does with them.
extension Grant {
    /// Lets it create missing streams, as every service does at its start.
    ///
    /// - Parameter changes: whether it may also change their settings; one role is enough for that.
    mutating func ensures(_ streams: [String], changes: Bool) {
        for stream in streams {
            publish += ["$JS.API.STREAM.INFO.\(stream)", "$JS.API.STREAM.CREATE.\(stream)"]
            if changes { publish.append("$JS.API.STREAM.UPDATE.\(stream)") }
        }
    }

    /// Takes and acknowledges what a durable of its own holds.
    mutating func works(_ stream: String, durable: String) {
        publish += [
            "$JS.API.CONSUMER.INFO.\(stream).\(durable)", "$JS.API.CONSUMER.DURABLE.CREATE.\(stream).\(durable)",
            "$JS.API.CONSUMER.MSG.NEXT.\(stream).\(durable)", "$JS.ACK.\(stream).\(durable).>",
        ]
    }

    /// Reads a stream through readers of its own that the server names: all but the durables, which are others' unless it works
    /// one of them itself.
    mutating func reads(_ stream: String, durables: [String], own: String? = nil) {
        publish += [
            "$JS.API.CONSUMER.CREATE.\(stream)", "$JS.API.CONSUMER.INFO.\(stream).*",
            "$JS.API.CONSUMER.MSG.NEXT.\(stream).*", "$JS.API.CONSUMER.DELETE.\(stream).*",
        ]
        for durable in durables {
            publishDenied.append("$JS.API.CONSUMER.DELETE.\(stream).\(durable)")
            if durable != own { publishDenied.append("$JS.API.CONSUMER.MSG.NEXT.\(stream).\(durable)") }
        }
    }

    /// Reads a stream, and how far others have read it.
    mutating func copies(_ stream: String, durables: [String]) {
        reads(stream, durables: durables)
        publish += ["$JS.API.STREAM.INFO.\(stream)", "$JS.API.CONSUMER.LIST.\(stream)"]
    }

    /// Reads single messages of a stream by their place.
    mutating func looks(into stream: String) { publish.append("$JS.API.STREAM.MSG.GET.\(stream)") }

    /// Reads artifacts and their descriptions.
    mutating func seesArtifacts(_ env: Environment) {
        let stream = "OBJ_\(SystemStreams.artifacts(env))"
        publish.append("$JS.API.STREAM.INFO.\(stream)")
        looks(into: stream)
        reads(stream, durables: [])
    }

    /// Puts artifacts and removes them: their chunks are purged, as every client of objects does.
    ///
    /// - Parameter changes: whether it may also change the bounds.
    mutating func keepsArtifacts(_ env: Environment, changes: Bool) {
        let bucket = SystemStreams.artifacts(env)
        seesArtifacts(env)
        publish += ["$JS.API.STREAM.CREATE.OBJ_\(bucket)", "$JS.API.STREAM.PURGE.OBJ_\(bucket)"]
        if changes { publish.append("$JS.API.STREAM.UPDATE.OBJ_\(bucket)") }
        publish += ["$O.\(bucket).C.*", "$O.\(bucket).M.*"]
    }

    /// Keeps which messages may have ended a former run, asks whether that is over, and sets messages aside.
    mutating func setsAside(_ service: String, _ env: Environment) {
        shares(bucket: "\(env.streamPrefix)-HANDLING")
        ensures([DeadLetter.stream(env)], changes: false)
        publish += ["\(env.rawValue).nervous.aside.\(service)", "$SRV.PING.\(service).*"]
    }

    /// Reads, writes and watches a bucket of keys.
    ///
    /// - Parameters:
    ///   - keys: the keys that it may write, as patterns.
    ///   - changes: whether it may also change the settings of the bucket.
    mutating func shares(bucket: String, writing keys: [String] = [">"], changes: Bool = true) {
        let stream = "KV_\(bucket)"
        ensures([stream], changes: changes)
        reads(stream, durables: [])
        publish += ["$JS.API.STREAM.MSG.GET.\(stream)"] + keys.map { "$KV.\(bucket).\($0)" }
    }
}

/// The durables of the system (protocol.md, Streams), by the stream that they read.
enum SystemDurables {
    static func of(_ stream: String, _ env: Environment) -> [String] {
        switch stream {
        case SystemStreams.transitions(env): ["hippocampus", "bridge"]
        case SystemStreams.decisions(env): ["hippocampus-decisions"]
        case SystemStreams.escalations(env): ["bridge", "hippocampus-requests"]
        case SystemStreams.outcomes(env): ["hippocampus-outcomes"]
        case SystemStreams.lifeforce(env): ["hippocampus-lifeforce"]
        default: []
        }
    }
}

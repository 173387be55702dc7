import NimmerWave

/// The system's own streams (protocol.md, Streams). A process that needs them creates them if absent; the declarations are the same for all.
public enum SystemStreams {
    /// `<ENV>-TRANSITIONS`: gate transitions, of which each opening carries its collapse, 7 days.
    public static func transitions(_ env: Environment) -> String { "\(env.streamPrefix)-TRANSITIONS" }
    /// `<ENV>-ESCALATIONS`: the requests to minds that follow from no opening, 7 days.
    public static func escalations(_ env: Environment) -> String { "\(env.streamPrefix)-ESCALATIONS" }
    /// `<ENV>-DECISIONS`: answers, the outcome of their commands, and verification outcomes, 30 days.
    public static func decisions(_ env: Environment) -> String { "\(env.streamPrefix)-DECISIONS" }
    /// `<ENV>-WAVES`: the last waves, 1 h and 256 MiB at most.
    public static func waves(_ env: Environment) -> String { "\(env.streamPrefix)-WAVES" }

    /// Creates the streams that are missing, as protocol.md defines, and migrates those of 2.0 (see ``legacy(_:)``) unless a process
    /// of 2.0 lives.
    ///
    /// - Parameters:
    ///   - keepingWaves: whether the optional stream of waves is wanted; it costs the server a write a wave.
    ///   - mayChange: whether the caller may change streams, where the server guards that.
    /// - Returns: whether a stream still captures subjects of 2.0.
    /// - Throws: ``BusError/Code/conflict`` also while a restore is not complete.
    @discardableResult
    public static func ensure(
        on bus: any Bus, environment env: Environment, keepingWaves: Bool = false, mayChange: Bool = false
    ) async throws(BusError) -> Bool {
        try await make(
            on: bus, environment: env, keepingWaves: keepingWaves, mayChange: mayChange, isMixed: nil)
    }

    /// - Parameter isMixed: whether processes of 2.0 live; nil: they are asked where a stream captures a subject of theirs.
    static func make(
        on bus: any Bus, environment env: Environment, keepingWaves: Bool, mayChange: Bool, isMixed: Bool?
    ) async throws(BusError) -> Bool {
        if let since = try await restoring(on: bus, environment: env) {
            throw BusError(
                .conflict,
                "\(env.rawValue) is half restored: a restore that began at \(since.rfc3339) is not complete; when none runs, "
                    + "repeat it with `nimmer memory restore --clear`")
        }
        var streams = streams(env)
        if keepingWaves { streams.append(wavesStream(env)) }
        let legacy = legacy(env)
        // Where the server guards who speaks, all parts were restarted for the permissions of 2.1; a client that answers otherwise is not a part of the system.
        var mustKeep = bus.identity == nil ? isMixed : false
        var isKept = false
        for var stream in streams {
            if let old = legacy[stream.name] {
                if mustKeep == nil, try await present(stream.name, on: bus)?.subjects.contains(old.text) == true {
                    mustKeep = await hasLegacyPeers(on: bus, environment: env) ?? true
                }
                if mustKeep == true {
                    stream.subjects.append(old)
                    isKept = true
                }
            }
            stream.leavesRoom = mayChange || bus.identity == nil
            stream.isMadeElsewhere = !stream.leavesRoom
            try await bus.ensureStream(stream)
        }
        return isKept
    }

    /// The streams of protocol 2.1. Each has room of its own, so that no sender fills another's; the oldest messages are removed, which
    /// the hippocampus has committed unless PostgreSQL is unavailable for that long.
    static func streams(_ env: Environment) -> [StreamConfiguration] {
        let day = Duration.seconds(86_400)
        let window = Duration.seconds(3600)
        return [
            StreamConfiguration(
                name: transitions(env), subjects: [.transitions(env)], maximumAge: day * 7, maximumBytes: 256 << 20,
                maximumPerSubject: transitionsPerGate, maximumMessageSize: maximumMessage, duplicateWindow: window,
                deniesPurge: true, deniesDelete: true, summary: "gate transitions; an opening carries its collapse"),
            StreamConfiguration(
                name: escalations(env), subjects: [.cognitiveRequests(env)], maximumAge: day * 7,
                maximumBytes: 32 << 20, maximumPerSubject: requestsPerSender, maximumMessageSize: maximumMessage,
                duplicateWindow: window, deniesPurge: true, deniesDelete: true,
                summary: "requests to minds that follow from no opening"),
            StreamConfiguration(
                name: decisions(env),
                subjects: [SubjectPattern(.cognitiveResponse(env)), SubjectPattern(.act(env)), .outcomes(env)],
                maximumAge: day * 30, maximumBytes: 256 << 20, maximumMessageSize: maximumMessage,
                duplicateWindow: window, deniesPurge: true, deniesDelete: true,
                summary: "answers, acts, outcomes"),
        ]
    }

    /// The optional stream of waves, and of the change events beside them. It acknowledges none, since cells and nerves publish them.
    static func wavesStream(_ env: Environment) -> StreamConfiguration {
        StreamConfiguration(
            name: waves(env), subjects: [.cellWaves(env), .nerveWaves(env), .cellChanges(env), .nerveChanges(env)],
            maximumAge: .seconds(3600),
            maximumBytes: 256 << 20, maximumPerSubject: wavesPerSender, maximumMessageSize: maximumMessage,
            acknowledges: false, deniesPurge: true, deniesDelete: true, summary: "the last waves, for looking back")
    }

    /// The time for which a stream of the system keeps a message; nil: forever, or not one of these.
    public static func age(of stream: String, _ env: Environment) -> Duration? {
        streams(env).first { $0.name == stream }?.maximumAge
    }

    /// The largest message with its headers, in bytes: an envelope, and room for what a server and a reader add.
    static let maximumMessage = Wire.maximumBytes + 8_192
    /// The most waves of one cell or nerve that are kept: 18 a second for an hour.
    static let wavesPerSender: Int64 = 65_536
    /// The most transitions of one gate that are kept: of one that is tipped without end its own oldest go, and no other gate's. What counts at a
    /// start is the last.
    public static let transitionsPerGate: Int64 = 1_024
    /// The most requests of one sender that are kept.
    static let requestsPerSender: Int64 = 4_096

    // MARK: - From 2.0 to 2.1

    /// The subjects that streams captured in 2.0 and capture no more, by the stream: a collapse was a message of its own, and so was
    /// the request of each opening. Observers still hear both there.
    static func legacy(_ env: Environment) -> [String: SubjectPattern] {
        [
            transitions(env): SubjectPattern(.collapse(env)),
            escalations(env): SubjectPattern(.cognitiveRequest(env)),
        ]
    }

    static func present(_ name: String, on bus: any Bus) async throws(BusError) -> StreamInfo? {
        do throws(BusError) { return try await bus.stream(name) } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    /// Returns whether a process that writes or reads the streams as 2.0 did is alive; nil: unknown, since the request is not permitted
    /// or had no responder.
    ///
    /// - Parameter wait: how long a busy process may take for its answer.
    static func hasLegacyPeers(
        on bus: any Bus, environment env: Environment, wait: Duration = .seconds(2)
    ) async -> Bool? {
        guard let subject = try? Subject(foreign: "$SRV.INFO"),
            let answers = try? await bus.requestMany(subject, payload: [], wait: wait)
        else { return nil }
        return answers.contains { answer in
            guard let metadata = (try? JSON(parsing: answer.payload))?["metadata"],
                let type = metadata["entity_type"]?.string, ["thalamus", "boundary", "service"].contains(type),
                metadata["environment"]?.string ?? env.rawValue == env.rawValue
            else { return false }
            return metadata["protocol"]?.string.map { $0.hasPrefix("2.0") } ?? true
        }
    }
}

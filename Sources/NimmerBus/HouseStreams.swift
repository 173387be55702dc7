import NimmerWave

/// The house's own streams (protocol.md, Streams). Whoever needs them makes sure that they are there; all say the same.
public enum HouseStreams {
    /// `<ENV>-TRANSITIONS`: gate transitions and collapses, 7 days.
    public static func transitions(_ env: Environment) -> String { "\(env.streamPrefix)-TRANSITIONS" }
    /// `<ENV>-ESCALATIONS`: requests to minds, 7 days.
    public static func escalations(_ env: Environment) -> String { "\(env.streamPrefix)-ESCALATIONS" }
    /// `<ENV>-DECISIONS`: answers, what became of their commands, and verification outcomes, 30 days.
    public static func decisions(_ env: Environment) -> String { "\(env.streamPrefix)-DECISIONS" }
    /// `<ENV>-WAVES`: the last waves, 1 h and 256 MiB at most.
    public static func waves(_ env: Environment) -> String { "\(env.streamPrefix)-WAVES" }

    /// Makes sure that the streams are there, as protocol.md says.
    ///
    /// - Parameter keepingWaves: whether the optional stream of waves is wanted; it costs the server a write a wave.
    public static func ensure(
        on bus: any Bus, environment env: Environment, keepingWaves: Bool = false
    ) async throws(BusError) {
        let day = Duration.seconds(86_400)
        let window = Duration.seconds(3600)
        var streams = [
            StreamConfiguration(
                name: transitions(env), subjects: [.transitions(env), SubjectPattern(.collapse(env))],
                maximumAge: day * 7, duplicateWindow: window, summary: "gate transitions and collapses"),
            StreamConfiguration(
                name: escalations(env), subjects: SubjectPattern.shared(.cognitiveRequest(env)), maximumAge: day * 7,
                duplicateWindow: window, summary: "requests to minds"),
            StreamConfiguration(
                name: decisions(env),
                subjects: [SubjectPattern(.cognitiveResponse(env)), SubjectPattern(.act(env)), .outcomes(env)],
                maximumAge: day * 30, duplicateWindow: window, summary: "answers, what became of them, outcomes"),
        ]
        if keepingWaves {
            streams.append(
                StreamConfiguration(
                    name: waves(env), subjects: [.cellWaves(env), .nerveWaves(env)], maximumAge: .seconds(3600),
                    maximumBytes: 256 << 20, summary: "the last waves, for looking back"))
        }
        for stream in streams { try await bus.ensureStream(stream) }
    }
}

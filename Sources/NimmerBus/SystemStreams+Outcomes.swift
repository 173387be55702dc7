import NimmerWave

extension SystemStreams {
    /// `<ENV>-OUTCOMES`: what thalami took into their trust, forever, the last of each gate.
    public static func outcomes(_ env: Environment) -> String { "\(env.streamPrefix)-OUTCOMES" }

    /// Number of accepted outcomes that are kept of a gate. The newest carries the gate's trust; those before it are for taking back.
    public static let outcomesPerGate: Int64 = 64

    /// The stream of accepted outcomes (protocol.md, Streams). Trust does not age, so neither do they; at the bound it takes no more, so that no
    /// gate's trust goes for the outcomes of others.
    public static func outcomesStream(_ env: Environment) -> StreamConfiguration {
        StreamConfiguration(
            name: outcomes(env), subjects: [.acceptedOutcomes(env)], maximumBytes: 256 << 20,
            maximumPerSubject: outcomesPerGate, maximumMessageSize: maximumMessage, discard: .new,
            duplicateWindow: .seconds(3600),
            deniesPurge: true, deniesDelete: true, summary: "outcomes that thalami took into their trust")
    }

    /// Creates the stream of accepted outcomes where it is missing.
    ///
    /// - Parameter mayChange: whether the caller may change streams, where the server guards that.
    public static func ensureOutcomes(
        on bus: any Bus, environment env: Environment, mayChange: Bool = false
    ) async throws(BusError) {
        var stream = outcomesStream(env)
        stream.leavesRoom = mayChange || bus.identity == nil
        stream.isMadeElsewhere = !stream.leavesRoom
        try await bus.ensureStream(stream)
    }
}

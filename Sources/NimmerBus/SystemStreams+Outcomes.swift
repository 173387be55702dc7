import NimmerWave

extension SystemStreams {
    /// `<ENV>-OUTCOMES`: what thalami took into their trust, forever, the last of each gate.
    public static func outcomes(_ env: Environment) -> String { "\(env.streamPrefix)-OUTCOMES" }

    /// Number of accepted outcomes that are kept of a gate. Each may carry a snapshot of the gate's trust, which makes those before
    /// it needless.
    public static let outcomesPerGate: Int64 = 256

    /// The stream of accepted outcomes (protocol.md, Streams). Trust does not age, so neither do they.
    public static func outcomesStream(_ env: Environment) -> StreamConfiguration {
        StreamConfiguration(
            name: outcomes(env), subjects: [.acceptedOutcomes(env)], maximumBytes: 32 << 20,
            maximumPerSubject: outcomesPerGate, maximumMessageSize: maximumMessage, duplicateWindow: .seconds(3600),
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
        try await bus.ensureStream(stream)
    }
}

import NimmerWave

extension SystemStreams {
    /// `<ENV>-LIFEFORCE`: sums of what was spent, each minute of each thalamus a message for 512 regions, 7 days.
    public static func lifeforce(_ env: Environment) -> String { "\(env.streamPrefix)-LIFEFORCE" }

    /// The stream of sums of spent energy (protocol.md, Streams): until the hippocampus has committed them.
    ///
    /// All thalami store on one subject: bytes and age bound it. It holds 7 days of 200 regions in which something is spent in every minute, by
    /// three thalami; of ten times as many a tenth of that.
    public static func lifeforceStream(_ env: Environment) -> StreamConfiguration {
        StreamConfiguration(
            name: lifeforce(env), subjects: [.storedLifeforce(env)], maximumAge: .seconds(7 * 86_400),
            maximumBytes: 128 << 20, maximumMessageSize: maximumMessage, duplicateWindow: .seconds(3600),
            deniesPurge: true, deniesDelete: true, summary: "energy that was spent")
    }

    /// Creates the stream of sums of spent energy where it is missing.
    ///
    /// - Parameter mayChange: whether the caller may change streams, where the server guards that.
    public static func ensureLifeforce(
        on bus: any Bus, environment env: Environment, mayChange: Bool = false
    ) async throws(BusError) {
        var stream = lifeforceStream(env)
        stream.leavesRoom = mayChange || bus.identity == nil
        stream.isMadeElsewhere = !stream.leavesRoom
        try await bus.ensureStream(stream)
    }
}

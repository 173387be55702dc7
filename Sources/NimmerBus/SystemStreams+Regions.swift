import NimmerWave

extension SystemStreams {
    /// `<ENV>-REGIONS`: decisions about where regions live, forever, the last of each region.
    public static func regions(_ env: Environment) -> String { "\(env.streamPrefix)-REGIONS" }

    /// Number of decisions that are kept of a region. The newest counts; those before it show how it came about.
    public static let decisionsPerRegion: Int64 = 16

    /// The stream of decisions about homes (protocol.md, Streams), where the system file has the section `iris`. A home does not age; at the
    /// bound it takes no more, so that no region loses its own for those of others.
    public static func regionsStream(_ env: Environment) -> StreamConfiguration {
        StreamConfiguration(
            name: regions(env), subjects: [.assignments(env)], maximumBytes: 128 << 20,
            maximumPerSubject: decisionsPerRegion, maximumMessageSize: maximumMessage, discard: .new,
            duplicateWindow: .seconds(3600),
            deniesPurge: true, deniesDelete: true, summary: "where regions live")
    }

    /// Creates the stream of decisions about homes where it is missing.
    ///
    /// - Parameter mayChange: whether the caller may change streams, where the server guards that.
    public static func ensureRegions(
        on bus: any Bus, environment env: Environment, mayChange: Bool = false
    ) async throws(BusError) {
        var stream = regionsStream(env)
        stream.leavesRoom = mayChange || bus.identity == nil
        stream.isMadeElsewhere = !stream.leavesRoom
        try await bus.ensureStream(stream)
    }
}

import NimmerWave

extension SystemStreams {
    /// The bucket `<ENV>-ARTIFACTS`: contents too big for waves (spec/artifacts.md, The store).
    public static func artifacts(_ env: Environment) -> String { "\(env.streamPrefix)-ARTIFACTS" }

    /// Its stream. It refuses what is beyond its room, so that no artifact goes for another. A description replaces the one before and the
    /// chunks of an object are purged, as every NATS client does with objects, so that it permits both: it is kept by who may write to it,
    /// which no cell may (decision 0040).
    package static func artifactsStream(
        _ env: Environment, _ bounds: ArtifactBounds = .usual
    ) -> StreamConfiguration {
        let bucket = artifacts(env)
        var stream = StreamConfiguration(
            name: "OBJ_\(bucket)",
            subjects: [SubjectPattern.objectChunks(bucket), SubjectPattern.objectDescriptions(bucket)],
            maximumAge: bounds.maximumAge, maximumBytes: bounds.maximumBytes, maximumMessageSize: 1 << 20,
            discard: .new, summary: "contents too big for waves")
        stream.allowsRollUps = true
        return stream
    }
}

import NimmerWave

extension SystemStreams {
    /// The bucket `<ENV>-SHARDS`: which thalamus has which part of the regions.
    public static func shards(_ env: Environment) -> KeyValueConfiguration {
        KeyValueConfiguration(
            bucket: "\(env.streamPrefix)-SHARDS", maximumAge: .seconds(3600), maximumBytes: 4 << 20,
            maximumValueSize: 8_192)
    }

    /// The bucket `<ENV>-HANDLING`: which messages a run of the bridge or the hippocampus had in progress.
    public static func handling(_ env: Environment) -> KeyValueConfiguration {
        KeyValueConfiguration(
            bucket: "\(env.streamPrefix)-HANDLING", maximumAge: .seconds(7 * 86_400), maximumBytes: 16 << 20,
            maximumValueSize: 1 << 20)
    }

    /// The bucket `<ENV>-LEARNED`: what each cell has learned, under its name; of a cell that is gone for 30 days.
    package static func learned(_ env: Environment) -> KeyValueConfiguration {
        KeyValueConfiguration(
            bucket: "\(env.streamPrefix)-LEARNED", maximumAge: .seconds(30 * 86_400), maximumBytes: 64 << 20,
            maximumValueSize: 1 << 20)
    }

    /// Its stream. It acknowledges nothing, since cells publish to it (decisions 0019 and 0031).
    package static func learnedStream(_ env: Environment) throws(BusError) -> StreamConfiguration {
        var stream = try StreamKeyValue.stream(of: learned(env))
        stream.acknowledges = false
        return stream
    }

    /// The bucket `<ENV>-GARDEN`: what the virtual garden has counted of each variant, and the trail of promotions.
    public static func garden(_ env: Environment) -> KeyValueConfiguration {
        KeyValueConfiguration(
            bucket: "\(env.streamPrefix)-GARDEN", maximumBytes: 64 << 20, maximumValueSize: 1 << 20)
    }

    /// Every stream and bucket that the system makes in an environment, each as a stream. No part makes another.
    package static func all(_ env: Environment) throws(BusError) -> [StreamConfiguration] {
        var all =
            streams(env) + [
                wavesStream(env), outcomesStream(env), lifeforceStream(env), DeadLetter.configuration(env),
                regionsStream(env),
            ]
        for bucket in [acts(env), shards(env), handling(env), garden(env)] {
            all.append(try StreamKeyValue.stream(of: bucket))
        }
        all.append(try learnedStream(env))
        return all
    }
}

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

    /// Every stream and bucket that the system makes in an environment, each as a stream. No part makes another.
    package static func all(_ env: Environment) throws(BusError) -> [StreamConfiguration] {
        var all = streams(env) + [wavesStream(env), outcomesStream(env), DeadLetter.configuration(env)]
        for bucket in [acts(env), shards(env), handling(env)] { all.append(try StreamKeyValue.stream(of: bucket)) }
        return all
    }
}

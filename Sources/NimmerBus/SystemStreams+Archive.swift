import NimmerWave

extension SystemStreams {
    /// The bucket `<ENV>-ACTS`: what is to become of the commands of decisions, and has.
    public static func acts(_ env: Environment) -> KeyValueConfiguration {
        KeyValueConfiguration(
            bucket: "\(env.streamPrefix)-ACTS", maximumAge: .seconds(30 * 86_400), maximumBytes: 32 << 20,
            maximumValueSize: maximumMessage)
    }

    /// A stream that a backup holds, and how it is made.
    public struct Archived: Sendable {
        /// Kind of store.
        public enum Form: Sendable {
            /// As a stream.
            case stream(StreamConfiguration)
            /// As a bucket.
            case bucket(KeyValueConfiguration)
        }

        /// The stream's name.
        public var name: String
        /// Kind of store, with its configuration.
        public var form: Form
        /// A subject of 2.0 that it may hold messages of, although it captures it no more.
        public var legacy: SubjectPattern?
    }

    /// The streams that hold what an environment has decided, in the order in which they are copied while it lives: what follows from
    /// another comes behind it, so that no copy holds a question without the answer, or an answer without the record of its commands,
    /// that was there when the question was copied.
    ///
    /// The others are about processes that live, and mean nothing to those of another life: leases, what was in progress, the last waves.
    public static func archived(_ env: Environment) -> [Archived] {
        var archived = streams(env).map {
            Archived(name: $0.name, form: .stream($0), legacy: legacy(env)[$0.name])
        }
        for configuration in [
            outcomesStream(env), lifeforceStream(env), regionsStream(env), DeadLetter.configuration(env),
        ] {
            archived.append(Archived(name: configuration.name, form: .stream(configuration)))
        }
        for bucket in [acts(env), garden(env)] {
            archived.append(Archived(name: "KV_\(bucket.bucket)", form: .bucket(bucket)))
        }
        return archived
    }

    // MARK: - While a restore is not complete

    /// The subject that marks the environment as half restored since a moment. The stream of transitions captures it besides its own
    /// until the restore is complete; nothing is published to it.
    public static func restoring(_ env: Environment, since: Timestamp) throws(BusError) -> SubjectPattern {
        do { return try SubjectPattern("\(mark(env))\(since.secondAndRest.second)") } catch {
            throw BusError(.invalid, error.description)
        }
    }

    /// Start of a restore of the environment that is not complete: it still runs, or was cut off; nil if absent.
    public static func restoring(on bus: any Bus, environment env: Environment) async throws(BusError) -> Timestamp? {
        try await present(transitions(env), on: bus).flatMap { (info) throws(BusError) in try restoring(info, env) }
    }

    static func restoring(_ info: StreamInfo, _ env: Environment) throws(BusError) -> Timestamp? {
        guard let subject = info.subjects.first(where: { $0.hasPrefix(mark(env)) }) else { return nil }
        guard let seconds = Int64(subject.dropFirst(mark(env).count)) else {
            throw BusError(.invalid, "found the mark '\(subject)' of a restore, expected the second in which it began")
        }
        return Timestamp(seconds: seconds)
    }

    private static func mark(_ env: Environment) -> String { "\(env.rawValue).nervous.restoring." }
}

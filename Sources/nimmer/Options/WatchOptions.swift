import ArgumentParser
import NimmerOutput
import NimmerScope
import NimmerScopeSession
import NimmerSystem
import NimmerWave

/// Start and end of what is watched, for the commands that show what happens: now, so long ago, or in a recording.
struct WatchOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("End after this many lines.", valueName: "number"))
    var count: Int?

    @Option(
        help: ArgumentHelp(
            "Begin so long ago (90s, 10m, 2h, 1d, or a time), with what the streams still hold; waves are among it where thalamus.keep_waves is set.",
            valueName: "time"))
    var since: String?

    @Option(
        help: ArgumentHelp("Show a recording instead of what happens now.", valueName: "file"), completion: .file())
    var from: String?

    @Option(
        help: ArgumentHelp(
            "Play the recording up to this moment at once, and stop there: 90s after its start, 12:01:06, or a full time.",
            valueName: "time"))
    var at: String?

    @Option(
        help: ArgumentHelp("Play the recording so many times as fast as it was recorded.", valueName: "number"))
    var speed: Double?

    @Option(
        help: ArgumentHelp(
            """
            The system file whose `thalamus.regions` folds the lanes of regions on the screen. Default: as the thalamus \
            answers, or as openings show it.
            """, valueName: "file"), completion: .file())
    var system: String?

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count must be at least 1; found \(count)") }
        if let speed, !(speed > 0 && speed <= 1e12) {
            throw ValidationError("--speed must be above 0; found \(speed)")
        }
        if speed != nil, from == nil { throw ValidationError("--speed plays a recording; give one with --from") }
        if at != nil, from == nil { throw ValidationError("--at is a moment of a recording; give one with --from") }
        if from != nil, since != nil { throw ValidationError("--from shows a recording; leave out --since") }
    }

    /// The map of regions of a system file.
    ///
    /// - Throws: ``Failure`` when the file cannot be read.
    static func regions(_ path: String) throws(Failure) -> RegionMap {
        let system = try UpCommand.load(path)
        do throws(Refusal) { return try RegionMap(system) } catch {
            throw Failure(.configuration, "\(path): \(error)")
        }
    }

    var source: ScopeSettings.Source { from.map { .recording($0) } ?? .live }

    /// Shows what a session is about: the recording, or the messages of a server.
    func show(_ session: ScopeSession, _ server: ServerOptions) async throws {
        var session = session
        session.settings.regions = try system.map(Self.regions)
        session.since = try since.map { text throws(Failure) in try SinceOption.moment(text, now: .now()) }
        if let from {
            try await session.play(from, speed: speed, at: at)
        } else {
            try await session.live(server)
        }
    }
}

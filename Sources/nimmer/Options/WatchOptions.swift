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

    @OptionGroup var played: PlayedRecordingOptions

    @Option(
        help: ArgumentHelp(
            """
            The system file whose `thalamus.regions` folds the lanes of regions on the screen. Default: as the thalamus \
            answers, or as openings show it.
            """, valueName: "file"), completion: .file())
    var system: String?

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count must be at least 1; found \(count)") }
        if from != nil, since != nil { throw ValidationError("--from shows a recording; leave out --since") }
    }

    /// The recording; nil: what happens now.
    var from: String? { played.from }

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
            try await session.play(from, speed: played.speed, at: played.at)
        } else {
            try await session.live(server)
        }
    }
}

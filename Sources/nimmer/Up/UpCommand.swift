import ArgumentParser
import NimmerOutput
import NimmerReplay
import NimmerSupervisor
import NimmerSystem
import NimmerSystemCheck
import NimmerSystemFile
import NimmerWave

/// Runs a nervous system on this machine.
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run a nervous system on this machine and show what happens in it.",
        discussion: """
            Starts a private nats-server and a private PostgreSQL (data under .nimmer/<env>/, free loopback ports), then \
            the thalamus, the cognition bridge, the hippocampus, and the cells and nerves of the system file. What ends \
            is started again. Waves that repeat what was shown are one line with their number (×15), the newest in it. Ctrl-C stops all of it and leaves no process. Both servers want credentials that only you can \
            read: commands in this folder find them, and `nimmer env --export` gives them to any other client.

              nimmer up                            this machine's vitals
              nimmer up deploy/systems/robot.yaml  another system
              nimmer up --exercise 15              with real load, which it will notice
              nimmer up house.yaml --play house.csv --speed 600

            With --play a recording drives the cells, and no hardware is needed: cells that read numbers are handed the columns that \
            `nimmer replay` would hand them, at the times of the recording, and leave their own sources alone; all other cells run as they \
            are. Of a recording of waves (`nimmer wave tail --record`) the waves are sent again, and their cells do not run. At its end the \
            system stays up, unless --once or --loop is given. What counts in milliseconds, such as a gate's window, keeps its length at \
            every --speed.
            """)

    @Argument(
        help: "The system file. Default: deploy/systems/vitals.yaml, from this folder upward.",
        completion: .file(extensions: ["yaml", "yml"]))
    var system: String?

    @Option(help: ArgumentHelp("Start only these processes, separated by commas.", valueName: "names"))
    var only: String?

    @Flag(help: "Without PostgreSQL: decisions wait in the streams.")
    var noDatabase = false

    @Option(help: ArgumentHelp("Use this NATS server instead of a private one.", valueName: "url"))
    var nats: String?

    @Option(
        help: ArgumentHelp(
            "Make real load on this machine (processors and disk) for so long, soon after the start.",
            valueName: "seconds"))
    var exercise: Double?

    @Option(
        help: ArgumentHelp("Drive the cells from a recording instead of their sources.", valueName: "recording"),
        completion: .file())
    var play: String?

    @Option(help: ArgumentHelp("How many times as fast as it was recorded, with --play.", valueName: "times"))
    var speed = 1.0

    @Flag(help: "Play the recording again and again.")
    var loop = false

    @Flag(help: "Stop everything when the recording has ended.")
    var once = false

    @OptionGroup(title: "Recording") var recording: RecordingOptions

    @Flag(help: "Also every calm wave and all attention; as a rule only what matters scrolls by.")
    var all = false

    @Flag(help: "Show the processes' logs only, not what happens in the nervous system.")
    var quiet = false

    @OptionGroup var color: ColorOptions

    func validate() throws {
        if let exercise, !(exercise > 0 && exercise <= 600) {
            throw ValidationError("--exercise must be above 0 and at most 600 seconds; found \(exercise)")
        }
        if !(speed >= 0.01 && speed <= 100_000) {
            throw ValidationError("--speed must be at least 0.01 and at most 100000; found \(speed)")
        }
        if loop, once { throw ValidationError("--once ends with the recording, which --loop never does; give one") }
        if play == nil, speed != 1 || loop || once || recording.areGiven {
            throw ValidationError("--speed, --loop, --once and the options of a recording need --play")
        }
    }

    func run() async throws {
        let environment = try chosenEnvironment()
        let path = try Self.systemPath(system)
        let names = only?.split(separator: ",").map { String($0) } ?? []
        // A file with mistakes cannot be played; they are then reported as without a recording.
        let playback = try play.flatMap { name in
            try (try? Self.load(path)).map { try read(name, $0, environment, only: names) }
        }
        let played = playback.map { $0.absent.union($0.driven) } ?? []
        try await Self.examine(path, environment, only: names, played: played)
        let file = try Self.load(path)
        let session = UpSession(
            environment: environment, place: RunFolder.here(environment), path: path, system: file, only: names,
            wantsDatabase: !noDatabase, natsURL: nats, exercise: exercise, showsCalm: all, showsEvents: !quiet,
            paint: color.paint,
            playing: playback.map { Playing($0, file: play ?? "", speed: speed, loops: loop, endsSystem: once) })
        try await session.run()
    }

    /// Reads the recording, and finds the cells that it drives.
    private func read(
        _ name: String, _ system: SystemFile, _ environment: Environment, only: [String]
    ) throws -> Playback {
        var system = system
        if !only.isEmpty {
            system.cells.removeAll { !only.contains($0.name) }
            system.nerves.removeAll { !only.contains($0.name) }
        }
        return try Playback(
            system, bytes: try FileText.bytes(name), file: name == "-" ? "standard input" : name,
            format: try recording.format(), mapping: try recording.mapping(), environment: environment)
    }

    /// The file that was named, or the one of the main job.
    ///
    /// - Throws: ``Failure`` without one.
    static func systemPath(_ named: String?) throws(Failure) -> String {
        if let named {
            guard FileText.exists(named), !FileText.isDirectory(named) else {
                throw Failure(
                    .noInput, "no system file \(named)",
                    remedy: "`ls deploy/systems` shows the ones of the project")
            }
            return FileText.absolute(named)
        }
        let usual = "deploy/systems/vitals.yaml"
        var folder = FileText.workingFolder
        while true {
            let path = "\(folder == "/" ? "" : folder)/\(usual)"
            if FileText.exists(path) { return path }
            guard folder != "/", let slash = folder.lastIndex(of: "/") else {
                throw Failure(
                    .usage, "no system file was named, and there is no \(usual) in this folder or above",
                    remedy: "name one: `nimmer up SYSTEM.yaml`")
            }
            folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
        }
    }

    /// Checks the whole file with the manifests of what is to be started, before anything is.
    ///
    /// - Throws: an exit status, after all mistakes were printed, each with its place.
    static func examine(
        _ path: String, _ environment: Environment, only: [String], played: Set<String> = []
    ) async throws {
        let text = try FileText.bytes(path)
        let problems = await SystemExamination(
            text, file: path, environment: environment, only: only, isStarting: true, played: played
        ).problems
        guard !problems.isEmpty else { return }
        for problem in problems { Console.error(problem.line(path, Paint(.never))) }
        Console.error("nimmer: \(count(problems.count, "mistake")) in \(path); nothing was started")
        throw ExitCode(Failure.Status.configuration.rawValue)
    }

    static func load(_ path: String) throws(Failure) -> SystemFile {
        do throws(SystemError) {
            return try SystemFile(path: path)
        } catch {
            throw Failure(error)
        }
    }
}

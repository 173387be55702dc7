import ArgumentParser
import NimmerDeploy
import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerWave
import Synchronization

/// Images: build them.
struct ImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Build container images.", subcommands: [ImageBuildCommand.self])
}

/// Builds the images of the system, or of the cell or nerve in this folder.
struct ImageBuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Build container images: all, or those that are named.",
        discussion: """
            In a checkout of nimmerverse: its services, cells and nerves. In the folder of a cell or nerve that \
            `nimmer cell new` made: that one. The programs are built on this machine and bring the libraries that they \
            link; with --in-container everything happens in the official Swift image instead. The same sources give the \
            same layers: every time in them is SOURCE_DATE_EPOCH, else that of the last commit.
            """)

    @Argument(help: ArgumentHelp("Programs, or cells and nerves by their names. Default: all.", valueName: "cell"))
    var names: [String] = []

    @Option(help: ArgumentHelp("podman or docker. Default: the first that is installed.", valueName: "engine"))
    var engine: String?

    @Option(help: ArgumentHelp("The prefix of the images' names.", valueName: "prefix"))
    var prefix = "nimmerverse"

    @Option(help: ArgumentHelp("The images' tag.", valueName: "tag"))
    var tag = "dev"

    @Flag(help: "Build the programs in a container, too.")
    var inContainer = false

    @Option(
        help: ArgumentHelp("Pack programs that were built already, from this folder.", valueName: "folder"),
        completion: .directory)
    var binaries: String?

    func run() async throws {
        let plan = try await plan()
        let watch = ContinuousClock()
        let start = watch.now
        let last = plan.programs.count
        if !plan.isInContainer {
            if binaries == nil {
                for (index, program) in plan.programs.enumerated() {
                    try await step("building \(program) (\(index + 1) of \(last))", plan.compile(program))
                }
            }
            let folder = binaries.map(FileText.absolute) ?? plan.folder + "/.build/release"
            try await step("laying out \(last == 1 ? plan.programs[0] : "\(last) programs")", plan.layOut(from: folder))
        }
        for (index, program) in plan.programs.enumerated() {
            try await step("packing \(program) (\(index + 1) of \(last))", plan.pack(program))
        }
        var table = Table(["image", "MB"])
        for program in plan.programs {
            let answer = try? await ChildProcess.run(plan.size(program))
            let bytes = answer?.lines.first.flatMap { Double($0.text) }
            table.add([plan.image(program), bytes.map { "\(($0 / 100_000).rounded() / 10)" } ?? "?"])
        }
        for line in table.lines(Paint(.never)) { try Console.line(line) }
        Console.error(
            "\(last) image\(last == 1 ? "" : "s") in \(Int(start.duration(to: watch.now).components.seconds)) s")
    }

    /// Runs one step; its output is shown only when it fails, and its newest line while it runs on a terminal.
    private func step(_ title: String, _ command: ChildCommand) async throws {
        let kept = LastLines(showing: Console.isTerminal ? title : nil)
        if !Console.isTerminal { Console.error("\(title)") }
        let child: ChildProcess
        do throws(ChildError) {
            child = try await ChildProcess.spawn(command, output: .lines { kept.take($0.text) })
        } catch { throw Failure(.unavailable, "\(title): \(error)", remedy: "install it, or put it into PATH") }
        let exit = await child.waitForExit()
        kept.clear()
        guard exit.isSuccess else {
            for line in kept.lines { Console.error("  \(line)") }
            throw Failure(.failed, "\(title) failed: \(command.executable) ended with \(exit)")
        }
    }

    private func plan() async throws(Failure) -> ImagePlan {
        guard !inContainer || binaries == nil else {
            throw Failure(
                .usage, "--in-container builds the programs, --binaries packs those that are built: give one of them")
        }
        let project = try ProjectFolder.find(named: nil)
        let own = FileText.workingFolder + "/Containerfile"
        let isOwn = FileText.exists(own)
        let folder = isOwn ? FileText.workingFolder : project
        let containerfile = isOwn ? "Containerfile" : "deploy/containers/Containerfile"
        guard let text = FileText.read(folder + "/" + containerfile) else {
            throw Failure(.unavailable, "cannot read \(folder)/\(containerfile)")
        }
        let found: ImagePlan.Engine?
        if let engine {
            found = ImagePlan.Engine(rawValue: engine)
        } else {
            found = ImagePlan.Engine.allCases.first { Executables.find($0.rawValue) != nil }
        }
        guard let chosen = found else {
            if let engine {
                throw Failure(.usage, "--engine: \(engine) is unknown; expected podman or docker")
            }
            throw Failure(.unavailable, "neither podman nor docker found in PATH", remedy: "apt-get install podman")
        }
        let epoch =
            if let given = ProcessEnvironment.variable("SOURCE_DATE_EPOCH") { given } else {
                await Self.git(["log", "-1", "--format=%ct"], in: folder) ?? "0"
            }
        guard let seconds = Int64(epoch), seconds >= 0 else {
            throw Failure(.usage, "SOURCE_DATE_EPOCH: found '\(epoch)'; expected seconds since 1970")
        }
        return ImagePlan(
            folder: folder, containerfile: containerfile, project: project,
            programs: try ImagePlan.choose(names, of: ImagePlan.targets(of: text)), engine: chosen, prefix: prefix,
            tag: tag, isInContainer: inContainer,
            revision: await Self.git(["rev-parse", "--short=12", "HEAD"], in: folder) ?? "unknown", epoch: epoch,
            created: Timestamp(seconds: seconds).rfc3339)
    }

    private static func git(_ arguments: [String], in folder: String) async -> String? {
        let answer = try? await ChildProcess.run(ChildCommand("git", ["-C", folder] + arguments))
        guard let answer, answer.status.isSuccess else { return nil }
        return answer.lines.first?.text
    }
}

/// The last lines of a step, the newest of them shown while it runs.
private final class LastLines: Sendable {
    private static let kept = 40
    private let title: String?
    private let state = Mutex<[String]>([])

    init(showing title: String?) {
        self.title = title
        show("")
    }

    var lines: [String] { state.withLock { $0 } }

    func take(_ line: String) {
        state.withLock { lines in
            lines.append(line)
            if lines.count > Self.kept { lines.removeFirst() }
        }
        show(line)
    }

    private func show(_ line: String) {
        guard let title else { return }
        let text: TerminalText = line.isEmpty ? "\(title)" : "\(title): \(line)"
        try? Console.write("\r\u{1B}[K\(text.cut(to: max(10, Console.columns - 1)))")
    }

    func clear() { if title != nil { try? Console.write("\r\u{1B}[K") } }
}

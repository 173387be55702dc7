import ArgumentParser
import NimmerOutput
import NimmerSupervisor
import NimmerSystem
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// Shows what the processes of this folder's nervous system printed.
struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Show what the processes of `nimmer up` have logged.",
        discussion: """
            Of the `nimmer up` of this folder or one above it, also of one that has ended. Two files of 8 MiB at most are kept.

              nimmer logs                the last 200 lines of all
              nimmer logs -f thalamus    those of one, and what follows
            """)

    @Argument(help: "Only those of this process. Default: all.")
    var name: String?

    @Flag(name: .shortAndLong, help: "Show what is logged from now on, too.")
    var follow = false

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("So many lines.", valueName: "number"))
    var lines = 200

    @OptionGroup var color: ColorOptions

    func validate() throws {
        if !(0...1_000_000).contains(lines) {
            throw ValidationError("--lines must be from 0 to 1000000; found \(lines)")
        }
    }

    func run() async throws {
        let environment = try chosenEnvironment()
        guard let place = RunFolder.nearest(environment), place.isOwnLog else {
            throw Failure(
                .noInput, "no `nimmer up` of \(environment.rawValue) has logged in this folder or above",
                remedy: "start one with `nimmer up`, or change to its folder")
        }
        let paths = LogFile.paths(place)
        let texts = paths.map { FileText.read($0) ?? "" }
        let all = texts.joined().split(separator: "\n").compactMap { LoggedLine($0) }
        let names = Set(all.map(\.process))
        if let name, !names.contains(name), !follow {
            let meant = nearest(to: name, among: names.sorted()).map { "; did you mean \($0)?" } ?? ""
            throw Failure(
                .failed, "\(name) has logged nothing\(meant)",
                remedy: "there are lines of \(names.sorted().joined(separator: ", "))")
        }
        for line in all.filter({ name == nil || $0.process == name }).suffix(lines) { try show(line) }
        if follow { try await follow(paths[1], from: texts[1].utf8.count) }
    }

    private func show(_ line: LoggedLine) throws {
        try Console.line(
            "\(color.paint(.quiet, "\(LocalTime.clock(line.at))")) \(color.paint(.strong, "\(line.process)")) \(line.text)"
        )
    }

    /// Shows what is appended, until the reader goes or the command is interrupted; a new file is read from its start.
    ///
    /// - Parameter start: how much of it has been shown, in bytes.
    private func follow(_ path: String, from start: Int) async throws {
        var descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        defer { if descriptor >= 0 { close(descriptor) } }
        // A shorter file is a new one.
        if descriptor >= 0 { lseek(descriptor, lseek(descriptor, 0, SEEK_END) >= start ? off_t(start) : 0, SEEK_SET) }
        var hasEnded = false
        var rest: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while !Console.readerHasGone {
            let count = descriptor >= 0 ? read(descriptor, &chunk, chunk.count) : 0
            if count > 0 {
                rest += chunk[..<count]
                while let end = rest.firstIndex(of: 0x0a) {
                    let text = String(decoding: rest[..<end], as: UTF8.self)
                    rest.removeSubrange(...end)
                    if let line = LoggedLine(text), name == nil || line.process == name { try show(line) }
                }
                continue
            }
            var (own, present) = (stat(), stat())
            if descriptor < 0 || fstat(descriptor, &own) != 0
                || (stat(path, &present) == 0 && present.st_ino != own.st_ino)
            {
                // What was written into the old one before it was renamed.
                if descriptor >= 0, !hasEnded {
                    hasEnded = true
                    continue
                }
                hasEnded = false
                if descriptor >= 0 { close(descriptor) }
                descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
                rest = []
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}

extension RunFolder {
    /// Indicates whether the log that stands there was written by this user.
    fileprivate var isOwnLog: Bool {
        var status = stat()
        return lstat("\(path)/up.log", &status) == 0 && status.st_mode & S_IFMT == S_IFREG
            && status.st_uid == geteuid()
    }
}

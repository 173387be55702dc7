import ArgumentParser
import Dispatch
import NimmerOutput
import NimmerSupervisor

#if canImport(Glibc)
    import Glibc
#endif

/// Keeps this machine busy for a while, so that there is something to notice.
struct ExerciseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exercise",
        abstract: "Keep this machine's processors and disk busy for a while.",
        discussion: """
            Real load: two busy threads for each processor, and a file that is written and synced over and over and \
            removed at the end. What watches this machine's vitals should notice.
            """)

    @Argument(help: "For how many seconds, at most 600.")
    var seconds: Double

    @Option(help: ArgumentHelp("Begin after so many seconds.", valueName: "seconds"))
    var after = 0.0

    @Option(help: ArgumentHelp("The folder of the file.", valueName: "folder"), completion: .directory)
    var folder = "."

    func validate() throws {
        if !(seconds > 0 && seconds <= 600) {
            throw ValidationError("the seconds must be above 0 and at most 600; found \(seconds)")
        }
        if !(0...3600).contains(after) { throw ValidationError("--after must be 0 to 3600; found \(after)") }
    }

    func run() async throws {
        try await Task.sleep(for: .seconds(after))
        let processors = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        try Console.line(
            "making load for \(LocalTime.span(milliseconds: seconds * 1000)): "
                + "\(count(processors * 2, "busy thread")) on \(count(processors, "processor")), and disk writes in \(folder)"
        )
        let deadline = DispatchTime.now() + seconds
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<processors * 2 {
                group.addTask { await Self.onOwnThread("burn-\(index)") { Self.burn(until: deadline) } }
            }
            let folder = folder
            group.addTask { await Self.onOwnThread("write") { Self.write(in: folder, until: deadline) } }
        }
        try Console.line("the load is over")
    }

    private static func onOwnThread(_ name: String, _ body: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "nimmer.exercise.\(name)").async {
                body()
                continuation.resume()
            }
        }
    }

    private static func burn(until deadline: DispatchTime) {
        var generator = SplitMix(seed: 1)
        var sum: UInt64 = 0
        repeat {
            for _ in 0..<200_000 { sum &+= generator.next() }
        } while DispatchTime.now() < deadline && sum != 1
    }

    /// At most 64 MiB at a time; the file is removed at the start already, so that nothing stays however this ends.
    private static func write(in folder: String, until deadline: DispatchTime) {
        let path = "\(folder)/exercise.\(getpid()).\(UInt32.random(in: .min ... .max)).data"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        unlink(path)
        defer { close(descriptor) }
        let block = [UInt8](repeating: 0x5a, count: 1 << 20)
        var blocks = 0
        while DispatchTime.now() < deadline {
            guard Glibc.write(descriptor, block, block.count) == block.count else { return }
            fsync(descriptor)
            blocks += 1
            if blocks % 64 == 0 { lseek(descriptor, 0, SEEK_SET) }
        }
    }
}

import ArgumentParser
import NimmerPlatform
import NimmerProcess
import NimmerTerminal

#if canImport(Glibc)
    import Glibc
#endif

/// The process: parses, refuses an environment that does not exist, runs one command, turns an error into one clear
/// line and an exit status.
@main
struct Main {
    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        OrphanReaper.start()
        let status = await run()
        Terminal.giveBack()
        ProcessEnd.exit(status)
    }

    private static func run() async -> Int32 {
        do {
            var command = try Nimmer.parseAsRoot(Array(ProcessArguments.all.dropFirst()))
            _ = try chosenEnvironment()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return 0
        } catch {
            return Report.ending(with: error)
        }
    }
}

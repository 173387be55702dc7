import ArgumentParser
import NimmerOutput
import NimmerPlatform
import NimmerSupervisor
import NimmerSystem
import NimmerWave

/// Restarts one process of this folder's nervous system.
struct RestartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Restart a process of `nimmer up`, and wait until it runs again.",
        discussion: """
            Of the `nimmer up` of this folder or one above it. The process is asked to stop and started again with what the \
            system file states now; one that waits after a failure starts at once, and one that is being started starts twice.
            """)

    @Argument(help: "The process, as in `nimmer status`.")
    var name: String

    func run() async throws {
        let environment = try chosenEnvironment()
        guard let (state, place) = RunState.running(environment) else {
            throw Failure(
                .unavailable, "no nervous system of \(environment.rawValue) runs in this folder or above",
                remedy: "start one with `nimmer up`, or change to its folder")
        }
        let names = state.processes.map(\.name) + state.waiting
        guard names.contains(name) else {
            let meant = nearest(to: name, among: names).map { "; did you mean \($0)?" } ?? ""
            throw Failure(
                .failed, "no process \(name) runs here\(meant)",
                remedy: "there are \(names.sorted().joined(separator: ", "))")
        }
        let restarts = state.restarts[name, default: 0]
        let before = state.processes.first { $0.name == name }?.identity
        try place.requestRestart(of: name)
        let end = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(100))
            guard let now = try RunState.read(place) else { break }
            // One that was being started starts, ends and starts again.
            if now.restarts[name, default: 0] > restarts,
                let entry = now.processes.first(where: { $0.name == name }), entry.identity != before
            {
                return try Console.line("restarted \(name) (process \(entry.identity.pid))")
            }
        }
        throw Failure(
            .temporary, "\(name) does not run again yet", remedy: "`nimmer logs \(name)` shows what it printed")
    }
}

import ArgumentParser
import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerSupervisor
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// Stops the nervous system of this folder.
struct DownCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Stop the nervous system that runs here.",
        discussion: """
            Asks the `nimmer up` of this folder, or one above it, to stop, and waits for it. What a killed one left \
            behind is found by its state file and stopped too; a process that has taken over a number is left alone.
            """)

    func run() async throws {
        let environment = try chosenEnvironment()
        guard let (place, state) = try Self.nearest(environment) else {
            try Console.line("nothing runs here in \(environment.rawValue)")
            return
        }
        if state.isAlive {
            guard state.isOwn else {
                throw Failure(
                    .permission, "\(place.statePath) names process \(state.nimmer.pid), not a `nimmer up` of this user",
                    remedy: "stop it as its user, or remove the file when no `nimmer up` runs here")
            }
            try Console.line("stopping the nervous system in \(place.path) (process \(state.nimmer.pid))")
            let gone = await state.nimmer.terminate(grace: .seconds(40))
            guard gone else {
                throw Failure(
                    .temporary, "process \(state.nimmer.pid) does not end", remedy: "it may belong to another user")
            }
        }
        // Read again: it may have changed until the end.
        let left = try RunState.read(place)?.living(in: place) ?? []
        if !left.isEmpty {
            try Console.line(
                "stopping what was left: \(left.map { "\($0.name) (\($0.identity.pid))" }.joined(separator: ", "))")
            await OrphanedProcesses.stop(left)
        }
        RunState.remove(place)
        let stubborn = left.filter(\.identity.isAlive)
        guard stubborn.isEmpty else {
            throw Failure(
                .temporary, "still alive: \(stubborn.map { "\($0.name) (\($0.identity.pid))" }.joined(separator: ", "))"
            )
        }
        try Console.line("all stopped")
    }

    /// The nearest place with something to stop, and its state; where there is none, the nearest with a state.
    ///
    /// - Throws: ``Failure`` when a state before that cannot be used.
    private static func nearest(_ environment: Environment) throws(Failure) -> (RunFolder, RunState)? {
        var ended: (RunFolder, RunState)?
        for place in RunFolder.all(environment) {
            let state: RunState?
            do throws(Failure) { state = try RunState.read(place) } catch {
                guard let ended else { throw error }
                return ended
            }
            guard let state else { continue }
            if state.isAlive || !state.living(in: place).isEmpty { return (place, state) }
            ended = ended ?? (place, state)
        }
        return ended
    }
}

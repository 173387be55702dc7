import ArgumentParser
import NimmerBus
import NimmerInspection
import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerSupervisor
import NimmerWave

/// Command that shows the state of the nervous system.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the state of the nervous system: processes, streams, losses, what is degraded.",
        discussion: "Exit status 69 when no NATS server answers.")

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let choice = try server.choice(environment)
        var report = StatusReport(environment: environment)
        report.serverURL = choice.shown
        report.serverFrom = choice.origin.words
        if case .running = choice.origin, let place = RunFolder.nearest(environment),
            let state = try RunState.read(place)
        {
            if DiskWatch.free(at: place.path).map({ $0 < DiskWatch.least }) ?? false {
                report.fullDisk = DiskWatch.words(place.path)
            }
            report.startedAt = state.startedAt
            report.system = state.system
            report.playing = state.playing
            report.processes = state.processes.map {
                .init(
                    name: $0.name, pid: $0.identity.pid, isAlive: $0.identity.isAlive, httpPort: $0.httpPort)
            }
            report.processes += state.waiting.map { .init(name: $0, pid: nil, isAlive: false) }
        }
        var failure: Failure?
        do {
            let bus = try await CommandConnection.open(choice)
            await report.look(at: bus, environment)
            await bus.drain(timeout: .seconds(1))
        } catch {
            failure = error
            if let disk = report.fullDisk { failure = Failure(error.status, error.message, remedy: "\(disk)") }
        }
        if json.json {
            try Console.pretty(report.json())
        } else if failure == nil {
            for line in report.lines(color.paint, at: .now()) { try Console.line(line) }
        }
        if let failure {
            if json.json { throw ExitCode(failure.status.rawValue) }
            throw failure
        }
    }
}

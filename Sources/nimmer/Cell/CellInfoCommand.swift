import ArgumentParser
import NimmerBus
import NimmerInspection
import NimmerOutput
import NimmerSystem
import NimmerWave

/// Describes one cell.
struct CellInfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Describe a running cell, nerve or service: what it does, takes and has done.",
        discussion: "What it answers to $SRV.INFO and $SRV.STATS. Exit status 1 when none of this name runs.")

    @Argument(help: "The name, as in `nimmer cell list`.")
    var name: String

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let services = try await CommandConnection.with(server, environment) { try await RunningService.discover($0) }
        let found = services.filter { $0.name == name }
        guard !found.isEmpty else {
            let meant = nearest(to: name, among: services.map(\.name)).map { "; did you mean \($0)?" } ?? ""
            throw Failure(.failed, "no cell \(name) is running\(meant)", remedy: "`nimmer cell list` shows what runs")
        }
        if json.json {
            try Console.pretty(JSON.array(found.map(\.json)))
            return
        }
        for service in found {
            for line in Self.lines(service, color.paint, at: .now()) { try Console.line(line) }
        }
    }

    static func lines(_ service: RunningService, _ paint: Paint, at now: Timestamp) -> [TerminalText] {
        var lines: [TerminalText] = ["\(paint(.strong, "\(service.name)"))  \(service.summary)"]
        var table = Table([])
        table.add(["version", service.version])
        table.add(["instance", service.id])
        if let started = service.startedAt {
            table.add(["up", LocalTime.span(milliseconds: now.milliseconds(since: started))])
        }
        for member in service.metadata.object ?? [:] where member.key != "protocol" {
            table.add([member.key, member.value.string ?? member.value.text])
        }
        for endpoint in service.endpoints {
            table.add(["takes", endpoint.subject])
            for command in endpoint.commands { table.add(["  \(command.name)", command.help]) }
        }
        for member in service.data.object ?? [:] {
            table.add([member.key, member.value.string ?? member.value.text])
        }
        lines += table.lines(paint, indent: 2)
        return lines
    }
}

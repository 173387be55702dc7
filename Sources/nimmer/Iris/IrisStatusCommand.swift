import ArgumentParser
import NimmerBus
import NimmerInspection
import NimmerIris
import NimmerOutput
import NimmerWave

/// Command that shows which model answers.
struct IrisStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show which model answers: the table's file, organs, what each process has asked.",
        discussion: """
            The model in force is that of the organ which `iris.organ` names, else the table's. While the organ does not \
            answer, the table does, and that is listed as degraded. Exit status 69 when no NATS server answers.
            """)

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        var (meanings, trouble): (Meanings?, Failure?)
        do throws(Failure) { meanings = try Meanings() } catch { trouble = error }
        var services: [RunningService]?
        var failure: (any Error)?
        do {
            services = try await CommandConnection.with(server, environment) { bus in
                try await RunningService.discover(bus)
            }
        } catch { failure = error }
        if json.json {
            try Console.pretty(report(meanings, trouble, services))
            if let failure { throw (failure as? Failure).map { ExitCode($0.status.rawValue) } ?? failure }
            return
        }
        try print(meanings, trouble, services ?? [])
        if let failure { throw failure }
    }

    private func print(_ meanings: Meanings?, _ trouble: Failure?, _ services: [RunningService]) throws {
        let paint = color.paint
        if let meanings {
            try Console.line("table      \(meanings.table.model.name), \(meanings.table.model.dimensions) dimensions")
            try Console.line("           \(meanings.path)")
            let links = meanings.links.map { "\(NameLinks.fileName)@\($0.digest)" } ?? "none beside it"
            try Console.line("words      \(links)")
        } else if let trouble {
            try Console.line("table      \(paint(.warning, "none: \(trouble.message)"))")
        }
        for organ in services {
            // An organ that makes embeddings has the key before its first answer, too.
            guard let model = organ.data["embedding_model"] else { continue }
            let state = organ.data["loaded"]?.bool == true ? "loaded" : "not loaded"
            try Console.line(
                "organ      \(organ.name)  \(model.string ?? "not known before its first answer")  \(state)")
        }
        let reports = services.compactMap { service in IrisReport(service.data).map { (service.name, $0) } }
        var table = Table(IrisReport.heading)
        for (name, report) in reports { for row in report.rows(name) { table.add(row) } }
        if !reports.isEmpty {
            try Console.line("")
            for line in table.lines(paint) { try Console.line(line) }
        } else if !services.isEmpty {
            try Console.line("no process here embeds: the system file has no `iris:`")
        }
        let degraded = reports.flatMap { $1.degraded($0) }
        if !degraded.isEmpty {
            try Console.line("")
            try Console.line(paint(.warning, "degraded"))
            for line in degraded { try Console.line("  \(line)") }
        }
    }

    private func report(_ meanings: Meanings?, _ trouble: Failure?, _ services: [RunningService]?) -> JSON {
        var table: JSONObject = [:]
        if let meanings {
            table = [
                "model": .string(meanings.table.model.name),
                "dimensions": .number(Double(meanings.table.model.dimensions)), "path": .string(meanings.path),
                "links": meanings.links.map { .string($0.digest) } ?? .null,
            ]
        } else if let trouble {
            table["trouble"] = .string(trouble.message.text)
        }
        let all = services ?? []
        let organs = all.filter { $0.data["embedding_model"] != nil }
        let reports = all.compactMap { service in IrisReport(service.data).map { (service.name, $0) } }
        return [
            "table": .object(table), "running": .bool(services != nil),
            "organs": .array(organs.map { ["name": .string($0.name), "data": $0.data] }),
            "processes": .array(
                all.filter { IrisReport($0.data) != nil }.map {
                    ["name": .string($0.name), "iris": $0.data["iris"] ?? .null]
                }),
            "degraded": .array(reports.flatMap { $1.degraded($0) }.map { .string($0) }),
        ]
    }
}

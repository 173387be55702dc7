import ArgumentParser
import NimmerBus
import NimmerGarden
import NimmerInspection
import NimmerOutput
import NimmerWave

/// Variants of the system, beside the real one.
struct GardenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "garden",
        abstract: "Try variants beside the real system, and make the good ones real.",
        discussion: """
            Variants stand in the section `virtual:` of the system file: other settings of gates, cells or regions. The process \
            `garden` lets each hear the same live waves, and holds what it would have woken for against the outcomes of the real \
            system. It wakes no one and sends no command.

              nimmer garden explore --input valve1-0.csv --verify anomaly --write
              nimmer up pump.yaml
              nimmer garden list
              nimmer garden promote explored-1
            """,
        subcommands: [
            GardenListCommand.self, GardenShowCommand.self, GardenDiffCommand.self, GardenExploreCommand.self,
            GardenPromoteCommand.self, GardenDemoteCommand.self, GardenHistoryCommand.self,
        ])

    /// Asks the garden.
    ///
    /// - Throws: ``Failure`` where none runs, or where it refuses.
    static func ask(
        _ bus: any Bus, _ environment: Environment, _ command: String, _ variant: String? = nil
    ) async throws -> JSON {
        let name = try Token("garden")
        let answer: CommandResult
        do throws(Failure) {
            answer = try await bus.ask(
                .request(environment, cell: name), of: .init("service", name), command,
                variant.map { ["variant": .string($0)] } ?? [:], seconds: 5)
        } catch {
            guard error.status == .unavailable else { throw error }
            throw Failure(
                .unavailable, error.message,
                remedy: "`nimmer up` starts it where the system file has a section virtual")
        }
        guard answer.status == .ok else { throw Failure(answer, from: name) }
        return answer.result.resolved
    }
}

/// Lists the variants.
struct GardenListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the variants with what each would have woken for.",
        discussion: """
            caught: confirmed openings that it had, too; missed: those that it slept through; false: its openings beside real ones that \
            failed; unknown: those of which no outcome is known; avoided: failed real openings that it did not share; saved: \
            questions that it would not have asked. Each beside the real system in the same time.
            """)

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let answer = try await CommandConnection.with(server, environment) { bus in
            try await GardenCommand.ask(bus, environment, "list")
        }
        if json.json { return try Console.pretty(answer) }
        let reports = (answer["variants"]?.array ?? []).compactMap { GardenReport($0) }
        for line in GardenTables.list(reports).lines(color.paint) { try Console.line(line) }
    }
}

/// Shows a variant.
struct GardenShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a variant: its figures, its last openings, what its origins have earned.")

    @Argument(help: "The variant, as in `nimmer garden list`.")
    var variant: String

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let answer = try await CommandConnection.with(server, environment) { bus in
            try await GardenCommand.ask(bus, environment, "show", variant)
        }
        if json.json { return try Console.pretty(answer) }
        let paint = color.paint
        for line in GardenTables.figures(answer["report"]).lines(paint) { try Console.line(line) }
        var openings = Table(["at", "region", "witnesses", "asks", "verdict"])
        for opening in answer["openings"]?.array ?? [] {
            let witnesses = (opening["witnesses"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
            openings.add([
                GardenTables.time(opening["at"]), opening["region"]?.string ?? "", witnesses,
                opening["call"]?.bool == true ? "yes" : "no", opening["verdict"]?.string ?? "",
            ])
        }
        try Console.line("")
        for line in openings.lines(paint) { try Console.line(line) }
        let trust = answer["trust"].flatMap { try? TrustSnapshot($0) }?.entries ?? []
        guard !trust.isEmpty else { return }
        var table = Table(["region", "origin", "confirmed", "failed"])
        for entry in trust {
            for origin in entry.origins {
                table.add([
                    entry.region.text, origin.origin.text, decimals(origin.confirmed, 2), decimals(origin.failed, 2),
                ])
            }
        }
        try Console.line("")
        for line in table.lines(paint) { try Console.line(line) }
        if let leftOut = answer["trust_left_out"]?.int, leftOut > 0 {
            try Console.line(paint(.quiet, "and \(count(leftOut, "origin")) with fewer outcomes"))
        }
    }
}

/// Compares a variant with the real system.
struct GardenDiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compare what a variant would have woken for with the real system and the outcomes.",
        discussion: """
            The last openings of both, newest first. An opening of a variant is about the same as a real one where both are of one \
            region and their times overlap, from the oldest witness to the release, within the window of the variant's gate. What \
            no outcome is known of stays unknown.
            """)

    @Argument(help: "The variant, as in `nimmer garden list`.")
    var variant: String

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let answer = try await CommandConnection.with(server, environment) { bus in
            try await GardenCommand.ask(bus, environment, "diff", variant)
        }
        if json.json { return try Console.pretty(answer) }
        let paint = color.paint
        for line in GardenTables.figures(answer["report"]).lines(paint) { try Console.line(line) }
        var openings = Table(["at", "region", "real", variant, "outcome", "verdict"])
        for opening in answer["openings"]?.array ?? [] {
            openings.add([
                GardenTables.time(opening["at"]), opening["region"]?.string ?? "",
                opening["real"]?.bool == true ? "opened" : "-", opening["variant"]?.bool == true ? "opened" : "-",
                opening["outcome"]?.string ?? "-", opening["verdict"]?.string ?? "",
            ])
        }
        try Console.line("")
        for line in openings.lines(paint) { try Console.line(line) }
    }
}

/// Tables about variants.
enum GardenTables {
    /// A row for each variant.
    static func list(_ reports: [GardenReport]) -> Table {
        var table = Table([
            "variant", "openings", "caught", "missed", "false", "unknown", "avoided", "saved", "lifeforce", "real",
        ])
        for report in reports {
            table.add([
                report.variant, "\(report.own.openings)", "\(report.own.caught)", "\(report.own.missed)",
                "\(report.own.falseAlarms)", "\(report.own.unknown)", "\(report.own.avoided)", "\(report.callsSaved)",
                decimals(report.spent, 2), decimals(report.realSpent, 2),
            ])
        }
        return table
    }

    /// The figures of a variant beside those of the real system.
    static func figures(_ json: JSON?) -> Table {
        guard let report = json.flatMap({ GardenReport($0) }) else { return Table([]) }
        var table = Table(["", report.variant, "real"])
        let (own, real) = (report.own, report.real)
        for (name, one, other) in [
            ("openings", own.openings, real.openings), ("questions", own.calls, real.calls),
            ("caught", own.caught, real.caught),
        ] { table.add([name, "\(one)", "\(other)"]) }
        table.add(["missed", "\(own.missed)", "-"])
        table.add(["false", "\(own.falseAlarms)", "\(real.falseAlarms)"])
        table.add(["unknown", "\(own.unknown)", "\(real.unknown)"])
        table.add(["avoided", "\(own.avoided)", "-"])
        table.add(["calls saved", "\(report.callsSaved)", "-"])
        table.add(["lifeforce", decimals(report.spent, 2), decimals(report.realSpent, 2)])
        table.add(["outcomes", "\(report.evidence)", "\(real.caught + real.falseAlarms)"])
        return table
    }

    static func time(_ json: JSON?) -> String {
        guard let text = json?.string, let at = try? Timestamp(rfc3339: text) else { return "" }
        return LocalTime.full(at)
    }
}

import ArgumentParser
import NimmerMemory
import NimmerMemoryPostgres
import NimmerOutput
import NimmerWave

/// Drops what is older than memory should reach.
struct DatabasePruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Show what is older than the configured retention; drop it with --yes.",
        discussion: """
            Collapses, requests, decisions and verifications are the audit trail and stay. Transitions stay unless \
            --transition-days is given, and then go by the month. Without --yes nothing is changed.
            """)

    @Option(help: ArgumentHelp("Keep transitions this long. Default: no limit.", valueName: "days"))
    var transitionDays: Int?

    @Option(help: ArgumentHelp("Keep correlation events this long.", valueName: "days"))
    var traceDays = 90

    @Option(help: ArgumentHelp("Keep rejected messages this long.", valueName: "days"))
    var rejectedDays = 30

    @Option(
        help: ArgumentHelp(
            "Keep what is remembered by its meaning, but not summaries, this long; else all is kept.", valueName: "days"
        ))
    var meaningDays: Int?

    @Flag(help: "Drop it, instead of only showing it.")
    var yes = false

    @OptionGroup var json: JSONOptions
    @OptionGroup var database: DatabaseOptions

    func validate() throws {
        for (name, value) in [
            ("transition-days", transitionDays ?? 1), ("trace-days", traceDays), ("rejected-days", rejectedDays),
            ("meaning-days", meaningDays ?? 1),
        ] where value < 1 {
            throw ValidationError("--\(name) must be at least 1; found \(value)")
        }
    }

    func run() async throws {
        let settings = database.settings(try chosenEnvironment())
        let administration = PostgresAdministration(settings)
        let policy = RetentionPolicy(
            transitionDays: transitionDays, correlationDays: traceDays, rejectedDays: rejectedDays,
            meaningDays: meaningDays)
        let plan: PrunePlan
        do {
            let proposed = try await administration.prunePlan(policy, at: .now())
            plan = yes ? try await administration.prune(proposed) : proposed
        } catch {
            throw Failure(error)
        }
        if json.json {
            try Console.json(["dropped": .bool(yes), "steps": plan.json])
            return
        }
        for step in plan.steps { try Console.line("\(yes ? "dropped" : "would drop"): \(step.text)") }
        if plan.steps.isEmpty {
            try Console.line("nothing in \(settings) is old enough to drop")
        } else if !yes {
            try Console.line("nothing was changed; --yes drops it")
        }
    }
}

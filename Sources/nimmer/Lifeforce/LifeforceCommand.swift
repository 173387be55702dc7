import ArgumentParser
import NimmerMemory
import NimmerMemoryPostgres
import NimmerOutput
import NimmerWave

/// Shows what was spent and what outcomes gave back.
struct LifeforceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lifeforce",
        abstract: "Show what cells, nerves, minds and organs spent, and what outcomes gave back.",
        discussion: """
            A row for each region and day (UTC), and a plot of spent (#) against earned (+) of each day. Amounts are in LF. What waves cost \
            comes once a minute; what an outcome gives back is set in the system file (`lifeforce`).

              nimmer lifeforce --days 30 --region 'plant.>'
            """)

    @Option(help: ArgumentHelp("Days up to today (UTC).", valueName: "number"))
    var days = 7

    @Option(help: ArgumentHelp("Only these regions: plant.pump, or a pattern such as 'plant.>'.", valueName: "region"))
    var region: String?

    @OptionGroup var json: JSONOptions
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var color: ColorOptions

    func validate() throws {
        guard (1...3660).contains(days) else { throw ValidationError("--days must be 1 to 3660; found \(days)") }
        if let region, (try? SubjectPattern(region)) == nil {
            throw ValidationError(
                "--region must be a region or a pattern: tokens joined by dots, * for one token, > for the rest; found \(region)"
            )
        }
    }

    func run() async throws {
        let environment = try chosenEnvironment()
        let since = Timestamp.now().advanced(milliseconds: -86_400_000 * Double(days - 1)).utcDay
        let query = LifeforceQuery(
            environment: environment, since: since, region: try region.map { text in try SubjectPattern(text) })
        let store = PostgresStore(database.settings(environment))
        let found: [LifeforceDay]
        do { found = try await store.lifeforce(query) } catch { throw Failure(error) }
        await store.close()
        if json.json {
            return try Console.pretty(["since": .string(since), "days": .array(found.map(\.json))])
        }
        guard !found.isEmpty else { return try Console.line("nothing was spent or earned since \(since)") }
        let report = LifeforceReport(found)
        for line in report.table.lines(color.paint) { try Console.line(line) }
        try Console.line("")
        for line in report.plot(columns: Console.columns) { try Console.line(line) }
    }
}

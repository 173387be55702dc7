import ArgumentParser
import NimmerInspection
import NimmerOutput
import NimmerWave

/// Prints what was spent.
struct MindBudgetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "budget",
        abstract: "Show the spending of minds and regions, their budgets, and who waits.",
        discussion: "Lifeforce and tokens, within the last minute and on this day (UTC), as they were measured.")

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let found = try await CommandConnection.with(server, environment) {
            try await $0.askBridge(environment, "budget")
        }
        if json.json { return try Console.pretty(found) }
        for line in Self.lines(found, color.paint) { try Console.line(line) }
    }

    static func lines(_ found: JSON, _ paint: Paint) -> [TerminalText] {
        var table = Table(["of", "LF a minute", "LF today", "tokens a minute", "tokens today", ""])
        func cell(_ budget: JSON, _ window: String, _ key: String) -> String {
            let spent = budget[window]?[key]?.double
            let most = budget[window]?["\(key)_limit"]?.double
            return (spent.map { decimals($0, key == "lf" ? 2 : 0) } ?? "?")
                + (most.map { " of " + decimals($0, key == "lf" ? 2 : 0) } ?? "")
        }
        for (kind, title) in [("minds", "mind"), ("regions", "region")] {
            for member in found[kind]?.object ?? [:] {
                table.add([
                    "\(title) \(member.key)", cell(member.value, "minute", "lf"), cell(member.value, "day", "lf"),
                    cell(member.value, "minute", "tokens"), cell(member.value, "day", "tokens"),
                    member.value["shortage"]?.string == nil ? "" : "spent",
                ])
            }
        }
        var lines: [TerminalText] =
            found["minds"]?.object?.members.isEmpty ?? true ? ["no mind is configured"] : table.lines(paint)
        for wait in found["waiting"]?.array ?? [] {
            lines.append(
                "waits     \(wait["region"]?.string ?? "") since \(wait["waits_for"]?.string ?? ""), until "
                    + "\(wait["expires_at"]?.string ?? "")")
        }
        return lines
    }
}

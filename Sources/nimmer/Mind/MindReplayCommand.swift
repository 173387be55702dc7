import ArgumentParser
import NimmerInspection
import NimmerOutput
import NimmerWave

/// Asks again about a request.
struct MindReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Ask the minds again about a request, and show the difference.",
        discussion: """
            Nothing is published and no command leaves; what it costs counts. Earlier decisions that the prompt then held as \
            reminders are not repeated; how many, it shows.
            """)

    @Argument(
        help:
            "The id of the request, or its first characters, as `nimmer wave tail --json` or `nimmer memory why` shows it."
    )
    var id: String

    @Option(help: ArgumentHelp("How long to wait, in seconds.", valueName: "seconds"))
    var timeout = 120.0

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        if IDPrefix(id) == nil { throw ValidationError("found '\(id)'; expected \(IDPrefix.expectation)") }
        if !(timeout >= 1 && timeout <= 3600) {
            throw ValidationError("--timeout must be from 1 to 3600 seconds; found \(timeout)")
        }
    }

    func run() async throws {
        let environment = try chosenEnvironment()
        let payload: JSON = ["id": .string(id)]
        let seconds = timeout
        let found = try await CommandConnection.with(server, environment) {
            try await $0.askBridge(environment, "replay", payload, seconds: seconds)
        }
        if json.json { return try Console.pretty(found) }
        for line in Self.lines(found) { try Console.line(.whole(line)) }
    }

    static func lines(_ found: JSON) -> [String] {
        func answer(_ key: String) -> String {
            guard let one = found[key], !one.isNull else { return "no answer" }
            let commands = (one["commands"]?.array ?? []).map {
                "\($0["target"]?.string ?? "").\($0["command"]?.string ?? "")"
            }
            return [one["action"]?.string ?? "", one["confidence"]?.double.map { decimals($0, 2) } ?? "by rule"]
                .joined(separator: " ") + (commands.isEmpty ? "" : ", commands " + commands.joined(separator: ", "))
        }
        var lines = ["then  \(answer("then"))", "now   \(answer("now"))"]
        for asked in found["asked"]?.array ?? [] {
            lines.append("asked \(asked["mind"]?.string ?? ""): \(asked["verdict"]?.string ?? "")")
        }
        let differences = (found["differences"]?.array ?? []).compactMap { $0["key"]?.string }
        if let reminders = found["reminders_not_repeated"]?.int, reminders > 0 {
            lines.append("the prompt then held \(count(reminders, "reminder")), not repeated now (nimmer memory why)")
        }
        lines.append(differences.isEmpty ? "no difference" : "different: \(differences.joined(separator: ", "))")
        return lines
    }
}

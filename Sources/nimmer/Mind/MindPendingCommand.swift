import ArgumentParser
import NimmerBus
import NimmerInspection
import NimmerOutput
import NimmerWave

/// Lists the decisions whose commands wait.
struct MindPendingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pending",
        abstract: "List the decisions whose commands wait for a person, or are on their way.")

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let found = try await CommandConnection.with(server, environment) {
            try await $0.askBridge(environment, "pending")
        }
        if json.json { return try Console.pretty(found) }
        let records = found.array ?? []
        if records.isEmpty { return try Console.line("nothing waits") }
        for line in Self.table(records, at: .now()).lines(color.paint) { try Console.line(line) }
    }

    static func table(_ records: [JSON], at now: Timestamp) -> Table {
        var table = Table(["decision", "state", "region", "action", "commands", "until"])
        for record in records {
            let commands = (record["commands"]?.array ?? []).map { command in
                "\(command["target"]?.string ?? "").\(command["command"]?.string ?? "") \(command["payload"]?.text ?? "")"
            }
            let until = (record["until"]?.string).flatMap { try? Timestamp(rfc3339: $0) }
            table.add([
                record["decision"]?.string ?? "", record["state"]?.string ?? "",
                (record["region"]?.string ?? ""), (record["action"]?.string ?? ""),
                commands.joined(separator: ", "),
                until.map { "in " + LocalTime.span(milliseconds: max(0, $0.milliseconds(since: now))) } ?? "",
            ])
        }
        return table
    }
}

/// Options of a person's verdict on a decision whose commands wait.
struct VerdictOptions: ParsableArguments {
    @Argument(help: "The decision's id, or the beginning of it, as `nimmer mind pending` lists it.")
    var id: String

    @Option(help: ArgumentHelp("Name of the person, for the record; the user's name unless given.", valueName: "name"))
    var by: String?

    @OptionGroup var server: ServerOptions

    /// Sends it to the bridge, and prints the result.
    func send(_ verb: String, done: String) async throws {
        let environment = try chosenEnvironment()
        let payload: JSON = ["id": .string(id), "by": .string(by ?? ProcessEnvironment.variable("USER") ?? "unknown")]
        let found = try await CommandConnection.with(server, environment) {
            try await $0.askBridge(environment, verb, payload)
        }
        try Console.line("\(done) \(found["id"]?.string ?? "")")
    }
}

/// Lets a decision's commands go.
struct MindApproveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Approve the commands of a decision, once.")

    @OptionGroup var verdict: VerdictOptions

    func run() async throws { try await verdict.send("approve", done: "approved") }
}

/// Keeps a decision's commands from going.
struct MindRefuseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refuse", abstract: "Refuse the commands of a decision, permanently.")

    @OptionGroup var verdict: VerdictOptions

    func run() async throws { try await verdict.send("refuse", done: "refused") }
}

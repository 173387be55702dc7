import ArgumentParser
import NimmerBus
import NimmerInspection
import NimmerOutput
import NimmerWave

/// Organs: models that cells and people can ask directly.
struct OrganCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "organ",
        abstract: "Question an organ: the owner of a model.",
        discussion: """
            An organ of the system file loads its model when it is asked, keeps it warm and unloads it. Its answers are not \
            stored and command nothing; a decision comes from `nimmer mind`.
            """,
        subcommands: [OrganAskCommand.self, OrganEmbedCommand.self, OrganStateCommand.self])
}

/// Options that name the organ, its server, and the timeout.
struct OrganOptions: ParsableArguments {
    @Argument(help: "The organ's name, as in the system file.")
    var organ: String

    @Option(help: ArgumentHelp("How long to wait, in seconds; a model may have to be loaded.", valueName: "seconds"))
    var timeout = 120.0

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        if !(timeout > 0 && timeout <= 3600) {
            throw ValidationError("--timeout must be above 0 and at most 3600 seconds; found \(timeout)")
        }
    }

    /// Asks, and throws what it refuses.
    func ask(_ verb: String, _ payload: JSON) async throws -> JSON {
        let environment = try chosenEnvironment()
        guard let name = try? Token(organ) else {
            throw Failure(
                .usage, "\(organ) is not an organ name", remedy: "the system file's `organs:` names them")
        }
        let subject = Subject.organ(environment, organ: name, verb: try Token(verb))
        let result = try await CommandConnection.with(server, environment) { bus in
            try await bus.ask(subject, of: .init("organ", name), verb, payload, seconds: timeout)
        }
        guard result.status == .ok else { throw Failure(result, from: name) }
        return result.result.resolved
    }
}

/// Asks the model.
struct OrganAskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask",
        abstract: "Ask the model of an organ.",
        discussion: """
              nimmer organ ask language "Name three causes of a warm disk."
              nimmer organ ask language "Is 71 degrees too warm?" --schema answer.json

            With --schema the answer is JSON, checked against it here before it is believed.
            """)

    @OptionGroup var organ: OrganOptions

    @Argument(help: "What is asked; `-` reads it from standard input.")
    var prompt: String

    @Option(help: ArgumentHelp("System text for the model.", valueName: "text"))
    var system: String?

    @Option(help: ArgumentHelp("A JSON Schema that the answer must fit.", valueName: "file"), completion: .file())
    var schema: String?

    @Option(help: ArgumentHelp("How long the answer may be, in tokens.", valueName: "count"))
    var maxTokens: Int?

    @Option(help: ArgumentHelp("0 (the default) answers the same each time; at most 2.", valueName: "number"))
    var temperature: Double?

    func run() async throws {
        var payload: JSONObject = [
            "prompt": .string(prompt == "-" ? String(decoding: try FileText.bytes("-"), as: UTF8.self) : prompt)
        ]
        payload["system"] = system.map { .string($0) }
        payload["max_tokens"] = maxTokens.map { .number(Double($0)) }
        payload["temperature"] = temperature.map { .number($0) }
        if let schema {
            let bytes = try FileText.bytes(schema)
            do throws(Refusal) { payload["schema"] = try JSON(parsing: bytes) } catch {
                throw Failure(.usage, "\(schema) is not JSON: \(error)")
            }
        }
        let answer = try await organ.ask("ask", .object(payload))
        if organ.json.json {
            try Console.pretty(answer)
        } else if let value = answer["value"] {
            try Console.json(value)
        } else {
            for line in (answer["text"]?.string ?? "").split(separator: "\n", omittingEmptySubsequences: false) {
                try Console.line(.whole(line))
            }
        }
        if answer["finish"]?.string == "length" {
            Console.error("cut off at the allowed number of tokens; --max-tokens gives it more")
        }
    }
}

/// Texts as vectors.
struct OrganEmbedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Turn texts into vectors.",
        discussion: """
              nimmer organ embed vectors "a warm pump" "a cold pump"

            Prints one JSON array a text.
            """)

    @OptionGroup var organ: OrganOptions

    @Argument(help: "The texts, at most 64 of at most 2,000 bytes.")
    var texts: [String]

    func run() async throws {
        let answer = try await organ.ask("embed", ["texts": .array(texts.map { .string($0) })])
        if organ.json.json { return try Console.json(answer) }
        for vector in answer["vectors"]?.array ?? [] { try Console.json(vector) }
    }
}

/// Command that shows the state of an organ.
struct OrganStateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state",
        abstract: "Show the state of an organ: its model, its card, who waits.")

    @OptionGroup var organ: OrganOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let answer = try await organ.ask("state", [:])
        if organ.json.json { return try Console.pretty(answer) }
        var table = Table(["what", "value"])
        for member in answer.object ?? [:] {
            let text = member.value.isNull ? "none" : member.value.string ?? member.value.text
            table.add([member.key, text])
        }
        for line in table.lines(color.paint) { try Console.line(line) }
    }
}

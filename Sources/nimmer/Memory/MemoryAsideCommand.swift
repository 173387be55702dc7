import ArgumentParser
import NimmerBus
import NimmerOutput
import NimmerWave

/// Commands for dead letters: messages that were set aside because their handling ended a process.
struct MemoryAsideCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aside",
        abstract: "Show messages that were set aside, publish them again, or delete them.",
        discussion: """
            A message whose handling ended the bridge or the hippocampus three times is set aside with its bytes, and kept \
            for 30 days.
            """,
        subcommands: [
            MemoryAsideListCommand.self, MemoryAsideShowCommand.self, MemoryAsideReplayCommand.self,
            MemoryAsideDropCommand.self,
        ], defaultSubcommand: MemoryAsideListCommand.self)
}

/// Lists what was set aside.
struct MemoryAsideListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the messages that were set aside, the oldest first.")

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let found = try await CommandConnection.with(server, environment) {
            try await DeadLetters.all(on: $0, environment)
        }
        if json.json { return try Console.pretty(JSON.array(found.map { $0.json(withBytes: false) })) }
        if found.isEmpty { return try Console.line("nothing was set aside") }
        var table = Table(["number", "when", "by", "subject", "bytes", "from"])
        for one in found {
            table.add([
                "\(one.number)", LocalTime.full(one.message.at), one.message.service,
                one.message.subject.text, "\(one.message.payload.count)",
                "\(one.message.stream) \(one.message.sequence)",
            ])
        }
        for line in table.lines(color.paint) { try Console.line(line) }
    }
}

/// Options that select dead letters.
struct DeadLetterOptions: ParsableArguments {
    @Argument(help: "The message's number, as `nimmer memory aside list` shows it.")
    var number: UInt64

    @OptionGroup var server: ServerOptions

    /// Does something with the message.
    func with<Result>(_ body: (any Bus, Environment, DeadLetters) async throws -> Result) async throws -> Result {
        let environment = try chosenEnvironment()
        let number = number
        return try await CommandConnection.with(server, environment) { bus in
            guard let found = try await DeadLetters.one(number, on: bus, environment) else {
                throw Failure(
                    .failed, "no dead letter has the number \(number)",
                    remedy: "`nimmer memory aside list` shows what was")
            }
            return try await body(bus, environment, found)
        }
    }
}

/// Shows one in full.
struct MemoryAsideShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a message that was set aside: why, its headers, its bytes.")

    @OptionGroup var aside: DeadLetterOptions
    @OptionGroup var json: JSONOptions

    func run() async throws {
        let found = try await aside.with { _, _, found in found }
        if json.json { return try Console.pretty(found.json(withBytes: true)) }
        let message = found.message
        try Console.line("subject   \(message.subject)")
        try Console.line("from      \(message.stream) \(message.sequence)")
        try Console.line("by        \(message.service), \(LocalTime.full(message.at))")
        try Console.line("because   \(message.reason)")
        for field in message.original.fields { try Console.line("header    \(field.name): \(field.value)") }
        try Console.line("")
        try Console.line(.whole(String(decoding: message.payload, as: UTF8.self)))
    }
}

/// Drops one.
struct MemoryAsideDropCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Delete a message that was set aside, permanently.")

    @OptionGroup var aside: DeadLetterOptions

    func run() async throws {
        let number = aside.number
        try await aside.with { bus, environment, found in
            _ = try await bus.deleteMessage(stream: DeadLetter.stream(environment), sequence: found.number)
        }
        try Console.line("dropped \(number)")
    }
}

/// A message that was set aside, under its number.
struct DeadLetters: Sendable {
    /// Its sequence in the stream of what was set aside.
    let number: UInt64
    /// The message.
    let message: DeadLetter

    private init?(_ stored: StoredMessage?) {
        guard let stored, let message = DeadLetter(stored.message) else { return nil }
        number = stored.sequence
        self.message = message
    }

    /// All of them; none where the stream was never made.
    static func all(on bus: any Bus, _ environment: Environment) async throws(BusError) -> [DeadLetters] {
        do throws(BusError) {
            return try await bus.read(stream: DeadLetter.stream(environment)).compactMap(DeadLetters.init)
        } catch {
            guard error.code == .notFound else { throw error }
            return []
        }
    }

    /// One of them; nil where there is none of that number.
    static func one(_ number: UInt64, on bus: any Bus, _ environment: Environment) async throws(BusError)
        -> DeadLetters?
    {
        do throws(BusError) {
            return DeadLetters(try await bus.message(stream: DeadLetter.stream(environment), sequence: number))
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    /// For programs.
    func json(withBytes: Bool) -> JSON {
        var object: JSONObject = [
            "number": .number(Double(number)), "at": .string(message.at.rfc3339), "service": .string(message.service),
            "subject": .string(message.subject.text), "stream": .string(message.stream),
            "sequence": .number(Double(message.sequence)), "reason": .string(message.reason),
            "bytes": .number(Double(message.payload.count)),
        ]
        guard withBytes else { return .object(object) }
        object["headers"] = .array(
            message.original.fields.map { ["name": .string($0.name), "value": .string($0.value)] })
        object["payload"] = .string(String(decoding: message.payload, as: UTF8.self))
        return .object(object)
    }
}

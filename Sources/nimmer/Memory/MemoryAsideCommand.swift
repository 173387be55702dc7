import ArgumentParser
import NimmerBus
import NimmerOutput
import NimmerWave

/// What was set aside because its handling ended a process.
struct MemoryAsideCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aside",
        abstract: "Look at messages that were set aside, say them again, or drop them.",
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
        let found = try await Link.with(server, environment) { try await Aside.all(on: $0, environment) }
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

/// Which of the messages that were set aside.
struct AsideOptions: ParsableArguments {
    @Argument(help: "The message's number, as `nimmer memory aside list` shows it.")
    var number: UInt64

    @OptionGroup var server: ServerOptions

    /// Does something with the message.
    func with<Result>(_ body: (any Bus, Environment, Aside) async throws -> Result) async throws -> Result {
        let environment = try chosenEnvironment()
        let number = number
        return try await Link.with(server, environment) { bus in
            guard let found = try await Aside.one(number, on: bus, environment) else {
                throw Failure(
                    .failed, "nothing was set aside under the number \(number)",
                    mend: "`nimmer memory aside list` shows what was")
            }
            return try await body(bus, environment, found)
        }
    }
}

/// Shows one in full.
struct MemoryAsideShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a message that was set aside: why, its headers, its bytes.")

    @OptionGroup var aside: AsideOptions
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
        commandName: "drop", abstract: "Drop a message that was set aside, for good.")

    @OptionGroup var aside: AsideOptions

    func run() async throws {
        let number = aside.number
        try await aside.with { bus, environment, found in
            _ = try await bus.deleteMessage(stream: AsideMessage.stream(environment), sequence: found.number)
        }
        try Console.line("dropped \(number)")
    }
}

/// A message that was set aside, under its number.
struct Aside: Sendable {
    /// Its sequence in the stream of what was set aside.
    let number: UInt64
    /// The message.
    let message: AsideMessage

    private init?(_ stored: StoredMessage?) {
        guard let stored, let message = AsideMessage(stored.message) else { return nil }
        number = stored.sequence
        self.message = message
    }

    /// All of them; none where the stream was never made.
    static func all(on bus: any Bus, _ environment: Environment) async throws(BusError) -> [Aside] {
        do throws(BusError) {
            return try await bus.read(stream: AsideMessage.stream(environment)).compactMap(Aside.init)
        } catch {
            guard error.code == .notFound else { throw error }
            return []
        }
    }

    /// One of them; nil where there is none of that number.
    static func one(_ number: UInt64, on bus: any Bus, _ environment: Environment) async throws(BusError) -> Aside? {
        do throws(BusError) {
            return Aside(try await bus.message(stream: AsideMessage.stream(environment), sequence: number))
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

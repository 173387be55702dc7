import ArgumentParser
import NimmerBus
import NimmerBusNATS
import NimmerOutput
import NimmerWave

/// Contexts: servers by name.
struct ContextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context",
        abstract: "Keep servers by name, and choose the one that commands use.",
        discussion: """
            A context belongs to the environment in which it is added (NIMMERVERSE_ENV). The selected one is used where \
            neither --server, --context nor NIMMERVERSE_NATS_URL names a server.

              nimmer context add plant --server nats://plant:4222 --credentials ~/plant.nk
              nimmer context select plant
              nimmer cell list
            """,
        subcommands: [
            ContextAddCommand.self, ContextSelectCommand.self, ContextListCommand.self, ContextRemoveCommand.self,
        ], defaultSubcommand: ContextListCommand.self)
}

/// Adds a context.
struct ContextAddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a server under a name, or replace it; the first one is selected.")

    @Argument(help: "The context's name: letters a-z, digits, _ and -.")
    var name: String

    @Option(help: ArgumentHelp("The NATS server.", valueName: "url"))
    var server: String

    @Option(help: ArgumentHelp("A credentials file.", valueName: "file"), completion: .file())
    var credentials: String?

    func validate() throws {
        if (try? Token(name)) == nil {
            throw ValidationError("found the name '\(name)'; expected 1 to 63 of a-z 0-9 _ -")
        }
    }

    func run() throws {
        var store = try ContextStore(try chosenEnvironment())
        do throws(BusError) { try ServerURL.check(server) } catch {
            throw Failure(.usage, "--server: \(error.message)")
        }
        if let credentials, !FileText.exists(credentials) {
            throw Failure(.noInput, "no credentials file \(credentials)")
        }
        store.add(.init(name: name, server: server, credentials: credentials.map { FileText.absolute($0) }))
        try store.write()
        try Console.line(
            "added \(name) of \(store.environment.rawValue)\(store.selected == name ? ", selected" : "")")
    }
}

/// Selects a context.
struct ContextSelectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "select", abstract: "Choose the server that commands use.")

    @Argument(help: "The context's name, or its first characters.")
    var name: String?

    @Flag(help: "Use none: the `nimmer up` that runs here, or the usual address.")
    var none = false

    func validate() throws {
        if (name == nil) != none { throw ValidationError("expected either a name or --none") }
    }

    func run() throws {
        var store = try ContextStore(try chosenEnvironment())
        let context = try name.map { name throws(Failure) in try store.context(name) }
        store.select(context?.name)
        try store.write()
        try Console.line("selected \(context?.name ?? "none") of \(store.environment.rawValue)")
    }
}

/// Lists the contexts.
struct ContextListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the contexts of this environment.")

    @OptionGroup var json: JSONOptions
    @OptionGroup var color: ColorOptions

    func run() throws {
        let store = try ContextStore(try chosenEnvironment())
        if json.json {
            try Console.pretty(
                JSON.array(
                    store.contexts.map { context in
                        [
                            "name": .string(context.name), "server": .string(ShownAddress(context.server).description),
                            "credentials": context.credentials.map { .string($0) } ?? .null,
                            "selected": .bool(context.name == store.selected),
                        ]
                    }))
            return
        }
        if store.contexts.isEmpty {
            return try Console.line("no context of \(store.environment.rawValue)")
        }
        var table = Table(["", "context", "server", "credentials"])
        for context in store.contexts {
            table.add([
                context.name == store.selected ? "*" : "", context.name, ShownAddress(context.server).description,
                context.credentials ?? "",
            ])
        }
        for line in table.lines(color.paint) { try Console.line(line) }
    }
}

/// Removes a context.
struct ContextRemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "remove", abstract: "Remove a context.")

    @Argument(help: "The context's name, or its first characters.")
    var name: String

    func run() throws {
        var store = try ContextStore(try chosenEnvironment())
        let context = try store.context(name)
        store.remove(context.name)
        try store.write()
        try Console.line("removed \(context.name) of \(store.environment.rawValue)")
    }
}

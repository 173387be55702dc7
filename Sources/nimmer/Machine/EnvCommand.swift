import ArgumentParser
import NimmerOutput
import NimmerSupervisor
import NimmerWave

/// Command that shows the environment, where it is set, and what it selects.
struct EnvCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Show which environment is chosen, by what, and what it selects.",
        discussion: """
            The environment is the only difference between machines: it picks the subject prefix, the streams, the \
            server, the database and the colour on the screen. Set NIMMERVERSE_ENV to dev, staging or prod.

            The servers of `nimmer up` ask for credentials, which commands in its folder and below find. For any other \
            client, and for other folders, put them into the shell's variables:

              eval "$(nimmer env --export)"
            """)

    @Flag(help: "Print the shell's commands that set the variables by which clients find the servers; holds passwords.")
    var export = false

    @OptionGroup var json: JSONOptions
    @OptionGroup var color: ColorOptions

    func validate() throws {
        if export && json.json { throw ValidationError("--export prints shell commands; leave out --json") }
    }

    func run() throws {
        let environment = try chosenEnvironment()
        if export {
            for (name, value) in try ExportedVariables(environment).all {
                try Console.line(.withSecrets("export \(name)=\(ExportedVariables.quoted(value))"))
            }
            return
        }
        let rows = try Self.rows(environment)
        if json.json {
            try Console.pretty(JSON.object(JSONObject(rows.map { .init($0.key, .string($0.value)) })))
            return
        }
        let paint = color.paint
        try Console.line("\(paint.chip(environment))  \(rows[1].value)")
        var table = Table([])
        for row in rows.dropFirst(2) { table.add([row.label, row.value]) }
        for line in table.lines(paint, indent: 2) { try Console.line(line) }
    }

    static func rows(_ environment: Environment) throws(Failure) -> [(key: String, label: String, value: String)] {
        let isSet = ProcessEnvironment.variable(Environment.variable) != nil
        let server = try ServerChoice.resolve(flag: nil, environment: environment)
        let prefix = environment.streamPrefix
        return [
            ("environment", "environment", environment.rawValue),
            ("from", "from", isSet ? "from \(Environment.variable)" : "\(Environment.variable) is not set, so dev"),
            ("subjects", "subjects", "\(environment.rawValue).>"),
            (
                "streams", "streams",
                "\(prefix)-TRANSITIONS, \(prefix)-ESCALATIONS, \(prefix)-DECISIONS, \(prefix)-WAVES"
            ),
            ("server", "NATS server", server.shown),
            ("server_from", "", server.origin.words),
            ("folder", "folder", RunFolder.nearest(environment)?.path ?? RunFolder.here(environment).path),
        ]
    }
}

import ArgumentParser
import NimmerIdentity
import NimmerOutput
import NimmerServers
import NimmerSupervisor
import NimmerSystem
import NimmerSystemFile
import NimmerWave

/// Writes a key a part, and what the server lets each do.
struct AuthGenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Write one identity per role and cell, and the nats-server's permissions.",
        discussion: """
            Writes identities.conf, which a nats-server's configuration includes (deploy/nats has one per environment), \
            and keys/NAME.nk for each part: give it to that part alone, as NIMMERVERSE_NATS_CREDENTIALS. Each may \
            publish and read only what it needs: a cell its own subjects, the bridge alone decisions, an observer \
            nothing. Keys that are there stay; run it again after every change of the system file, and reload the server \
            (nats-server --signal reload). identities.conf holds public keys only and is not secret, unless the \
            system file has `mqtt`: then it also holds the password of devices, as device.password does.
            """)

    @Argument(help: "The system file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    @Option(help: ArgumentHelp("Where to write. Default: .nimmer/<env>/auth.", valueName: "folder"))
    var out: String?

    @Option(
        help: ArgumentHelp(
            "Replace the key of this part (again for several); the old one is refused.", valueName: "name"))
    var renew: [String] = []

    @OptionGroup var json: JSONOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        if out == nil { try RunFolder.here(environment).make() }
        let target = KeyTarget.resolve(out ?? RunFolder.here(environment).identities.path, environment)
        let folder = target.folder
        let report: IdentityFolder.Report
        do {
            let system = try SystemFile(path: file)
            report = try await folder.generate(system, environment, renewing: Set(renew))
            // The one that runs with these keys has a server that must know them too.
            if let running = target.running, !report.made.isEmpty || !report.ended.isEmpty {
                _ = try await folder.generate(try SystemFile(path: running.system), environment, for: .local)
                try await target.reload(trying: nil)
            }
        } catch let error as SystemError {
            throw Failure(error)
        } catch let error as ServerError {
            throw Failure(error)
        }
        if json.json {
            try Console.json(
                [
                    "configuration": .string(folder.configuration),
                    "identities": .array(
                        report.grants.map {
                            [
                                "name": .string($0.name), "role": .string($0.role.rawValue),
                                "credentials": .string(folder.credentials($0.name)),
                            ]
                        }),
                    "made": .array(report.made.map { .string($0) }),
                    "orphans": .array(report.orphans.map { .string($0) }),
                ])
            return
        }
        try Console.line("wrote \(folder.configuration): \(report.grants.count) identities for \(environment.rawValue)")
        if !report.made.isEmpty { try Console.line("made the keys of \(report.made.joined(separator: ", "))") }
        for key in report.ended { try Console.line("ended a former key of \(key.name)") }
        for key in report.former { try Console.line(key.line(at: .now())) }
        for name in report.orphans {
            try Console.line("\(folder.credentials(name)) belongs to no identity any more: delete it")
        }
        try Console.line("each part finds its own with NIMMERVERSE_NATS_CREDENTIALS=\(folder.path)/keys/NAME.nk")
    }
}

import ArgumentParser
import NimmerIdentity
import NimmerOutput
import NimmerScopeSession
import NimmerServers
import NimmerSystem
import NimmerSystemFile
import NimmerWave

/// Replaces keys while everything runs.
struct AuthRotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Replace keys without an outage: old and new are valid for a while.",
        discussion: """
            Makes new keys and has the server accept the old ones beside them until the overlap is over. The server of \
            the `nimmer up` that runs here is reloaded automatically; reload any other (nats-server --signal reload) before you \
            give the new files to their parts. Processes read their file again when it changes, and move over without \
            losing a message. A nats-server knows one password a user: those of `owner` and `device` at the server of \
            `nimmer up` have no overlap, the old ones end at once (by --all too). Give devices the new one, and run \
            `eval "$(nimmer env --export)"` again in your shells.

              nimmer auth rotate plant.yaml math           one part's key
              nimmer auth rotate plant.yaml device         the password of MQTT devices
              nimmer auth rotate plant.yaml --all
              nimmer auth rotate plant.yaml --finish       end old keys whose time is over
              nimmer auth rotate plant.yaml --finish math  … and that of math now
            """)

    @Argument(help: "The system file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    @Argument(help: "The identities whose keys to replace.")
    var names: [String] = []

    @Flag(help: "All keys.")
    var all = false

    @Option(
        help: ArgumentHelp("For how long the old keys stay valid: 90s, 10m, 24h or 7d, at most 30d.", valueName: "time")
    )
    var overlap = "24h"

    @Flag(help: "End old keys instead: those whose time is over, and those of the names (or --all) at once.")
    var finish = false

    @Option(
        help: ArgumentHelp(
            "The folder of the keys. Default: that of the `nimmer up` that runs here, else .nimmer/<env>/auth.",
            valueName: "folder"))
    var out: String?

    @OptionGroup var json: JSONOptions

    func validate() throws {
        if all, !names.isEmpty { throw ValidationError("--all rotates all keys; leave out the names") }
        if !finish, !all, names.isEmpty { throw ValidationError("name the identities whose keys to rotate, or --all") }
        if SinceOption.milliseconds(overlap) == nil {
            throw ValidationError("--overlap must be such as 90s, 10m, 24h or 7d, at most 30d; found \(overlap)")
        }
    }

    func run() async throws {
        let environment = try chosenEnvironment()
        let target = KeyTarget.resolve(out, environment)
        try target.check(file)
        let report: IdentityFolder.Report
        do {
            let system = try SystemFile(path: file)
            report = try await finish ? end(system, environment, target) : rotate(system, environment, target)
            try await target.followDeployment(system, environment)
        } catch let error as SystemError {
            throw Failure(error)
        } catch let error as ServerError {
            throw Failure(.unavailable, "\(error)")
        }
        if json.json { return try Console.json(report.rotationJSON) }
        try printReport(report, target)
    }

    private func rotate(
        _ system: SystemFile, _ environment: Environment, _ target: KeyTarget
    ) async throws -> IdentityFolder.Report {
        let now = Timestamp.now()
        return try await target.folder.rotate(
            system, environment, names: all ? nil : Set(names),
            until: now.advanced(milliseconds: SinceOption.milliseconds(overlap) ?? 0), for: target.audience, at: now
        ) { draft in try await target.reload(trying: draft) }
    }

    private func end(
        _ system: SystemFile, _ environment: Environment, _ target: KeyTarget
    ) async throws -> IdentityFolder.Report {
        let former = try target.folder.former()
        let report = try await target.folder.finishRotation(
            system, environment, names: all ? Set(former.map(\.name)) : Set(names), for: target.audience)
        try await target.reload(trying: nil)
        return report
    }

    private func printReport(_ report: IdentityFolder.Report, _ target: KeyTarget) throws {
        if !report.made.isEmpty { try Console.line("made new keys of \(report.made.joined(separator: ", "))") }
        if !report.passwords.isEmpty {
            try Console.line(
                "made new passwords of \(report.passwords.joined(separator: ", ")); the old ones are refused from now on"
            )
        }
        for key in report.ended { try Console.line("ended a former key of \(key.name)") }
        if finish, report.ended.isEmpty { try Console.line("no former key is over") }
        for key in report.former { try Console.line(key.line(at: .now())) }
        let isChanged = !report.made.isEmpty || !report.ended.isEmpty
        guard isChanged, target.running == nil else { return }
        try Console.line(
            "reload the server of \(target.folder.configuration): nats-server --signal reload"
                + (report.made.isEmpty ? "" : "; then give \(target.folder.path)/keys/NAME.nk to their parts"))
    }
}

extension FormerKey {
    /// A one-line description.
    func line(at now: Timestamp) -> TerminalText {
        "the former key \(publicKey.prefix(8))… of \(name) is valid until \(LocalTime.full(until))"
            + (isOverdue(at: now) ? ": overdue, `nimmer auth rotate SYSTEM --finish` ends it" : "")
    }

    func json(at now: Timestamp) -> JSON {
        [
            "name": .string(name), "public_key": .string(publicKey), "until": .string(until.rfc3339),
            "overdue": .bool(isOverdue(at: now)),
        ]
    }
}

extension IdentityFolder.Report {
    fileprivate var rotationJSON: JSON {
        [
            "made": .array(made.map { .string($0) }), "passwords": .array(passwords.map { .string($0) }),
            "former": .array(former.map { $0.json(at: .now()) }),
            "ended": .array(ended.map { $0.json(at: .now()) }),
        ]
    }
}

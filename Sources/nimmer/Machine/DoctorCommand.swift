import ArgumentParser
import NimmerBus
import NimmerIdentity
import NimmerInspection
import NimmerMemory
import NimmerMemoryPostgres
import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerSupervisor
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// Checks everything that a nervous system needs here, and prints the remedy for what is missing.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check every prerequisite and server, with the remedy for each.",
        discussion: "Exit status 1 when something necessary is missing; what is only useful is named, too.")

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        var findings = await Self.prerequisites(RunFolder.here(environment))
        findings += Self.keys(KeyTarget.resolve(nil, environment).folder)
        findings += await Self.servers(environment, try server.choice(environment), database.settings(environment))
        if json.json {
            try Console.pretty(JSON.array(findings.map(\.json)))
        } else {
            try Console.line("\(color.paint.chip(environment))  nimmer doctor")
            for line in Finding.lines(findings, color.paint) { try Console.line(line) }
        }
        if findings.contains(where: { $0.state == .missing }) { throw ExitCode(Failure.Status.failed.rawValue) }
    }

    private static func prerequisites(_ place: RunFolder) async -> [Finding] {
        var findings: [Finding] = []
        do throws(ServerError) {
            let binary = try await NATSBinary.choose()
            findings.append(.good("nats-server", "\(binary.version), \(binary.path)"))
        } catch {
            findings.append(.missing("nats-server", "not installed", "apt-get install nats-server"))
        }
        do throws(PostgresServerError) {
            let installation = try PostgresInstallation.find()
            findings.append(.good("PostgreSQL", "\(installation.majorVersion), \(installation.folder)"))
        } catch {
            findings.append(
                .lacking("PostgreSQL", "not installed", "apt-get install postgresql; or `nimmer up --no-database`"))
        }
        if getuid() == 0, getpwnam("postgres") == nil {
            findings.append(
                .lacking("user postgres", "none, and PostgreSQL refuses root", "apt-get install postgresql"))
        }
        for (name, _) in SystemPlan.services {
            let path = Executables.find(name, extraFolders: [OwnProgram.folder])
            findings.append(
                path.map { .good(name, $0) }
                    ?? .missing(name, "not beside \(OwnProgram.path)", "swift build -c release --product \(name)"))
        }
        findings.append(folder(place))
        if let swift = Executables.find("swift") {
            findings.append(.good("Swift toolchain", swift))
        } else {
            findings.append(
                .lacking(
                    "Swift toolchain", "not in PATH; only needed to build cells", "https://www.swift.org/install/linux")
            )
        }
        return findings
    }

    /// Keys that are accepted beside the ones that replaced them.
    private static func keys(_ folder: IdentityFolder) -> [Finding] {
        let former: [FormerKey]
        do throws(ServerError) { former = try folder.former() } catch {
            return [.lacking("keys", error.description, "remove the line, then nimmer auth generate")]
        }
        let now = Timestamp.now()
        let overdue = former.filter { $0.isOverdue(at: now) }
        guard overdue.isEmpty else {
            let names = Set(overdue.map(\.name)).sorted().joined(separator: ", ")
            return [
                .lacking(
                    "keys", "\(count(overdue.count, "former key")) of \(names) should be valid no more",
                    "nimmer auth rotate SYSTEM --finish")
            ]
        }
        guard let last = former.map(\.until).max() else { return [] }
        return [.good("keys", "\(count(former.count, "former key")) valid until \(LocalTime.full(last)) at the latest")]
    }

    private static func folder(_ place: RunFolder) -> Finding {
        var folder = place.path
        while !FileText.exists(folder), let slash = folder.lastIndex(of: "/"), slash != folder.startIndex {
            folder = String(folder[..<slash])
        }
        guard access(folder, W_OK) == 0 else {
            return .missing("data folder", "\(folder) cannot be written", "start in a folder of your own")
        }
        var disk = statvfs()
        guard statvfs(folder, &disk) == 0 else { return .good("data folder", place.path) }
        let free = Double(disk.f_bavail) * Double(disk.f_frsize) / 1_073_741_824
        let text = "\(place.path), \(decimals(free, 1)) GiB free"
        return free < 1
            ? .lacking("data folder", text, "make room: streams and the database grow") : .good("data folder", text)
    }

    private static func servers(
        _ environment: Environment, _ choice: ServerChoice, _ settings: DatabaseSettings
    ) async -> [Finding] {
        var findings: [Finding] = []
        let isExpected = choice.origin != .usual
        do throws(Failure) {
            let bus = try await CommandConnection.open(choice)
            let server = bus.status.server
            findings.append(
                .good("NATS", "\(choice.shown), \(server?.version ?? ""), \(choice.origin.words)"))
            if server?.features.contains(.streams) == false {
                findings.append(.missing("JetStream", "the server has none", "start it with `-js`"))
            }
            if server?.features.contains(.syncBeforeAck) == false {
                findings.append(
                    .good("JetStream", "acknowledges before it syncs (needs 2.10 and sync_interval: always)"))
            }
            if let since = try? await SystemStreams.restoring(on: bus, environment: environment) {
                findings.append(
                    .missing(
                        "streams",
                        "\(environment.rawValue) is half restored: a restore that began at \(LocalTime.full(since)) is not complete",
                        "when none runs: nimmer memory restore --clear FILE"))
            }
            findings += await StreamFindings.unbounded(on: bus, environment)
            await bus.close()
        } catch {
            findings.append(
                isExpected
                    ? .missing("NATS", error.message.text, error.remedy?.text ?? "")
                    : .lacking("NATS", error.message.text, error.remedy?.text ?? ""))
            return findings
        }
        do throws(MemoryError) {
            let administration = PostgresAdministration(settings)
            let state = try await administration.state()
            switch state {
            case .current(let version):
                findings.append(.good("database", "\(settings), schema version \(version)"))
                findings.append(.good("memory by meaning", "searched by \(try await administration.meanings())"))
            case .missing, .older:
                findings.append(.missing("database", "\(settings) lacks this version's schema", "nimmer db migrate"))
            default:
                findings.append(
                    .missing(
                        "database", "\(settings) has a schema that this nimmer does not know (\(state))",
                        "use the nimmer that made it"))
            }
        } catch {
            findings.append(.lacking("database", error.message, error.remedy))
        }
        return findings
    }
}

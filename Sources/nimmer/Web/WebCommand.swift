import ArgumentParser
import Glibc
import NimmerBus
import NimmerOutput
import NimmerPlatform
import NimmerProcess
import NimmerServers
import NimmerSupervisor
import NimmerWave

/// Serves the page on which people watch a nervous system: starts `nimmer-web`, which lies beside this program.
struct WebCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "web",
        abstract: "Watch a nervous system in a browser.",
        discussion: """
            Prints an address and a link that lets one browser in; after it was used, the next. The page shows what flows, \
            the oscilloscope, each decision and why, and how the system is. Only this machine can connect, unless --listen \
            names another address: then it needs a certificate and a token, or a proxy that knows who the user is.

              nimmer web                             what runs here
              nimmer web --observer                  a page that only looks
              nimmer web --listen 127.0.0.1:8080     at a port of your choice
              nimmer web --from storm.ndjson         a recording; needs no server
              nimmer web --from storm.ndjson --at 90s

            In a source tree the page's server is built where it is missing or older than its sources (the first time, about a \
            minute). docs/reference/web.md has the rest.
            """)

    @Option(help: ArgumentHelp("Where browsers connect; port 0 takes a free one.", valueName: "host:port"))
    var listen = "127.0.0.1:0"

    @Flag(help: "Who follows the link only looks: no outcome, no approval.")
    var observer = false

    @OptionGroup var played: PlayedRecordingOptions
    @OptionGroup(title: "Beyond this machine") var beyond: BeyondOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var database: DatabaseOptions

    /// Settings of the server of the page, where other machines connect.
    struct BeyondOptions: ParsableArguments {
        @Option(help: ArgumentHelp("A certificate with its chain, PEM.", valueName: "file"), completion: .file())
        var tlsCertificate: String?

        @Option(help: ArgumentHelp("The key of the certificate, PEM.", valueName: "file"), completion: .file())
        var tlsKey: String?

        @Option(
            help: ArgumentHelp("A file whose first line is the secret of the login form.", valueName: "file"),
            completion: .file())
        var tokenFile: String?

        @Option(help: ArgumentHelp("The header in which a proxy names the user.", valueName: "name"))
        var proxyHeader: String?

        @Option(help: ArgumentHelp("Addresses whose header is believed, separated by commas.", valueName: "ranges"))
        var trustedProxies: String?

        @Option(help: ArgumentHelp("Users who may act, separated by commas; * is every user.", valueName: "users"))
        var operators: String?

        @Option(name: .customLong("public-url"), help: ArgumentHelp("The origin that browsers use.", valueName: "url"))
        var publicURL: String?

        /// The flags of `nimmer-web` for what was given.
        var flags: [String] {
            let all = [
                ("--tls-certificate", tlsCertificate), ("--tls-key", tlsKey), ("--token-file", tokenFile),
                ("--proxy-header", proxyHeader), ("--trusted-proxies", trustedProxies), ("--operators", operators),
                ("--public-url", publicURL),
            ]
            return all.flatMap { flag, value in value.map { [flag, $0] } ?? [] }
        }
    }

    func validate() throws {
        if played.from != nil, observer { throw ValidationError("a recording is looked at only; leave out --observer") }
        if played.from != nil, !beyond.flags.isEmpty {
            throw ValidationError("a recording is shown to this machine only; leave out \(beyond.flags[0])")
        }
    }

    func run() async throws {
        let environment = try chosenEnvironment()
        var words: [String]
        if let from = played.from {
            guard FileText.exists(from) else { throw Failure(.noInput, "\(from) is not there") }
            words = ["--recording", from, "--listen", listen]
            if let at = played.at { words += ["--at", at] }
            if let speed = played.speed { words += ["--speed", "\(speed)"] }
        } else {
            words = ["--listen", listen, "--role", observer ? "observer" : "operator", "--log-level", "warning"]
            words += beyond.flags
            words += try await prepare(environment)
        }
        setenv(Environment.variable, environment.rawValue, 1)
        try await start(words)
    }

    /// Looks whether the server can be used, and names it, its credentials and the database to the program.
    ///
    /// - Returns: further flags of the program.
    private func prepare(_ environment: Environment) async throws -> [String] {
        let choice = try server.choice(environment)
        await (try CommandConnection.open(choice)).close()
        setenv(ServerChoice.variable, choice.url, 1)
        if let file = choice.credentials {
            setenv("NIMMERVERSE_NATS_CREDENTIALS", file, 1)
        } else if let file = choice.ownerCredentials {
            if ProcessEnvironment.variable("NIMMERVERSE_NATS_CREDENTIALS") == nil {
                setenv("NIMMERVERSE_NATS_CREDENTIALS", file, 1)
            }
            for name in ["CA", "CERTIFICATE", "KEY"] { unsetenv("NIMMERVERSE_NATS_\(name)") }
        }
        // The owner's settings of the system are its own; a page has none of them.
        unsetenv("NIMMERVERSE_NAME")
        var passwordFile = database.passwordFile
        let running = RunState.running(environment)
        if let url = database.database {
            setenv(DatabaseOptions.variable, url, 1)
        } else if ProcessEnvironment.variable(DatabaseOptions.variable) == nil,
            let url = running?.state.postgres
        {
            setenv(DatabaseOptions.variable, url, 1)
            passwordFile = passwordFile ?? running?.state.postgresPasswordFile
        }
        var words = passwordFile.map { ["--password-file", $0] } ?? []
        // The folder of the system that is shown keeps who is in: an open page comes back after a restart.
        if case .running = choice.origin, let place = running?.place, FileText.isDirectory(place.stateFolder) {
            words += [
                "--sessions-file", "\(place.stateFolder)/web-sessions-\(observer ? "observer" : "operator").json",
            ]
        }
        return words
    }

    /// Becomes the page's server; builds it before where this is a source tree that has none yet.
    private func start(_ words: [String]) async throws -> Never {
        let program = try await WebProgram.find()
        var arguments = ([program] + words).map { strdup($0) }
        arguments.append(nil)
        execv(program, &arguments)
        throw FileText.failure("cannot start", program)
    }
}

/// The program that serves the page.
enum WebProgram {
    private static let name = "nimmer-web"

    /// Its path.
    ///
    /// - Throws: ``Failure`` where it is not there and cannot be built.
    static func find() async throws(Failure) -> String {
        let beside = "\(OwnProgram.folder)/\(name)"
        // In a source tree it may be older than its sources.
        if let script = buildScript { try await build(script) }
        if FileText.exists(beside) { return beside }
        if buildScript == nil, let path = Executables.find(name) { return path }
        throw Failure(
            .unavailable, "\(name) is not beside \(OwnProgram.path)",
            remedy: "release archives and images have it; in a source tree deploy/web.sh builds it")
    }

    /// The script of the source tree that this program was built in; nil elsewhere.
    private static var buildScript: String? {
        guard let place = OwnProgram.folder.halves(around: "/.build/")?.before else { return nil }
        let script = "\(place)/deploy/web.sh"
        return FileText.exists(script) ? script : nil
    }

    private static func build(_ script: String) async throws(Failure) {
        var variables = ChildCommand.inheritedEnvironment
        variables["NIMMER_CONFIGURATION"] = OwnProgram.folder.hasSuffix("/release") ? "release" : "debug"
        let exit: ChildExit
        do throws(ChildError) {
            exit = await (try await ChildProcess.spawn(ChildCommand("/bin/sh", [script], environment: variables)))
                .waitForExit()
        } catch { throw Failure(.unavailable, "\(error)") }
        guard exit.isSuccess else {
            throw Failure(.unavailable, "\(name) could not be built", remedy: "\(script) shows why")
        }
    }
}

import ArgumentParser
import NimmerIdentity
import NimmerOutput
import NimmerProcess
import NimmerSupervisor
import NimmerWave

/// NATS server that a command connects to, and the reason: the flags, then NIMMERVERSE_NATS_URL, then the selected context, then the
/// `nimmer up` that runs here (searched from the working folder upward), then the usual address on this machine.
struct ServerChoice: Equatable, Sendable {
    enum Origin: Equatable, Sendable {
        case flag
        /// The flag of `nimmer up`, which has no `--server`.
        case upFlag
        case variable
        /// `nats.url` of a system file, `FILE:LINE:COLUMN`.
        case file(String)
        case context(String)
        case running(folder: String)
        case usual
        /// The usual address, since what runs here is another user's.
        case foreign(folder: String, user: String)

        var words: String {
            switch self {
            case .flag: "from --server"
            case .upFlag: "from --nats"
            case .file(let place): "from \(place)"
            case .variable: "from \(ServerChoice.variable)"
            case .context(let name): "from the context \(name)"
            case .running(let folder): "of the nervous system that runs in \(folder)"
            case .usual: "the usual address; no `nimmer up` runs here"
            case .foreign(let folder, let user):
                "the usual address; the nervous system in \(folder) is that of user \(user)"
            }
        }
    }

    static let variable = "NIMMERVERSE_NATS_URL"
    static let usualURL = "nats://127.0.0.1:4222"

    let url: String
    /// The address without a user or password, for everything that is printed.
    var shown: String { ShownAddress(url).description }
    var origin: Origin
    /// The credentials file, where a flag names one.
    var credentials: String?
    /// The credentials of the owner, where the server is the private one of the `nimmer up` that runs here.
    var ownerCredentials: String?

    /// - Parameter context: the context that a flag names.
    /// - Throws: ``Failure`` when there is no such context, or the file of contexts cannot be used.
    static func resolve(
        flag: String?, context named: String? = nil, environment: Environment
    ) throws(Failure) -> ServerChoice {
        let variable = ProcessEnvironment.variable(Self.variable)
        let isGiven = flag != nil || named == nil && variable?.isEmpty == false
        // A damaged file of contexts does not stop a command that names its server.
        let store = isGiven ? nil : try ContextStore(environment)
        let chosen = try named.flatMap { name throws(Failure) in try store?.context(name) }
        let place = RunFolder.nearest(environment)
        let state = place.flatMap { place in place.isOwn ? (try? RunState.read(place)).flatMap { $0 } : nil }
        var running: (url: String, folder: String)?
        if let place, let state, state.isAlive, let url = state.natsURL { running = (url, place.path) }
        var choice = resolve(
            flag: flag, context: chosen, variable: variable, selected: store?.current, running: running)
        if let place, let state, let running, state.isPrivateNATS,
            LocalSystem(url: running.url, path: place.path).serves(choice.url)
        {
            choice.ownerCredentials = place.identities.ownerCredentials
        }
        if choice.origin == .usual, let place, FileText.exists(place.statePath), !place.isOwn {
            choice.origin = .foreign(folder: place.path, user: FileText.owner(of: place.path) ?? "unknown")
        }
        return choice
    }

    static func resolve(
        flag: String?, context: ContextStore.Context? = nil, variable: String?, selected: ContextStore.Context? = nil,
        running: (url: String, folder: String)?
    ) -> ServerChoice {
        func of(_ context: ContextStore.Context) -> ServerChoice {
            ServerChoice(url: context.server, origin: .context(context.name), credentials: context.credentials)
        }
        if let flag { return ServerChoice(url: flag, origin: .flag) }
        if let context { return of(context) }
        if let variable, !variable.isEmpty { return ServerChoice(url: variable, origin: .variable) }
        if let selected { return of(selected) }
        if let running { return ServerChoice(url: running.url, origin: .running(folder: running.folder)) }
        return ServerChoice(url: usualURL, origin: .usual)
    }
}

/// The server, for every command that talks to one.
struct ServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The NATS server.",
            discussion: """
                Default: NIMMERVERSE_NATS_URL, else the selected context (`nimmer context`), else the server of the `nimmer up` that runs in this folder or one \
                above it, else nats://127.0.0.1:4222.
                """, valueName: "url"))
    var server: String?

    @Option(help: ArgumentHelp("The server of this context, as `nimmer context list` shows it.", valueName: "name"))
    var context: String?

    @Option(
        help: ArgumentHelp(
            "Who connects: a credentials file, such as `nimmer auth generate` writes.",
            discussion: """
                Default: the variables NIMMERVERSE_NATS_…, which also name certificates; else, at the server \
                of the `nimmer up` that runs here, its owner's.
                """, valueName: "file"), completion: .file())
    var credentials: String?

    func validate() throws {
        if server != nil, context != nil { throw ValidationError("expected either --server or --context") }
    }

    func choice(_ environment: Environment) throws(Failure) -> ServerChoice {
        var choice = try ServerChoice.resolve(flag: server, context: context, environment: environment)
        choice.credentials = credentials ?? choice.credentials
        return choice
    }
}

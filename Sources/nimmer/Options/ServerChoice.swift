import ArgumentParser
import NimmerWave

/// Which NATS server a command talks to, and why that one: the flag, then NIMMERVERSE_NATS_URL, then the `nimmer up`
/// that runs here (searched from the working folder upward), then the usual address on this machine.
struct ServerChoice: Equatable, Sendable {
    enum Origin: Equatable, Sendable {
        case flag
        case variable
        case running(folder: String)
        case usual

        var words: String {
            switch self {
            case .flag: "from --server"
            case .variable: "from \(ServerChoice.variable)"
            case .running(let folder): "of the nervous system that runs in \(folder)"
            case .usual: "the usual address; no `nimmer up` runs here"
            }
        }
    }

    static let variable = "NIMMERVERSE_NATS_URL"
    static let usualURL = "nats://127.0.0.1:4222"

    let url: String
    /// The address without a user or password, for everything that is printed.
    var shown: String { ShownAddress(url).description }
    let origin: Origin
    /// The credentials file, where a flag names one.
    var credentials: String?

    static func resolve(flag: String?, environment: Environment) -> ServerChoice {
        let variable = Surroundings.variable(Self.variable)
        let running = flag != nil || variable?.isEmpty == false ? nil : RunState.running(environment)
        return resolve(
            flag: flag, variable: variable,
            running: running.flatMap { found in found.state.natsURL.map { ($0, found.place.path) } })
    }

    static func resolve(flag: String?, variable: String?, running: (url: String, folder: String)?) -> ServerChoice {
        if let flag { return ServerChoice(url: flag, origin: .flag) }
        if let variable, !variable.isEmpty { return ServerChoice(url: variable, origin: .variable) }
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
                Default: NIMMERVERSE_NATS_URL, else the server of the `nimmer up` that runs in this folder or one \
                above it, else nats://127.0.0.1:4222.
                """, valueName: "url"))
    var server: String?

    @Option(
        help: ArgumentHelp(
            "Who connects: a credentials file, such as `nimmer auth generate` writes.",
            discussion: "Default: what the variables NIMMERVERSE_NATS_… say, which also name certificates.",
            valueName: "file"), completion: .file())
    var credentials: String?

    func choice(_ environment: Environment) -> ServerChoice {
        var choice = ServerChoice.resolve(flag: server, environment: environment)
        choice.credentials = credentials
        return choice
    }
}

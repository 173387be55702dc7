import NimmerIdentity
import NimmerOutput
import NimmerProcess
import NimmerSupervisor
import NimmerWave

/// The variables by which any client finds the servers that commands find here: those of the system, `NATS_URL` for NATS clients, and
/// `PGPASSWORD` for PostgreSQL's.
struct ExportedVariables: Equatable, Sendable {
    private(set) var all: [(name: String, value: String)] = []

    /// - Throws: ``Failure`` when no server is named and none runs here, or its credentials belong to another user.
    init(_ environment: Environment) throws(Failure) {
        let choice = try ServerChoice.resolve(flag: nil, environment: environment)
        switch choice.origin {
        case .foreign(let folder, let user):
            throw Failure(
                .permission,
                "the nervous system in \(folder) is that of user \(user), who alone may read its credentials",
                remedy: "run this as user \(user)")
        case .usual:
            throw Failure(
                .unavailable, "no nervous system of \(environment.rawValue) runs in this folder or above",
                remedy: "start one with `nimmer up`, or change to its folder")
        case .flag, .upFlag, .variable, .file, .context, .running: break
        }
        add(Environment.variable, environment.rawValue)
        add(ServerChoice.variable, choice.url)
        guard let credentials = choice.ownerCredentials, let place = RunFolder.nearest(environment) else {
            if let credentials = choice.credentials { add("NIMMERVERSE_NATS_CREDENTIALS", credentials) }
            add("NATS_URL", choice.url)
            return
        }
        add("NIMMERVERSE_NATS_CREDENTIALS", ProcessEnvironment.variable("NIMMERVERSE_NATS_CREDENTIALS") ?? credentials)
        let password = try FileText.secret(place.identities.ownerPassword)
        add("NATS_URL", Self.address(choice.url, user: "owner", password: password))
        guard let state = try RunState.read(place), let database = state.postgres else { return }
        add(DatabaseOptions.variable, database)
        if let file = state.postgresPasswordFile {
            let password = try FileText.secret(file)
            add("NIMMERVERSE_POSTGRES_PASSWORD", password)
            add("PGPASSWORD", password)
        }
    }

    private mutating func add(_ name: String, _ value: String) { all.append((name, value)) }

    static func == (left: Self, right: Self) -> Bool {
        left.all.elementsEqual(right.all) { $0.name == $1.name && $0.value == $1.value }
    }

    /// `nats://user:password@host:port`; both are of letters and digits.
    private static func address(_ url: String, user: String, password: String) -> String {
        let halves = url.halves(around: "://")
        return "\(halves?.before ?? "nats")://\(user):\(password)@\(halves?.after ?? url)"
    }

    /// A text as a POSIX shell takes it, whatever it holds.
    static func quoted(_ text: String) -> String {
        "'" + text.map { $0 == "'" ? "'\\''" : String($0) }.joined() + "'"
    }
}

import NimmerServers
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// What a `nimmer up` has running, as it stands in `.nimmer/<env>/up.json`: enough to find it, to talk to its servers,
/// and to clean up after it when it was killed.
struct RunState: Equatable, Sendable {
    struct Entry: Equatable, Sendable {
        let name: String
        let identity: ProcessIdentity
        /// Started in this order; stopped in reverse.
        let layer: Int
    }

    /// The `nimmer up` itself.
    var nimmer: ProcessIdentity
    var startedAt: Timestamp
    var system: String
    var natsURL: String?
    /// Whether the nats-server is a private one, which asks for the credentials in the place's folder of identities.
    var isPrivateNATS = false
    /// A connection string for PostgreSQL, without secrets (the private server trusts the owner of its socket).
    var postgres: String?
    /// The file that holds the password for it.
    var postgresPasswordFile: String?
    var processes: [Entry]
    /// Processes that ended and wait to be started again.
    var waiting: [String] = []

    /// Whether the `nimmer up` that wrote this still runs.
    var isAlive: Bool { nimmer.isAlive }

    /// What it started and what still lives, in the order in which it should be stopped.
    var living: [Entry] { processes.filter(\.identity.isAlive).sorted { $0.layer > $1.layer } }

    /// The state in a place, or nil when nothing was ever started there.
    ///
    /// - Throws: ``Failure`` when the file is there but cannot be understood.
    static func read(_ place: Place) throws(Failure) -> RunState? {
        guard FileText.exists(place.statePath) else { return nil }
        let bytes = try FileText.bytes(place.statePath)
        guard let state = (try? JSON(parsing: bytes)).flatMap(RunState.init(json:)) else {
            throw Failure(
                .failed, "\(place.statePath) is not a state file of `nimmer up`",
                mend: "remove it when no `nimmer up` runs here")
        }
        return state
    }

    func write(_ place: Place) throws(Failure) {
        try FileText.write(json.pretty + "\n", to: place.statePath, mode: 0o600)
    }

    static func remove(_ place: Place) {
        unlink(place.statePath)
    }

    var json: JSON {
        var object: JSONObject = [
            "nimmer": .string(nimmer.text), "started_at": .string(startedAt.rfc3339), "system": .string(system),
        ]
        object["nats_url"] = natsURL.map { .string($0) }
        object["nats_private"] = .bool(isPrivateNATS)
        object["postgres"] = postgres.map { .string($0) }
        object["postgres_password_file"] = postgresPasswordFile.map { .string($0) }
        object["processes"] = .array(
            processes.map {
                ["name": .string($0.name), "process": .string($0.identity.text), "layer": .number(Double($0.layer))]
            })
        object["waiting"] = .array(waiting.map { .string($0) })
        return .object(object)
    }
}

extension RunState {
    init?(json: JSON) {
        guard let nimmer = json["nimmer"]?.string.flatMap({ ProcessIdentity($0) }),
            let started = json["started_at"]?.string.flatMap({ try? Timestamp(rfc3339: $0) }),
            let system = json["system"]?.string, let processes = json["processes"]?.array
        else { return nil }
        var entries: [Entry] = []
        for process in processes {
            guard let name = process["name"]?.string, let layer = process["layer"]?.int,
                let identity = process["process"]?.string.flatMap({ ProcessIdentity($0) })
            else { return nil }
            entries.append(Entry(name: name, identity: identity, layer: layer))
        }
        self.init(
            nimmer: nimmer, startedAt: started, system: system, natsURL: json["nats_url"]?.string,
            isPrivateNATS: json["nats_private"]?.bool ?? false, postgres: json["postgres"]?.string,
            postgresPasswordFile: json["postgres_password_file"]?.string, processes: entries,
            waiting: (json["waiting"]?.array ?? []).compactMap(\.string))
    }
}

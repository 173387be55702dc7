import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// State of a running `nimmer up`, as it stands in `.nimmer/<env>/up.json`: enough to find it, to talk to its servers,
/// and to clean up after it when it was killed.
package struct RunState: Equatable, Sendable {
    package struct Entry: Equatable, Sendable {
        package let name: String
        package let identity: ProcessIdentity
        /// Started in this order; stopped in reverse.
        package let layer: Int
        /// Port of 127.0.0.1 on which it serves health and metrics; nil: nowhere.
        package let httpPort: UInt16?

        package init(name: String, identity: ProcessIdentity, layer: Int, httpPort: UInt16? = nil) {
            self.name = name
            self.identity = identity
            self.layer = layer
            self.httpPort = httpPort
        }

        /// Returns whether it runs, as the right user, and was started as this part of the system in this place.
        package func isLiving(in place: RunFolder) -> Bool {
            switch name {
            case "nats-server":
                return identity.isServing(as: geteuid(), with: "\(place.path)/nats/nats-server.conf")
            case "postgresql":
                return PostgresServer.isServing(identity, "\(place.path)/postgres")
            default:
                return identity.wasStarted(as: geteuid(), with: "NIMMERVERSE_NAME=\(name)")
            }
        }
    }

    /// The `nimmer up` itself.
    package var nimmer: ProcessIdentity
    package var startedAt: Timestamp
    package var system: String
    package var natsURL: String?
    /// Indicates whether the nats-server is a private one, which asks for the credentials in the place's folder of identities.
    package var isPrivateNATS = false
    /// A connection string for PostgreSQL. It and the address of NATS may hold passwords where they were given such: the file is for
    /// its owner alone.
    package var postgres: String?
    /// The file that holds the password for it.
    package var postgresPasswordFile: String?
    package var processes: [Entry]
    /// Processes that are being started, or ended and wait to be started again.
    package var waiting: [String] = []
    /// Number of times that each process was started again, where it was.
    package var restarts: [String: Int] = [:]
    /// Recording that drives its cells, in words; nil without one.
    package var playing: String?

    package init(
        nimmer: ProcessIdentity, startedAt: Timestamp, system: String, natsURL: String? = nil,
        isPrivateNATS: Bool = false, postgres: String? = nil, postgresPasswordFile: String? = nil, processes: [Entry],
        waiting: [String] = []
    ) {
        self.nimmer = nimmer
        self.startedAt = startedAt
        self.system = system
        self.natsURL = natsURL
        self.isPrivateNATS = isPrivateNATS
        self.postgres = postgres
        self.postgresPasswordFile = postgresPasswordFile
        self.processes = processes
        self.waiting = waiting
    }

    /// Indicates whether the `nimmer up` that wrote this still runs.
    package var isAlive: Bool { nimmer.isAlive }

    /// Indicates whether that process is a `nimmer` of this user, whatever the file states.
    package var isOwn: Bool {
        nimmer.user == geteuid() && nimmer.program == ProcessIdentity.current?.program
    }

    /// Processes that it started and that still run, in the order in which they should be stopped. A process that was not started from here,
    /// whatever the file states, is not among them.
    package func living(in place: RunFolder) -> [Entry] {
        processes.filter { $0.isLiving(in: place) }.sorted { $0.layer > $1.layer }
    }

    /// The state in a place, or nil when nothing was ever started there.
    ///
    /// - Throws: ``Failure`` when the file is there but cannot be understood.
    package static func read(_ place: RunFolder) throws(Failure) -> RunState? {
        guard let folder = try place.held() else { return nil }
        let text = try Failure.ofServers { () throws(ServerError) in try folder.read(RunFolder.stateName, .own()) }
        guard let text else { return nil }
        guard let state = (try? JSON(parsing: Array(text.utf8))).flatMap(RunState.init(json:)) else {
            throw Failure(
                .data, "\(place.statePath) is not a state file of `nimmer up`",
                remedy: "remove it when no `nimmer up` runs here")
        }
        return state
    }

    package func write(_ place: RunFolder) throws(Failure) {
        let text = json.pretty + "\n"
        guard let folder = try place.held() else {
            throw Failure(.io, "\(place.path) is gone", remedy: "stop this `nimmer up` and start it again")
        }
        try Failure.ofServers { () throws(ServerError) in try folder.write(text, to: RunFolder.stateName, mode: 0o600) }
    }

    package static func remove(_ place: RunFolder) {
        unlink(place.statePath)
    }

    package var json: JSON {
        var object: JSONObject = [
            "nimmer": .string(nimmer.text), "started_at": .string(startedAt.rfc3339), "system": .string(system),
        ]
        object["nats_url"] = natsURL.map { .string($0) }
        object["nats_private"] = .bool(isPrivateNATS)
        object["postgres"] = postgres.map { .string($0) }
        object["postgres_password_file"] = postgresPasswordFile.map { .string($0) }
        object["processes"] = .array(
            processes.map {
                [
                    "name": .string($0.name), "process": .string($0.identity.text), "layer": .number(Double($0.layer)),
                    "http_port": $0.httpPort.map { .number(Double($0)) } ?? .null,
                ]
            })
        object["waiting"] = .array(waiting.map { .string($0) })
        object["restarts"] = .object(
            restarts.sorted { $0.key < $1.key }.reduce(into: [:]) { $0[$1.key] = .number(Double($1.value)) })
        object["playing"] = playing.map { .string($0) }
        return .object(object)
    }
}

extension RunState {
    package init?(json: JSON) {
        guard let nimmer = json["nimmer"]?.string.flatMap({ ProcessIdentity($0) }),
            let started = json["started_at"]?.string.flatMap({ try? Timestamp(rfc3339: $0) }),
            let system = json["system"]?.string, let processes = json["processes"]?.array,
            let isPrivateNATS = json["nats_private"]?.bool, let waiting = json["waiting"]?.array,
            waiting.allSatisfy({ $0.string != nil }), let restarts = json["restarts"]?.object
        else { return nil }
        var entries: [Entry] = []
        for process in processes {
            guard let name = process["name"]?.string, let layer = process["layer"]?.int,
                let identity = process["process"]?.string.flatMap({ ProcessIdentity($0) })
            else { return nil }
            let port = process["http_port"]?.int.flatMap { UInt16(exactly: $0) }
            entries.append(Entry(name: name, identity: identity, layer: layer, httpPort: port))
        }
        self.init(
            nimmer: nimmer, startedAt: started, system: system, natsURL: json["nats_url"]?.string,
            isPrivateNATS: isPrivateNATS, postgres: json["postgres"]?.string,
            postgresPasswordFile: json["postgres_password_file"]?.string, processes: entries,
            waiting: waiting.compactMap(\.string))
        for restart in restarts.members {
            guard let count = restart.value.int else { return nil }
            self.restarts[restart.key] = count
        }
        playing = json["playing"]?.string
    }
}

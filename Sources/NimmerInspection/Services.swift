import NimmerBus
import NimmerOutput
import NimmerWave

/// A living process as it answers `$SRV.INFO` and `$SRV.STATS` (protocol.md, Subjects).
package struct RunningService: Equatable, Sendable {
    package let name: String
    package let id: String
    package let version: String
    package let summary: String
    package let metadata: JSON
    /// Requests answered and failed, from STATS; nil when it gave none.
    package var requests: Int?
    package var errors: Int?
    package var startedAt: Timestamp?
    package var data: JSON = .null
    /// Subjects on which it takes requests.
    package let endpoints: [Endpoint]

    /// A subject with the commands that it takes.
    package struct Endpoint: Equatable, Sendable {
        package let subject: String
        package let commands: [Command]
    }

    /// A command that a service declares.
    package struct Command: Equatable, Sendable {
        package let name: String
        package let help: String
    }

    package init?(info: JSON) {
        guard let name = info["name"]?.string, let id = info["id"]?.string else { return nil }
        self.name = name
        self.id = id
        version = info["version"]?.string ?? ""
        summary = info["description"]?.string ?? ""
        metadata = info["metadata"]?.resolved ?? .null
        endpoints = (info["endpoints"]?.array ?? []).map { endpoint in
            let declared = endpoint["metadata"]?.resolved.object.map { Array($0) } ?? []
            return Endpoint(
                subject: endpoint["subject"]?.string ?? "",
                commands: declared.filter { !$0.key.hasPrefix("payload:") }.map {
                    Command(name: $0.key, help: $0.value.string ?? "")
                })
        }
    }

    package mutating func take(stats: JSON) {
        let endpoints = stats["endpoints"]?.array ?? []
        requests = Self.sum(endpoints, "num_requests")
        errors = Self.sum(endpoints, "num_errors")
        startedAt = (stats["started"]?.string).flatMap { try? Timestamp(rfc3339: $0) }
        data = stats["data"]?.resolved ?? endpoints.first?["data"]?.resolved ?? .null
    }

    /// Sum over the endpoints; nil where one does not report the number.
    private static func sum(_ endpoints: [JSON], _ key: String) -> Int? {
        endpoints.reduce(Int?.some(0)) { sum, endpoint in
            guard let sum, let number = endpoint[key]?.int else { return nil }
            return sum.addingSaturated(number)
        }
    }

    package var json: JSON {
        var object: JSONObject = [
            "name": .string(name), "id": .string(id), "version": .string(version), "description": .string(summary),
            "metadata": metadata,
        ]
        object["requests"] = requests.map { .number(Double($0)) }
        object["errors"] = errors.map { .number(Double($0)) }
        object["started_at"] = startedAt.map { .string($0.rfc3339) }
        if !data.isNull { object["data"] = data }
        return .object(object)
    }

    /// Asks all processes on the bus; at most one that fills both answers by name and id.
    package static func discover(_ bus: any Bus, wait: Duration = .milliseconds(300)) async throws -> [RunningService] {
        async let infos = bus.requestMany(try Subject(foreign: "$SRV.INFO"), payload: [], wait: wait)
        async let stats = bus.requestMany(try Subject(foreign: "$SRV.STATS"), payload: [], wait: wait)
        return merge(
            infos: try await infos.compactMap { try? JSON(parsing: $0.payload) },
            stats: try await stats.compactMap { try? JSON(parsing: $0.payload) })
    }

    package static func merge(infos: [JSON], stats: [JSON]) -> [RunningService] {
        var services = infos.compactMap(RunningService.init(info:))
        for stat in stats {
            guard let index = services.firstIndex(where: { $0.id == stat["id"]?.string }) else { continue }
            services[index].take(stats: stat)
        }
        return services.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    }

    /// State of a cell or nerve for a person, with its progress and its silent inputs: `LEARNING 120 of 400`; empty where it states none.
    var stateText: String {
        var parts = [data["state"]?.string ?? ""]
        if data["stale"]?.bool != true, let done = data["progress"]?["done"]?.int,
            let whole = data["progress"]?["whole"]?.int
        {
            parts.append("\(done) of \(whole)")
        }
        let silent = (data["silent_inputs"]?.array ?? []).compactMap(\.string)
        if !silent.isEmpty { parts.append("(silent: \(silent.joined(separator: ", ")))") }
        return parts.filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// A table for a person.
    package static func table(_ services: [RunningService], at now: Timestamp) -> Table {
        var table = Table(["name", "kind", "state", "version", "requests", "up", "what it does"])
        for service in services {
            let kind = service.metadata["role"]?.string ?? service.metadata["kind"]?.string ?? ""
            let errors = service.errors.map { $0 > 0 ? " (\($0) failed)" : "" } ?? ""
            table.add([
                service.name, kind, service.stateText, service.version,
                (service.requests.map { "\($0)" } ?? "") + errors,
                service.startedAt.map { LocalTime.span(milliseconds: now.milliseconds(since: $0)) } ?? "",
                service.summary,
            ])
        }
        return table
    }
}

import ArgumentParser
import NimmerBus
import NimmerOutput
import NimmerWave

/// Lists the artifacts.
struct ArtifactListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the artifacts, the oldest first.")

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let (list, bounds) = try await listed()
        let used = list.artifacts.reduce(Int64(0)) { $0.addingSaturated($1.bytes) }
        if json.json {
            let others = list.others.map { JSON.object(["name": .string($0.name), "reason": .string($0.reason)]) }
            return try Console.pretty([
                "artifacts": .array(list.artifacts.map(\.json)), "others": .array(others),
                "bytes": .number(Double(used)), "max_bytes": .number(Double(bounds.maximumBytes)),
            ])
        }
        for other in list.others { Console.error("not an artifact: \(other.name): \(other.reason)") }
        if list.artifacts.isEmpty { return try Console.line("no artifacts") }
        var table = Table(["digest", "type", "size", "put", "until", "by", "name"])
        for one in list.artifacts {
            table.add([
                one.digest.short, one.type.text, size(one.bytes), LocalTime.full(one.created),
                one.expires.map { LocalTime.full($0) } ?? "-", one.sender?.text ?? "-",
                one.name == one.digest.text ? "" : one.name,
            ])
        }
        for line in table.lines(color.paint) { try Console.line(line) }
        try Console.line("\(count(list.artifacts.count, "artifact")), \(size(used)) of \(size(bounds.maximumBytes))")
    }

    /// The artifacts and their bounds; nothing where no process has made the store.
    private func listed() async throws -> (ArtifactList, ArtifactBounds) {
        let environment = try chosenEnvironment()
        return try await CommandConnection.with(server, environment) { bus in
            do throws(ArtifactError) {
                let store = try await ArtifactAccess.store(environment, on: bus, makes: false)
                return (try await store.list(), store.bounds)
            } catch {
                guard error.code == .notFound else { throw Failure(error) }
                return (ArtifactList(), .usual)
            }
        }
    }
}

import ArgumentParser
import NimmerMemory
import NimmerMemoryPostgres
import NimmerOutput
import NimmerWave

/// Follows a decision from its waves to its verification.
struct MemoryWhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Follow a decision from its waves to its verification.",
        discussion: """
            Give the id of a transition, a collapse, a request or a response, as `nimmer wave tail --json` shows it in \
            header.message_id, or its first characters where they are those of one. Exit status 1 when nothing is stored under that id.
            """)

    @Argument(help: "The id (a UUID), or its first characters.")
    var id: String

    @OptionGroup var json: JSONOptions
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        guard let prefix = IDPrefix(id) else {
            throw Failure(
                .usage, "\(id) is not an id; expected \(IDPrefix.expectation)",
                remedy: "an id is a UUID such as 0190f5fe-7c2a-7b3e-8d55-1c1f6f3a9b10")
        }
        let settings = database.settings(environment)
        let store = PostgresStore(settings)
        let trail: MemoryTrail?
        do {
            let meant = if let whole = prefix.whole { [whole] } else { try await store.ids(prefix) }
            guard meant.count < 2 else {
                throw Failure(.usage, "several records have ids that begin with \(id)", remedy: "use a longer prefix")
            }
            trail = if let one = meant.first { try await store.trail(of: one) } else { nil }
        } catch let error as MemoryError {
            throw Failure(error)
        }
        await store.close()
        guard let trail else {
            throw Failure(.failed, "no record of \(id) in \(settings)")
        }
        if json.json {
            try Console.json(trail.json)
            return
        }
        for line in Self.lines(trail, color.paint) { try Console.line(line) }
    }

    static func lines(_ trail: MemoryTrail, _ paint: Paint) -> [TerminalText] {
        var table = Table([])
        for line in trail.story {
            let time = line.at.map { LocalTime.clock($0) } ?? ""
            let text = TerminalText.whole(line.text)
            table.add([paint(.quiet, "\(time)"), line.kind, line.isMissing ? paint(.warning, text) : text])
        }
        let date = trail.story.compactMap(\.at).first.map { LocalTime.full($0) } ?? ""
        return ["\(paint.chip(trail.environment))  \(paint(.quiet, "\(date)"))"] + table.lines(paint)
    }
}

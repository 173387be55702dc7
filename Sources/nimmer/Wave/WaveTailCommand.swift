import ArgumentParser
import NimmerBus
import NimmerWave

/// Watches what happens, one line an event.
struct WaveTailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Watch what happens: waves, openings, collapses, decisions.",
        discussion: """
            One line an event, written at once, until Ctrl-C or until the reader of a pipe goes.

              nimmer wave tail                              everything but attention and traces
              nimmer wave tail --filter math                what mentions math; '!math' what does not
              nimmer wave tail 'dev.nervous.gates.>'        one branch of the subjects
              nimmer wave tail --json | jq .body.confidence
            """)

    @Argument(help: "Subject patterns (* is one token, > the rest). Default: everything of the environment.")
    var patterns: [String] = []

    @OptionGroup var json: JSONOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("End after this many lines.", valueName: "number"))
    var count: Int?

    @Option(help: ArgumentHelp("Leave out subjects that match; may be given more than once.", valueName: "pattern"))
    var ignore: [String] = []

    @Option(help: ArgumentHelp("Leave out waves below this confidence, and say how many.", valueName: "number"))
    var minConfidence = 0.0

    @Option(help: ArgumentHelp("Only what contains this text; with ! before it, what does not.", valueName: "text"))
    var filter: String?

    @Flag(help: "Also the attention (once a second), traces and heartbeats.")
    var all = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count must be at least 1; found \(count)") }
        if !(0...1).contains(minConfidence) {
            throw ValidationError("--min-confidence must be between 0 and 1; found \(minConfidence)")
        }
    }

    func run() async throws {
        let environment = try chosenEnvironment()
        let patterns = try patterns.isEmpty ? [SubjectPattern.everything(environment)] : patterns.map(Self.pattern)
        var ignored = try ignore.map(Self.pattern)
        if !all, self.patterns.isEmpty { ignored += TailFilter.background(environment) }
        var filter = TailFilter(ignored: ignored, minimumConfidence: minConfidence, text: filter)
        let formatter = EventFormatter(paint: color.paint, columns: Console.isTerminal ? Console.columns : nil)

        try await Link.with(server, environment) { bus in
            let feed = try await TailFeed(bus, patterns)
            for await item in feed.items {
                switch item {
                case .message(let message):
                    guard filter.passes(subject: message.subject.text, payload: message.payload) else { continue }
                    try Console.line(
                        json.json
                            ? Self.json(message)
                            : formatter.line(subject: message.subject.text, payload: message.payload, at: message.at))
                case .notice(let text): Console.error("nimmer: \(text)")
                case .readerGone: throw ReaderGone()
                }
                if let count, filter.shown >= count { break }
            }
            if filter.quiet > 0 {
                Console.error(
                    "nimmer: \(nimmer.count(filter.quiet, "wave")) below confidence \(decimals(minConfidence))")
            }
        }
    }

    static func pattern(_ text: String) throws(Failure) -> SubjectPattern {
        do throws(Refusal) {
            return try SubjectPattern(text)
        } catch {
            throw Failure(
                .usage, "\(text.printable) is no subject pattern: \(error)",
                mend: "for example 'dev.nervous.cells.*.wave' or 'dev.>'")
        }
    }

    /// The message on one line as it came; one that is no JSON is told as such.
    static func json(_ message: BusMessage) -> String {
        guard let value = try? JSON(parsing: message.payload) else {
            let excerpt = String(decoding: message.payload.prefix(Wire.maximumExcerpt), as: UTF8.self)
            return JSON.object([
                "refused": "not JSON", "subject": .string(message.subject.text), "excerpt": .string(excerpt),
            ]).text
        }
        return message.payload.contains(0x0a) ? value.text : String(decoding: message.payload, as: UTF8.self)
    }
}

extension TailFilter {
    /// What repeats by itself and would drown the rest.
    static func background(_ environment: Environment) -> [SubjectPattern] {
        [SubjectPattern(.attention(environment)), SubjectPattern(.correlation(environment))]
            + ["\(environment.rawValue).cognitive.*.heartbeat"].compactMap { try? SubjectPattern($0) }
    }
}

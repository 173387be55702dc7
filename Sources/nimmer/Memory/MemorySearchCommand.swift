import ArgumentParser
import NimmerInspection
import NimmerMemory
import NimmerOutput
import NimmerWave

/// Finds what happened by what it means.
struct MemorySearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find openings, decisions and outcomes by what they mean.",
        discussion: """
            The text is compared by meaning with what the hippocampus remembers; the nearest come first, with their cosine (1 is \
            the same), their outcome and the number of near duplicates. `nimmer memory why ID` follows one. It needs the section \
            `iris` in the system file and a hippocampus that runs.

              nimmer memory search "pump noise before a stop"
              nimmer memory search "pump noise" --since 7d --region 'plant.>'

            Exit status 1 when nothing is near.
            """)

    @Argument(help: "The text that is looked for.")
    var text: String

    @Option(help: ArgumentHelp("Only what happened since then: an RFC 3339 time, or 30m, 12h, 7d.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Only these regions: plant.pump, or a pattern such as 'plant.>'.", valueName: "region"))
    var region: String?

    @Option(
        help: ArgumentHelp(
            "Only this kind: collapse, decision, outcome or summary; may be repeated.", valueName: "kind"))
    var kind: [String] = []

    @Option(help: ArgumentHelp("Matches at most, 1 to 100.", valueName: "number"))
    var limit = 10

    @Option(help: ArgumentHelp("How long to wait, in seconds.", valueName: "seconds"))
    var timeout = 10.0

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func validate() throws {
        if text.isEmpty || text.utf8.count > MeaningText.maximumBytes {
            throw ValidationError(
                "the text must be 1 to \(MeaningText.maximumBytes) bytes; found \(text.utf8.count)")
        }
        if !(1...100).contains(limit) { throw ValidationError("--limit must be 1 to 100; found \(limit)") }
        if !(timeout >= 1 && timeout <= 3600) {
            throw ValidationError("--timeout must be from 1 to 3600 seconds; found \(timeout)")
        }
        for name in kind where RememberedItem.Kind(rawValue: name) == nil {
            let all = RememberedItem.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--kind must be one of \(all); found \(name)")
        }
        if let region, (try? SubjectPattern(region)) == nil {
            throw ValidationError(
                "--region must be a region or a pattern: tokens joined by dots, * for one token, > for the rest; found \(region)"
            )
        }
        if let since, Self.time(since, at: .now()) == nil {
            throw ValidationError("--since must be an RFC 3339 time or a span such as 30m, 12h or 7d; found \(since)")
        }
    }

    func run() async throws {
        let environment = try chosenEnvironment()
        var payload: JSONObject = ["text": .string(text), "limit": .number(Double(limit))]
        payload["region"] = region.map { .string($0) }
        payload["since"] = since.flatMap { Self.time($0, at: .now()) }.map { .string($0.rfc3339) }
        if !kind.isEmpty { payload["kinds"] = .array(kind.map { .string($0) }) }
        let (asked, seconds) = (JSON.object(payload), timeout)
        let found = try await CommandConnection.with(server, environment) {
            try await $0.askHippocampus(environment, "search", asked, seconds: seconds)
        }
        let matches = found["matches"]?.array ?? []
        if json.json {
            try Console.pretty(found)
        } else {
            for line in Self.lines(matches, color.paint) { try Console.line(line) }
            if let more = found["left_out"]?.int, more > 0 {
                try Console.line("\(more) more do not fit into an answer: --region, --since or --kind ask for fewer")
            }
        }
        guard !matches.isEmpty else { throw Failure(.failed, "nothing that is remembered is near to it") }
    }

    /// A time, or a span before now.
    static func time(_ text: String, at now: Timestamp) -> Timestamp? {
        if let span = TimeSpan.milliseconds(text) { return now.advanced(milliseconds: -span) }
        return try? Timestamp(rfc3339: text)
    }

    static func lines(_ matches: [JSON], _ paint: Paint) -> [TerminalText] {
        var table = Table(["cosine", "time", "region", "kind", "outcome", "times", "id"])
        var lines: [TerminalText] = []
        for match in matches {
            let at = match["at"]?.string.flatMap { try? Timestamp(rfc3339: $0) }
            let outcome = match["outcome"]?.string ?? "-"
            let times = Int(saturating: match["duplicates"]?.double ?? 0).addingSaturated(1)
            // An outcome is followed by its opening.
            let id = (match["kind"]?.string == "outcome" ? match["opening"]?.string : nil) ?? match["id"]?.string ?? ""
            table.add([
                "\(decimals(match["cosine"]?.double ?? 0, 2))", paint(.quiet, "\(at.map { LocalTime.full($0) } ?? "")"),
                "\(match["region"]?.string ?? "")", "\(match["kind"]?.string ?? "")",
                outcome == "failed" ? paint(.warning, "\(outcome)") : "\(outcome)", "\(times)", paint(.quiet, "\(id)"),
            ])
        }
        let rows = table.lines(paint)
        for (place, row) in rows.enumerated() {
            lines.append(row)
            guard place > 0, place <= matches.count, rows.count == matches.count + 1 else { continue }
            lines.append("  \(matches[place - 1]["text"]?.string ?? "")")
        }
        return lines
    }
}

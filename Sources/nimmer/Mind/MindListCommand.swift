import ArgumentParser
import NimmerInspection
import NimmerOutput
import NimmerWave

/// Lists the minds.
struct MindListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the minds: who answers, how fast, and what they may command.",
        discussion: "In the order of preference. Without one, the deterministic boundary answers by rule.")

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let found = try await CommandConnection.with(server, environment) {
            try await $0.askBridge(environment, "minds", seconds: 15)
        }
        if json.json { return try Console.pretty(found) }
        for line in Self.lines(found, color.paint) { try Console.line(line) }
    }

    static func lines(_ found: JSON, _ paint: Paint) -> [TerminalText] {
        var lines: [TerminalText] = ["answers   \(found["answers"]?.string ?? "unknown")"]
        let minds = found["minds"]?.array ?? []
        if !minds.isEmpty {
            var table = Table([
                "mind", "state", "server", "model", "answered", "invalid", "failed", "latency", "tokens/s",
            ])
            for mind in minds {
                let number = { (key: String) in mind[key]?.int.map { "\($0)" } ?? "" }
                let isThere = mind["reachable"]?.bool == true && mind["has_model"]?.bool != false
                table.add([
                    mind["name"]?.string ?? "",
                    mind["reachable"]?.bool == false ? "unreachable" : mind["state"]?.string ?? "",
                    (mind["url"]?.string ?? "")
                        + (isThere ? "" : " (\(mind["trouble"]?.string ?? "away"))"),
                    (mind["model"]?.string ?? ""), number("answered"), number("invalid"), number("failed"),
                    (mind["latency_ms"]?.double).map { $0 > 0 ? LocalTime.span(milliseconds: $0) : "" } ?? "",
                    (mind["tokens_per_second"]?.double).map { $0 > 0 ? decimals($0, 1) : "" } ?? "",
                ])
            }
            lines += [""] + table.lines(paint)
        }
        let allowed = found["allowed"]?.array?.compactMap(\.string) ?? []
        lines += [
            "",
            "commands  \(found["commands"]?.string ?? ""): "
                + "\(allowed.isEmpty ? "none is allowed" : allowed.joined(separator: ", "))",
        ]
        for reason in found["unusable"]?.array?.compactMap(\.string) ?? [] {
            lines.append("not usable  \(reason)")
        }
        return lines
    }
}

import NimmerOutput
import NimmerReplay
import NimmerScopeSession
import NimmerServers
import NimmerWave
import Testing

@testable import nimmer

/// Every key of oscilloscope.md's Must, pressed in a terminal emulator on the built nimmer: what a person sees afterwards.
@Suite(.enabled(Tmux.hint) { Tmux.program != nil })
struct KeysOnScreenTests {
    /// Keys, and what is then on the screen and what is not.
    private struct Step {
        var keys: [String]
        var shown: [String]
        var gone: [String] = []

        init(_ keys: String..., shows shown: [String], not gone: [String] = []) {
            (self.keys, self.shown, self.gone) = (keys, shown, gone)
        }
    }

    private func walk(_ steps: [Step], _ words: [String] = ["--at", "52.5s"]) async throws {
        let words = ["wave", "tail", "--from", Recorded.minute] + words
        try await Tmux.run([Tool.path] + words, width: 120, height: 36) { terminal in
            try await terminal.wait(for: "STOPPED")
            for (number, step) in steps.enumerated() {
                try await terminal.press(step.keys)
                func isAsWanted(_ screen: String) -> Bool {
                    step.shown.allSatisfy { screen.contains($0) } && !step.gone.contains { screen.contains($0) }
                }
                let screen = try await terminal.wait(seconds: 120, until: isAsWanted)
                #expect(isAsWanted(screen), "step \(number), \(step.keys): \(step.shown), not \(step.gone)\n\(screen)")
            }
        }
    }

    @Test func timeIsFrozenScrubbedAndMarked() async throws {
        try await walk([
            Step("Space", shows: ["PAUSED", "held"], not: ["STOPPED"]),
            Step("Space", shows: ["STOPPED", "follow"]),
            // A cell is 15 s / 16.
            Step("Left", shows: ["PAUSED 938ms back", "18:30:51.562"]),
            Step("S-Left", shows: ["PAUSED 10.3s back", "18:30:42.187"]),
            Step("x", shows: ["Δ"]),
            Step("S-Right", shows: ["Δ 9.4s"]),
            Step("H", shows: ["Δ 0ms"]),
            Step("h", shows: ["Δ -938ms"]),
            Step("l", "L", shows: ["Δ 9.4s"]),
            // Taken away where it is; set again elsewhere.
            Step("H", "x", shows: ["PAUSED"], not: ["Δ"]),
            Step("End", shows: ["STOPPED", "now"]),
            Step("Home", shows: ["PAUSED 52.5s back", "18:30:00.000", "▸18:30:00.000"]),
            Step("PPage", "NPage", shows: ["PAUSED"]),
            Step("End", shows: ["STOPPED"]),
        ])
    }

    @Test func zoomGoesInOutAndBack() async throws {
        try await walk([
            Step("+", shows: ["10s/div"]), Step("++", shows: ["2s/div"]), Step("0", shows: ["15s/div", "-45s"]),
            Step("-", shows: ["30s/div"]), Step("0", shows: ["15s/div"]),
            Step("s", shows: ["  sweep  "]), Step("s", shows: ["  roll  "]),
        ])
    }

    @Test func panesLinesAndTheInspector() async throws {
        try await walk([
            Step("Tab", shows: ["▸2 gates"]), Step("Tab", shows: ["▸3 log"]), Step("Tab", shows: ["▸4 inspect"]),
            Step("Tab", shows: ["▸1 scope"]), Step("BTab", shows: ["▸4 inspect"]),
            Step("1", "j", shows: ["▸1 scope", "▸plan"]), Step("k", shows: ["▸math"]),
            Step("2", "Down", shows: ["▸plan   -0.97"]), Step("Enter", shows: ["gate plan", "missing 1.47"]),
            Step("k", shows: ["gate math", "last opening", "push"]),
            Step("Escape", shows: ["why math opened"]),
            Step("3", "k", shows: ["▸18:30:52.500", "held"]),
            Step("kk", shows: ["▸18:30:52.400", "PAUSED"]),
            Step("Enter", shows: ["pretty r", "\"message_id\":", "wave"], not: ["as it came"]),
            Step("r", shows: ["raw r", "as it came, ", "{\"header\":{\"message_id\":"]),
            Step("r", shows: ["pretty r"]),
            Step("4", "j", shows: ["▸4 inspect"], not: ["subject"]),
            Step("k", shows: ["subject"]),
            Step("Escape", "End", shows: ["why math opened", "follow"]),
        ])
    }

    @Test func filtersAndTheLeastConfidence() async throws {
        try await walk([
            Step("/vision", shows: ["/vision", "Enter keeps  Esc undoes"], not: ["speech"]),
            Step("Escape", shows: ["speech"], not: ["Esc undoes"]),
            Step("/speech", "Enter", shows: ["log  follow  /speech", "▸speech"], not: ["▸math", " vision  "]),
            Step("/", shows: ["Enter shows all"]), Step("Enter", shows: [" vision  "], not: ["/speech"]),
            Step("/!math", "Enter", shows: ["/!math", "▸plan"], not: ["addition"]),
            // By cell, by subject, by text in the message.
            Step("/", "Enter", "/calculate", "Enter", shows: ["calculate {"], not: [" denial "]),
            Step("/", "Enter", "/organs.voice", "Enter", shows: ["▸voice", "command"], not: [" denial "]),
            Step("/", "Enter", "/left", "Enter", shows: ["addition"], not: [" denial "]),
            Step("/", "Enter", "M", shows: ["conf≥0.05"]),
            Step("MMMMM", shows: ["conf≥0.30", " hidden below 0.30"]),
            Step("mm", shows: ["conf≥0.20", " hidden below 0.20"]),
            Step("mmmm", shows: ["STOPPED"], not: ["hidden", "conf≥"]),
        ])
    }

    @Test func helpAndKeysThatDoNothing() async throws {
        try await walk([
            Step("?", shows: ["second marker, or none", "message pretty or raw", "Signs", "Lines"]),
            Step("?", shows: ["follow"], not: ["second marker"]),
            Step("yYzgGnNuU;", "C-l", shows: ["STOPPED", "▸1 scope", "q quit  ? help"]),
            Step("c", shows: ["Nothing has arrived yet", "waiting"], not: ["addition"]),
        ])
        // A recording plays on with the same keys; from early on, so that it is not over before a busy machine has pressed them.
        try await walk(
            [
                Step("p", shows: ["► 1x", "p stop"]), Step(">", shows: ["► 2x"]), Step("<<", shows: ["► 0.500x"]),
                Step("p", shows: ["STOPPED"]), Step("p", ">>>>>>>", shows: ["END"]),
            ], ["--at", "5s"])
    }

    @Test func filesAreWritten() async throws {
        let words = ["wave", "tail", "--from", Recorded.minute, "--at", "52.5s"]
        try await Tmux.run([Tool.path] + words, width: 120, height: 36) { terminal in
            func names(_ ending: String) -> [String] {
                FileText.names(in: terminal.workingFolder).filter { $0.hasSuffix(ending) }
            }
            try await terminal.wait(for: "STOPPED")
            try await terminal.press("e")
            try await terminal.wait(for: "wrote scope-20260214-183052.csv and scope-20260214-183052.svg")
            let table = try #require(FileText.read(terminal.workingFolder + "/scope-20260214-183052.csv"))
            #expect(table.utf8.count { $0 == 0x0a } > 500)
            #expect(names(".svg").count == 1)
            try await terminal.press("w")
            try await terminal.wait(for: "recording to ")
            try await terminal.wait(for: "REC")
            try await terminal.press("p", ">>>>>>>")
            try await terminal.wait(for: "END")
            try await terminal.press("w")
            try await terminal.wait(for: "recorded ")
            let path = terminal.workingFolder + "/" + (try #require(names(".ndjson").first))
            var reader = try RecordingReader(path)
            var count = 0
            while let message = try reader.next() {
                count += 1
                #expect(message.at > Scene.start.advanced(milliseconds: 52_500))
            }
            #expect(count > 50)
            #expect(try await terminal.screen().contains("recorded \(count) messages to "))
            #expect(
                try ReplayInput(FileText.bytes(path), file: path, format: ReplayFormat(), pace: 1).kind == .waves)
        }
    }
}

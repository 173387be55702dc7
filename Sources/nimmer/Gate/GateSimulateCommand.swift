import ArgumentParser
import NimmerGate
import NimmerOutput
import NimmerWave

/// Runs a gate over waves from a file.
struct GateSimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run a gate over waves from a file, without any server.",
        discussion: """
            Prints JSON: the verdict, potential and state after each wave (trace), each transition with its exact \
            time, and the final state. A case is

              {"config": {"window_ms": 1500},
               "events": [{"at_ms": 0, "origin": "math", "region": "math",
                           "confidence": 0.6, "polarity": 1},
                          {"at_ms": 300, "origin": "calculate", "region": "math",
                           "confidence": 0.5}],
               "until_ms": 4000}

            Every setting has a default; polarity is 1 when it is left out. An event may state its sender's interval_ms: \
            window and half-life follow the slowest where config sets none.
            """)

    @Argument(help: "The case; - reads standard input.", completion: .file(extensions: ["json"]))
    var file: String

    func run() throws {
        let name = file == "-" ? "standard input" : file
        let bytes = try FileText.bytes(file)
        do {
            try Console.pretty(try GateCase(JSON(parsing: bytes)).run())
        } catch let refusal as Refusal {
            throw Failure(
                .data, "\(name): found text that cannot be read (\(refusal)); expected one JSON object",
                remedy: "`nimmer gate simulate --help` shows a case")
        } catch let error as GateError {
            throw Failure(.data, "\(name): \(error.message)", remedy: "`nimmer gate simulate --help` shows a case")
        }
    }
}

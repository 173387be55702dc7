import NimmerBusNATS
import NimmerCell
import NimmerCognition
import NimmerWave

/// The cognition bridge as a process: takes requests from their stream, and answers each once.
@main enum Main {
    static let manifest = Manifest(
        name: "cognition-bridge", version: "0.1.0",
        summary: "The structured boundary: answers each question once, by rule where there is no mind.",
        domain: "cognition", commands: [("status", "tells which mind answers, and how many requests ended how")])

    static func main() async {
        await ServiceProcess.main(manifest, kind: .boundary, on: NATS.connector) { process in
            try await BridgeProcess(process, answerer: DeterministicBoundary()).run()
        }
    }
}

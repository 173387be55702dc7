import NimmerBridge
import NimmerBusNATS
import NimmerCognition
import NimmerCognitionHTTP
import NimmerProcess
import NimmerSystem
import NimmerSystemFile
import NimmerWave

/// The cognition bridge as a process: takes requests from their stream, and answers each once.
@main enum Main {
    static let manifest = Manifest(
        name: "cognition-bridge", version: "0.2.0",
        summary: "The structured boundary: answers each question once, by a mind or by rule.",
        domain: "cognition",
        commands: [
            ("status", "shows which mind answers, and the requests by outcome"),
            ("minds", "lists the minds with breaker, queue, latency and what they may command"),
            ("pending", "lists the decisions whose commands wait for a person, or are on their way"),
            ("approve", "sends the commands of a decision: {\"id\": ID, \"by\": NAME}"),
            ("refuse", "sends none of them: {\"id\": ID, \"by\": NAME}"),
            ("budget", "shows the spending of minds and regions, and their budgets"),
            ("replay", "asks the minds again about a request and shows the difference: {\"id\": ID}"),
        ])

    static func main() async {
        await ServiceProcess.main(
            manifest, FailPoint.Options.self, kind: .boundary, on: NATS.connector, reading: YAML.reader,
            check: { configuration, settings in
                for mind in configuration.system?.bridge.minds ?? [] { _ = try server(mind) }
                _ = try FailPoint(settings)
            },
            run: { process, settings in
                let minds = try (process.system?.bridge.minds ?? []).map(server)
                let failPoint = try FailPoint(settings)
                try await BridgeProcess(process, minds: minds, failPoint: failPoint).run()
                for mind in minds { await mind.close() }
            })
    }

    private static func server(_ settings: MindSettings) throws -> HTTPMind {
        do throws(MindError) {
            return try HTTPMind(settings, variables: ProcessVariable.current())
        } catch {
            throw ProcessFailure(.configuration, "the mind \(settings.name): \(error.message)")
        }
    }
}

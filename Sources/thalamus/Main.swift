import NimmerBusNATS
import NimmerProcess
import NimmerSystemFile
import NimmerThalamus
import NimmerThalamusProcess
import NimmerWave

/// The thalamus as a process: correlates every wave of its environment.
@main enum Main {
    static let manifest = Manifest(
        name: "thalamus", version: "0.1.0",
        summary: "Correlates waves: one gate per semantic region; an opening collapses and goes up.",
        domain: "attention",
        commands: [
            ("gates", "lists the gates, the open first"),
            ("explain", "explains why a gate opened, or what keeps it from opening: {\"gate\": \"math\"}"),
            ("homes", "lists where regions live that joined or founded a home"),
            ("home", "explains where a region lives: {\"region\": \"math\"}"),
        ])

    struct Options: ProcessOptions {
        let keepWaves = Setting.flag(
            "keep_waves", false,
            "Keep the last hour of waves (256 MiB at most) in a stream, for looking back; costs the server a write a wave."
        )
    }

    static func main() async {
        await ServiceProcess.main(
            manifest, Options.self, kind: .thalamus, on: NATS.connector, reading: YAML.reader,
            check: { configuration, _ in
                _ = try ThalamusConfiguration(configuration.system, environment: configuration.environment)
            },
            run: { process, settings in
                try await ThalamusProcess(process, keepsWaves: settings.keepWaves).run()
            })
    }
}

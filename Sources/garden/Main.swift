import NimmerBusNATS
import NimmerGarden
import NimmerProcess
import NimmerSystem
import NimmerSystemFile
import NimmerWave

/// The virtual garden as a process: runs the variants of the system file beside the real system.
@main enum Main {
    static let manifest = Manifest(
        name: "garden", version: "0.1.0",
        summary: "Runs the variants of a system on its live waves, and holds them against its outcomes; wakes no one.",
        domain: "attention", commands: VirtualGarden.commands)

    struct Options: ProcessOptions {
        let traces = Setting.number(
            "traces_per_second", 20, in: 0...1000,
            "Traces (CorrelationEvents) a second of waves that open nothing; those of openings always leave.")
    }

    static func main() async {
        await ServiceProcess.main(
            manifest, Options.self, on: NATS.connector, reading: YAML.reader,
            check: { configuration, _ in
                guard let system = configuration.system, !system.virtual.isEmpty else {
                    throw ProcessFailure(
                        .configuration,
                        "\(configuration.system?.file ?? "no system file") has no variants; expected a section virtual: {VARIANT: {gates: …}}"
                    )
                }
                _ = try VirtualGarden(system, environment: configuration.environment, at: Timestamp(nanoseconds: 0))
            },
            run: { process, settings in
                try await GardenProcess(process, tracesPerSecond: settings.traces).run()
            })
    }
}

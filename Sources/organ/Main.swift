import NimmerBusNATS
import NimmerProcess
import NimmerSystem
import NimmerSystemFile
import NimmerWave

/// An organ as a process: a model on a server, loaded when it is asked, unloaded when it has not been asked for a while.
@main enum Main {
    static let manifest = Manifest(
        name: "organ", version: "0.1.0",
        summary: "Owns a model on a server: loads it when asked, keeps it warm, unloads it; one model per card.")

    struct Options: ProcessOptions {
        let lockFolder = Setting.text(
            "lock_folder", "/tmp/nimmerverse-cards",
            "Where the locks of this machine's cards are; the same for every organ of the machine.")
    }

    static func main() async {
        await ServiceProcess.main(manifest, Options.self, kind: .organ, on: NATS.connector, reading: YAML.reader) {
            process, own in
            guard let settings = process.system?.organs.first(where: { $0.name == process.name.text }) else {
                let known = process.system?.organs.map(\.name) ?? []
                throw ProcessFailure(
                    .configuration,
                    "the system file has no organ named '\(process.name)'; expected "
                        + (known.isEmpty ? "one under organs:" : "one of \(known.joined(separator: ", "))"))
            }
            try await OrganProcess(process, settings, lockFolder: own.lockFolder).run()
        }
    }
}

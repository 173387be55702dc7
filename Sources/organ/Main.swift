import NimmerBusNATS
import NimmerCognition
import NimmerCognitionHTTP
import NimmerOrgan
import NimmerProcess
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
        await ServiceProcess.main(manifest, Options.self, kind: .organ, on: NATS.connector) { process, settings in
            let variables = ProcessVariable.current()
            let organ = try OrganProcess(process, lockFolder: settings.lockFolder) { mind throws(MindError) in
                try HTTPMind(mind, variables: variables)
            }
            try await organ.run()
        }
    }
}

import NimmerBusNATS
import NimmerOutput
import NimmerPage
import NimmerPlatform
import NimmerProcess
import NimmerSystem
import NimmerSystemFile
import NimmerWave

/// The attention view: serves the page on which people watch a nervous system. `nimmer web` starts it; as a service it runs by itself.
@main enum Main {
    static let manifest = Manifest(
        name: "web", version: "0.1.0",
        summary: "Serves the page on which people watch a nervous system; acts only for operators.", domain: "attention"
    )

    static func main() async {
        if let file = RecordingSession.file { return await RecordingSession.main(file) }
        await ServiceProcess.main(
            manifest, WebOptions.self, on: NATS.connector, reading: YAML.reader,
            check: { _, settings in
                do throws(PageError) { try settings.page().validate() } catch { throw ProcessFailure(page: error) }
            },
            run: { process, settings in
                do {
                    try await LiveSession(process, settings.page(), passwordFile: settings.passwordFile).run()
                } catch let error as PageError { throw ProcessFailure(page: error) }
            })
    }
}

extension ProcessFailure {
    /// A setting that is refused, or a server that cannot listen.
    init(page error: PageError) {
        self.init(
            error.status >= 500 ? .unavailable : .configuration,
            error.remedy.isEmpty ? "\(error)" : "\(error); \(error.remedy)")
    }
}

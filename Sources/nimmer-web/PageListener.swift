import NimmerOutput
import NimmerPage
import NimmerProcess
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// The address of the page and what answers there.
struct PageListener {
    private let settings: PageSettings
    private let assets: Assets
    private let listener: Listener

    init(_ settings: PageSettings) throws(PageError) {
        self.settings = settings
        let folder = ProcessVariable.current()[Assets.folderVariable] ?? ""
        assets = folder.isEmpty ? .embedded : try Assets(folder: folder)
        listener = try Listener(settings)
    }

    /// Answers until the task is cancelled.
    ///
    /// - Parameter ready: called once it listens, with the address that it has.
    func run(
        model: PageModel, decisions: PageDecisions, history: History,
        control: @escaping @Sendable (Tab.Control) -> Void = { _ in },
        onFault: @escaping @Sendable (String) -> Void = { _ in },
        ready: @escaping @Sendable (PageServer, ListenAddress) -> Void
    ) async throws {
        try await listener.run { [settings, assets] address in
            let server = PageServer(
                settings, listening: address, model: model, assets: assets, decisions: decisions, history: history,
                control: control,
                onEntry: { server in
                    if settings.printsLinks { Announcement.printNext(server, settings, address) }
                }, onFault: onFault)
            ready(server, address)
            return server
        }
    }

    /// Connections that were refused or ended since they were too many, too slow or not TLS.
    var refusedConnections: Int { listener.refusedConnections }

    func stop() async { await listener.stop() }
}

/// Lines for the person who started the server: its address and a link that lets one browser in.
enum Announcement {
    static func print(_ server: PageServer, _ settings: PageSettings, _ address: ListenAddress) {
        line("The page is at \(origin(settings, address))")
        guard settings.printsLinks, let link = try? server.link(settings.linkRole) else { return }
        line("Open this link once: \(origin(settings, address))\(link)")
    }

    static func printNext(_ server: PageServer, _ settings: PageSettings, _ address: ListenAddress) {
        guard let link = try? server.link(settings.linkRole) else { return }
        line("A browser has got in by it. The next link: \(origin(settings, address))\(link)")
    }

    private static func origin(_ settings: PageSettings, _ address: ListenAddress) -> String {
        settings.publicURL ?? "\(settings.tls == nil ? "http" : "https")://\(address)"
    }

    /// Written at once, whatever standard output is.
    private static func line(_ text: String) {
        Array("\(text.visible())\n".utf8).withUnsafeBytes { bytes in
            _ = write(STDOUT_FILENO, bytes.baseAddress, bytes.count)
        }
    }
}

import ArgumentParser
import NimmerOutput
import NimmerServers
import NimmerSupervisor
import NimmerWave

/// Makes certificates for development.
struct AuthCertificatesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificates",
        abstract: "Make an authority and a server's certificate, for development.",
        discussion: """
            Writes ca.pem (for every client: NIMMERVERSE_NATS_CA), ca.key, server.pem and server.key. The authority is \
            made once, the server's certificate at each call. In production use a managed authority.
            """)

    @Option(
        name: .customLong("name"),
        help: ArgumentHelp(
            "A name or IPv4 address that clients use for the server; again for several.", valueName: "name"))
    var names: [String] = []

    @Option(help: ArgumentHelp("Where to write. Default: .nimmer/<env>/tls.", valueName: "folder"))
    var out: String?

    @Option(help: ArgumentHelp("For how long the server's certificate is valid.", valueName: "days"))
    var days = 365

    func validate() throws {
        guard (1...3650).contains(days) else { throw ValidationError("--days must be 1 to 3650; found \(days)") }
    }

    func run() async throws {
        let environment = try chosenEnvironment()
        if out == nil { try RunFolder.here(environment).make() }
        let folder = FileText.absolute(out ?? "\(RunFolder.here(environment).path)/tls")
        let names = names.isEmpty ? ["localhost", "127.0.0.1"] : names
        let files: DevelopmentCertificates
        do throws(ServerError) {
            files = try await DevelopmentCertificates.make(in: folder, names: names, days: days)
        } catch { throw Failure(error) }
        try Console.line("wrote \(files.certificate) and its key, for \(names.joined(separator: ", ")), \(days) days")
        try Console.line("clients trust it with NIMMERVERSE_NATS_CA=\(files.authority)")
        if environment == .prod {
            Console.error("note: these are for development; prod needs certificates of an authority")
        }
    }
}

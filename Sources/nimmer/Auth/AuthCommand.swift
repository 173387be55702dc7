import ArgumentParser

/// Identities that may connect to the servers, and what each may do.
struct AuthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "auth",
        abstract: "Make identities, permissions and development certificates.",
        subcommands: [
            AuthGenerateCommand.self, AuthRotateCommand.self, AuthListCommand.self, AuthCertificatesCommand.self,
        ])
}

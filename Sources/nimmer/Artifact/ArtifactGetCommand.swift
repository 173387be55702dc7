import ArgumentParser
import NimmerBus
import NimmerOutput
import NimmerWave

/// Gets the bytes of an artifact.
struct ArtifactGetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Get the bytes of an artifact.",
        discussion: """
            A file takes its name when every byte is there and the digest is right. On standard output the bytes come before the digest is \
            known to be right: a script looks at the exit status.
            """)

    @Argument(help: "Its digest, or the first digits of it; also the name that another client gave an object.")
    var digest: String

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "The file to write, or a folder, in which the digest names the file. Default: standard output, where it is no terminal.",
            valueName: "file"), completion: .file())
    var output: String?

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let (path, info) = try await ArtifactAccess.with(server) { store in
            let info = try await ArtifactAccess.find(digest, in: store)
            let destination = try ArtifactDestination(output, for: info)
            let progress = Progress()
            defer { progress.end() }
            do {
                try await Self.copy(info, from: store, to: destination, progress)
                try destination.finish()
            } catch {
                destination.discard()
                throw error
            }
            return (destination.path, info)
        }
        if let path { try Console.line("wrote \(path): \(info.type.text), \(size(info.bytes))") }
    }

    private static func copy(
        _ info: ArtifactInfo, from store: StreamArtifactStore, to destination: ArtifactDestination, _ progress: Progress
    ) async throws {
        var bytes: Int64 = 0
        var failure: (any Error)?
        do {
            try await store.read(info.digest, limit: nil) { piece in
                do {
                    try destination.write(piece)
                } catch {
                    failure = error
                    return false
                }
                bytes += Int64(piece.count)
                progress.show("\(size(bytes)) of \(size(info.bytes))")
                return true
            }
        } catch {
            throw failure ?? error
        }
    }
}

import ArgumentParser
import NimmerBus
import NimmerOutput
import NimmerWave

/// Removes artifacts.
struct ArtifactRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove artifacts, permanently.",
        discussion: "Waves and decisions that name them stay as they are.")

    @Argument(help: "Their digests, or the first digits of each.")
    var digests: [String]

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let removed = try await ArtifactAccess.with(server) { store in
            // All of them are known before the first is removed.
            var found: [ArtifactInfo] = []
            for digest in digests { found.append(try await ArtifactAccess.find(digest, in: store)) }
            for one in found { try await store.remove(one.digest) }
            return found
        }
        for one in removed { try Console.line("removed \(one.digest.short)  \(one.type.text)  \(size(one.bytes))") }
    }
}

import ArgumentParser
import NimmerBus
import NimmerOutput
import NimmerWave

/// Artifacts: contents too big for waves.
struct ArtifactCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "artifact",
        abstract: "Put, get, list or remove artifacts: contents too big for waves.",
        discussion: """
            A picture, a sound or a recording is stored under the SHA-256 of its bytes, for 7 days unless the system file states another \
            age. Waves name it; minds that see get its bytes. Where a command takes a digest, its first four digits are enough when no \
            other begins so.

              nimmer artifact put frame.png
              nimmer artifact get 3fa9c1 -o frame.png
              nimmer wave emit --cell camera --confidence 0.8 --artifact frame.png
            """,
        subcommands: [
            ArtifactPutCommand.self, ArtifactGetCommand.self, ArtifactListCommand.self, ArtifactRemoveCommand.self,
        ])
}

/// The store of artifacts for the time of one command.
enum ArtifactAccess {
    /// Lets a command use the store; one that is not there yet is made only where the command puts something.
    static func with<Result>(
        _ server: ServerOptions, makes: Bool = false, _ body: (StreamArtifactStore) async throws -> Result
    ) async throws -> Result {
        let environment = try chosenEnvironment()
        return try await CommandConnection.with(server, environment) { bus in
            do {
                return try await body(try await store(environment, on: bus, makes: makes))
            } catch let error as ArtifactError {
                throw Failure(error)
            }
        }
    }

    static func store(
        _ environment: Environment, on bus: any Bus, makes: Bool
    ) async throws(ArtifactError) -> StreamArtifactStore {
        do throws(ArtifactError) {
            return try await StreamArtifactStore.existing(environment, on: bus)
        } catch {
            guard makes, error.code == .notFound else { throw error }
            return try await StreamArtifactStore.open(environment, on: bus, mayChange: bus.identity == nil)
        }
    }

    /// The artifact that a person means: by the beginning of its digest, else by the name that another client gave it.
    static func find(_ text: String, in store: StreamArtifactStore) async throws -> ArtifactInfo {
        let prefix = DigestPrefix(text)
        if let whole = prefix?.whole, let found = try await store.describe(whole) { return found }
        let all = try await store.list().artifacts
        var found = all.filter { prefix?.begins($0.digest) ?? false }
        if found.isEmpty { found = all.filter { $0.name == text } }
        guard let first = found.first else {
            guard prefix != nil else {
                throw Failure(
                    .usage, "expected \(DigestPrefix.expectation), or an object's name; found \(text)",
                    remedy: "`nimmer artifact ls` lists the artifacts")
            }
            throw Failure(
                .failed, "there is no artifact \(text): it was never put, was removed, or has expired",
                remedy: "`nimmer artifact ls` lists the artifacts")
        }
        let digests = Set(found.map(\.digest))
        guard digests.count == 1 else {
            let shown = digests.sorted().prefix(4).map(\.short).joined(separator: ", ")
            throw Failure(
                .usage, "\(digests.count) artifacts begin with \(text): \(shown)",
                remedy: "give more digits of the digest")
        }
        return first
    }
}

extension Failure {
    /// Maps a failure of the store of artifacts.
    init(_ error: ArtifactError) {
        let status: Status =
            switch error.code {
            case .notFound, .tooLarge, .invalid, .stopped: .failed
            case .damaged, .mismatch: .data
            case .incomplete, .full: .temporary
            case .notPermitted: .permission
            case .unavailable: .unavailable
            }
        self.init(status, error.description)
    }
}

/// A number of bytes for a person.
func size(_ bytes: Int64) -> String {
    switch bytes {
    case ..<10_000: "\(bytes) B"
    case ..<10_000_000: "\(bytes / 1_000) kB"
    default: "\(bytes / 1_000_000) MB"
    }
}

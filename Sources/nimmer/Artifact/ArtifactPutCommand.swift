import ArgumentParser
import NimmerBus
import NimmerOutput
import NimmerWave

/// Puts a file.
struct ArtifactPutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put", abstract: "Put a file, and print its digest.",
        discussion: """
            The same bytes are one artifact: putting them again renews it once half of its age is over. What ends half way is never seen, \
            and its bytes are removed after an hour.
            """)

    @Argument(help: "The file; - reads standard input.", completion: .file())
    var file: String

    @Option(
        help: ArgumentHelp(
            "What the bytes are, such as image/png. Default: what their beginning shows, else what the file's name promises.",
            valueName: "type"))
    var type: String?

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let type = try mediaType(type)
        let info = try await ArtifactAccess.with(server, makes: true) { store in
            let info = try await put(file, type: type, into: store)
            _ = try? await store.removeLeftovers()
            return info
        }
        if json.json { return try Console.json(info.json) }
        try Console.line("\(info.digest.text)  \(info.type.text)  \(size(info.bytes))")
    }
}

/// The media type of an option; nil without one.
func mediaType(_ text: String?) throws -> MediaType? {
    guard let text else { return nil }
    do throws(Refusal) { return try MediaType(text) } catch {
        throw Failure(.usage, "--type: \(error)", remedy: "for example --type image/png")
    }
}

/// Puts a file into a store piece by piece, with a progress line.
func put(_ file: String, type: MediaType?, into store: some ArtifactStore) async throws -> ArtifactInfo {
    let source = try ArtifactSource(file)
    var piece = try source.next()
    let found = type ?? MediaType(beginning: piece) ?? MediaType(fileName: file) ?? .binary
    let progress = Progress()
    defer { progress.end() }
    let upload = try await store.begin(ArtifactOffer(type: found, bytes: source.length))
    do {
        var bytes: Int64 = 0
        while !piece.isEmpty {
            try await upload.append(piece)
            bytes += Int64(piece.count)
            progress.show("\(size(bytes))\(source.length.map { " of \(size($0))" } ?? "")")
            piece = try source.next()
        }
        return try await upload.finish()
    } catch {
        await upload.abandon()
        throw error
    }
}

extension ArtifactInfo {
    /// For programs.
    var json: JSON {
        var object: JSONObject = [
            "digest": .string(digest.text), "type": .string(type.text), "bytes": .number(Double(bytes)),
            "created": .string(created.rfc3339), "expires": expires.map { .string($0.rfc3339) } ?? .null,
        ]
        if let sender { object["sender"] = .string(sender.text) }
        if name != digest.text { object["name"] = .string(name) }
        return .object(object)
    }
}

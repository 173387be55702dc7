import ArgumentParser
import NimmerBus
import NimmerOutput
import NimmerWave

/// Emits one wave, from a shell script for example.
struct WaveEmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emit",
        abstract: "Emit one wave, as a cell would.",
        discussion: """
            Makes a cell of any script, in one line:

              nimmer wave emit --cell door --confidence 0.8 --content '{"open": true}'

            One witness never opens a gate: emit two waves about one region from two origins to see one open.
            """)

    @Option(help: ArgumentHelp("The cell that speaks; its name becomes part of the subject.", valueName: "name"))
    var cell: String

    @Option(help: ArgumentHelp("What the wave is about. Default: the cell's name.", valueName: "token"))
    var domain: String?

    @Option(help: ArgumentHelp("How sure the cell is, 0 to 1.", valueName: "number"))
    var confidence: Double

    @Option(help: ArgumentHelp("What was seen: a JSON object.", valueName: "json"))
    var content = "{}"

    @Option(help: ArgumentHelp("The semantic region, such as plant.pump. Default: the domain.", valueName: "region"))
    var region: String?

    @Option(
        help: ArgumentHelp(
            "What makes this witness independent. Default: the cell's name; any other must be granted by the system file.",
            valueName: "token"))
    var origin: String?

    @Flag(help: "The wave denies instead of asserting.")
    var denies = false

    @Option(help: ArgumentHelp("Energy spent, in lifeforce units.", valueName: "number"))
    var cost = 0.0

    @Option(help: ArgumentHelp("Ties the wave to what caused it, at most 64 bytes.", valueName: "text"))
    var correlation: String?

    @Option(
        help: ArgumentHelp(
            "A file that is too big for a wave, such as a picture: it is stored as an artifact that the wave names; eight at most.",
            valueName: "file"), completion: .file())
    var artifact: [String] = []

    @Flag(help: "The wave belongs to the virtual garden: an experiment, not this world.")
    var virtual = false

    @Flag(help: "Only print the message; send nothing.")
    var dryRun = false

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        var message = try message(at: .now(), artifacts: [])
        let subject = Subject.wave(environment, cell: try token("--cell", cell))
        guard artifact.count <= ArtifactReference.most else {
            throw Failure(
                .usage, "--artifact: a wave names \(ArtifactReference.most) artifacts at most; found \(artifact.count)")
        }
        if dryRun {
            // Nothing is put: the files are named as they would be.
            message = try self.message(at: .now(), artifacts: try artifact.map { try ArtifactSource.reference($0) })
            try Console.line(TerminalText(json: String(decoding: message.bytes, as: UTF8.self)))
            return
        }
        message = try await CommandConnection.with(server, environment) { bus in
            var artifacts: [ArtifactReference] = []
            for file in artifact {
                do {
                    let store = try await ArtifactAccess.store(environment, on: bus, makes: true)
                    let info = try await put(file, type: nil, into: store)
                    artifacts.append(
                        ArtifactReference(
                            digest: info.digest, type: info.type, bytes: Int(clamping: info.bytes)))
                } catch let error as ArtifactError { throw Failure(error) }
            }
            let message = try self.message(at: .now(), artifacts: artifacts)
            try await bus.publishChecked(
                subject, payload: message.bytes, headers: [Headers.messageID: message.id.text], timeout: .seconds(2))
            return message
        }
        if json.json {
            try Console.json(["id": .string(message.id.text), "subject": .string(subject.text)] as JSON)
        } else {
            try Console.line("emitted \(message.id.text) on \(subject.text)")
        }
    }

    /// The wave as it goes over the wire, checked by the decoder of all readers.
    func message(
        at now: Timestamp, artifacts: [ArtifactReference] = []
    ) throws -> (id: MessageID, bytes: [UInt8]) {
        let cellName = try token("--cell", cell)
        _ = try jsonObject(content, "--content", example: #"--content '{"open": true}'"#)
        let wave = WaveSignal(
            domain: try domain.map { try token("--domain", $0) } ?? cellName, confidence: confidence,
            semanticContent: .raw(Array(content.utf8)), lifeforceCost: cost,
            region: try region.map { try named("--region") { try Region($0) }($0) }, polarity: denies ? -1 : 1,
            origin: try origin.map { try token("--origin", $0) }, vector: nil, correlationID: correlation,
            artifacts: artifacts)
        let id = MessageID.v7()
        let source = Source(entityID: cellName.text, entityType: .cell, garden: virtual ? .virtual : .real, tier: 1)
        let bytes = Envelope(id: id, at: now, from: source, wave).encoded()
        do throws(Refusal) {
            _ = try AnyMessage.decode(bytes)
        } catch {
            throw Failure(
                .usage, "the options do not make a valid wave: \(error)",
                remedy: "`nimmer wave emit --help` lists what each option takes")
        }
        return (id, bytes)
    }

    private func token(_ option: String, _ text: String) throws -> Token {
        try named(option) { try Token($0) }(text)
    }

    private func named<Value>(_ option: String, _ make: @escaping (String) throws -> Value) -> (String) throws -> Value
    {
        { text in
            do {
                return try make(text)
            } catch {
                throw Failure(
                    .usage, "\(option): \(error)",
                    remedy: "letters a-z, digits, _ and -, beginning with a letter or digit")
            }
        }
    }
}

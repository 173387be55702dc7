import Glibc
import MindServers
import NimmerBus
import NimmerPlatform
import NimmerWave
import Synchronization
import Testing

@testable import NimmerServers

/// Artifacts from end to end: the command line, nats-py, cells that hand them over, a mind that sees.
@Suite("Artifacts", .enabled(Prerequisites.note, Prerequisites.areMet), .serialized, .timeLimit(.minutes(5)))
struct ArtifactTests {
    private static func content(_ seed: Int, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ ($0 >> 8) &+ seed &* 7) }
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        try #require(file >= 0)
        defer { close(file) }
        try #require(SmallFile.put(bytes, to: file))
    }

    private static func read(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return SmallFile.bytes(of: file)
    }

    /// A server without identities, and `nimmer` beside it.
    private static func with(
        _ binary: NATSBinary, _ body: (_ desk: TestSystem, _ url: String) async throws -> Void
    ) async throws {
        let desk = try TestSystem(server: binary)
        defer { desk.remove() }
        let options = NATSServerOptions(folder: desk.folder + "/nats", binary: binary.path, name: "artifacts")
        mkdir(desk.folder + "/nats", 0o755)
        let server = try await NATSServer.start(options)
        do { try await body(desk, server.url) } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private static func python(_ words: [String], on url: String) async throws -> [String] {
        let program = try #require(await Prerequisites.python())
        let answer = try await ChildProcess.run(
            ChildCommand(program, [Prerequisites.fixture("objects.py"), url, "DEV-ARTIFACTS"] + words),
            limit: .seconds(60))
        #expect(answer.status.isSuccess, "\(words): \(answer.lines.map(\.text))")
        return answer.lines.filter { $0.stream == .output }.map(\.text)
    }

    @Test("the command line puts, lists, gets and removes", arguments: await NATSBinary.installed())
    func commands(_ binary: NATSBinary) async throws {
        try await Self.with(binary) { desk, url in
            let server = ["--server", url]
            func nimmer(_ words: [String], expect: Int32 = 0) async throws -> [String] {
                let answer = try await ChildProcess.run(
                    desk.command(["artifact"] + words + server), limit: .seconds(60))
                let lines = answer.lines.map(\.text)
                #expect(answer.status == .exited(expect), "\(words): \(lines)")
                return lines
            }
            #expect(try await nimmer(["ls"]) == ["no artifacts"])
            _ = try await nimmer(["get", "abcd", "-o", "x"], expect: 1)
            let bytes = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] + Self.content(1, 3_000_000)
            let digest = ArtifactDigest(of: bytes)
            try Self.write(bytes, to: desk.folder + "/frame.bin")
            let put = try await nimmer(["put", "frame.bin"])
            #expect(put.first?.hasPrefix("\(digest.text)  image/png") == true, "\(put)")
            _ = try await nimmer(["put", "frame.bin", "--type", "image/png", "--json"])
            let list = try await JSON(parsing: nimmer(["ls", "--json"]).joined(separator: "\n"))
            #expect(list["artifacts"]?.array?.map { $0["digest"]?.string } == [digest.text])
            #expect(list["bytes"]?.int == bytes.count)
            let prefix = String(digest.text.prefix(6))
            _ = try await nimmer(["get", prefix, "-o", "copy.png"])
            #expect(Self.read(desk.folder + "/copy.png") == bytes)
            // A folder: the digest becomes the name.
            mkdir(desk.folder + "/pictures", 0o755)
            _ = try await nimmer(["get", prefix.uppercased(), "-o", "pictures"])
            #expect(Self.read("\(desk.folder)/pictures/\(digest.text).png") == bytes)
            _ = try await nimmer(["get", "ab"], expect: 64)
            _ = try await nimmer(["put", "absent.png"], expect: 66)
            let wrong = try await nimmer(["put", "frame.bin", "--type", "Image PNG"], expect: 64)
            #expect(wrong.first?.contains("media type") == true, "\(wrong)")
            // Above the bound of one.
            let large = desk.folder + "/large"
            let file = open(large, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            #expect(ftruncate(file, 33 << 20) == 0)
            close(file)
            let refused = try await nimmer(["put", "large"], expect: 1)
            #expect(refused.first?.contains("33554432") == true, "\(refused)")
            _ = try await nimmer(["rm", prefix])
            #expect(try await nimmer(["ls"]) == ["no artifacts"])
            _ = try await nimmer(["rm", prefix], expect: 1)
        }
    }

    @Test(
        "nats-py gets what nimmer put, and nimmer what nats-py put",
        .enabled("no python3 with nats-py; install it with: pip install nats-py") {
            await Prerequisites.python() != nil
        }, arguments: await NATSBinary.installed())
    func bothWays(_ binary: NATSBinary) async throws {
        try await Self.with(binary) { desk, url in
            func nimmer(_ words: [String], expect: Int32 = 0) async throws -> [String] {
                let answer = try await ChildProcess.run(
                    desk.command(["artifact"] + words + ["--server", url]), limit: .seconds(60))
                #expect(answer.status == .exited(expect), "\(words): \(answer.lines.map(\.text))")
                return answer.lines.map(\.text)
            }
            let ours = Self.content(3, 300_000)
            let digest = ArtifactDigest(of: ours)
            try Self.write(ours, to: desk.folder + "/ours.wav")
            _ = try await nimmer(["put", "ours.wav"])
            #expect(try await Self.python(["list"], on: url) == ["\(digest.text) 300000 audio/wav"])
            #expect(try await Self.python(["get", digest.text], on: url) == ["300000 \(digest.text)"])

            // A name that no path may become, in chunks of another size.
            let theirs = ArtifactDigest(of: Self.content(4, 350_000))
            let name = "a picture.png/../../x"
            let put = try await Self.python(["put", name, "4", "350000", "image/png"], on: url)
            #expect(put == ["350000 \(theirs.text)"])
            let listed = try await JSON(parsing: nimmer(["ls", "--json"]).joined(separator: "\n"))
            #expect(listed["artifacts"]?.array?.map { $0["name"]?.string } == [nil, name])
            mkdir(desk.folder + "/out", 0o755)
            _ = try await nimmer(["get", theirs.short, "-o", "out"])
            #expect(Self.read("\(desk.folder)/out/\(theirs.text).png") == Self.content(4, 350_000))
            _ = try await nimmer(["get", name, "-o", "out/named.png"])
            #expect(Self.read(desk.folder + "/out/named.png") == Self.content(4, 350_000))
            #expect(SmallFile.names(in: desk.folder + "/out").count == 2)

            // Links: one step, within the bucket.
            _ = try await Self.python(["link", "shortcut", "DEV-ARTIFACTS", name], on: url)
            _ = try await Self.python(["link", "outside", "KV_DEV-LEARNED", "math"], on: url)
            #expect(try await Self.python(["get", "shortcut"], on: url) == ["350000 \(theirs.text)"])
            let links = try await JSON(parsing: nimmer(["ls", "--json"]).joined(separator: "\n"))
            #expect(links["artifacts"]?.array?.map { $0["name"]?.string } == [nil, name, "shortcut"])
            #expect(links["others"]?.array?.map { $0["name"]?.string } == ["outside"])

            // Chunks without a description: those of ours go after an hour.
            _ = try await Self.python(["half", "0190f5fe-7c2a-7b3e-8d55-1c1f6f3a9b10", "1000"], on: url)
            _ = try await nimmer(["put", "ours.wav"])
            #expect(try await Self.python(["chunks"], on: url).count == 2)

            // Each removes what the other put, chunks included.
            _ = try await Self.python(["delete", digest.text], on: url)
            _ = try await nimmer(["get", digest.short, "-o", "gone"], expect: 1)
            _ = try await nimmer(["rm", theirs.short])
            #expect(try await Self.python(["list"], on: url).filter { !$0.hasPrefix("outside") } == [])
            #expect(try await Self.python(["chunks"], on: url) == [])
            _ = try await nimmer(["put", "ours.wav"])
            #expect(try await Self.python(["get", digest.text], on: url) == ["300000 \(digest.text)"])
        }
    }

    @Test("a mind that sees gets the picture that witnesses name, and the record names what it did not get")
    func seeing() async throws {
        let picture: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] + Self.content(1, 40_000)
        let sound = Self.content(2, 1_000)
        let answer = #"{"reason": "seen", "action": "inspect", "confidence": 1, "unsure": false}"#
        for kind in ServedProtocol.allCases {
            try await FaultServer.run { _ in
                kind.stream(answer)
            } _: { server in
                let settings = """
                      minds:
                        - {name: eye, kind: \(kind.rawValue), url: "\(server.url)", model: m, sees: true, timeout_ms: 60000}
                    """
                try await BridgeBench.run(bridge: settings) { bench in
                    let store = try await StreamArtifactStore.open(.dev, on: bench.bus)
                    let shown = try await store.put(picture, type: try MediaType("image/png"))
                    let heard = try await store.put(sound, type: try MediaType("audio/wav"))
                    try await bench.startAndWait()
                    var request = try BridgeBench.request("seen")
                    let named: [JSON] = [shown, heard].map {
                        [
                            "digest": .string($0.digest.text), "type": .string($0.type.text),
                            "bytes": .number(Double($0.bytes)),
                        ]
                    }
                    request.structuredInput = [
                        "region": "plant", "opened_at": .string(Timestamp.now().rfc3339),
                        "witnesses": [["source": "camera", "confidence": 0.9, "artifacts": .array(named)]],
                    ]
                    try await bench.ask(request)
                    let response = try await bench.response(to: request)
                    let asked = try #require(response.record?.asked.first)
                    #expect(asked.verdict == "valid" && asked.saw == [shown.digest], "\(asked)")
                    #expect(asked.leftOut.count == 1 && asked.leftOut[0].contains("not an image"), "\(asked.leftOut)")
                    let body = try #require(server.requests.last { $0.line.hasPrefix("POST ") }?.bodyText)
                    // Its first bytes in base64.
                    #expect(body.contains(kind == .ollama ? "iVBORw0KGgo" : "data:image/png;base64,iVBORw0KGgo"))
                }
            }
        }
    }

    @Test("what a cell hands over is stored by the hippocampus, and its wave's name for it is remembered")
    func handedOver() async throws {
        let desk = try TestSystem()
        defer { desk.remove() }
        let up = try await desk.up()
        do {
            let bus = try await desk.bus("camera")
            let bytes = Self.content(5, 300_000)
            let png = try MediaType("image/png")
            // Answers go to the inbox of the one that the subject names.
            let sender = try #require(bus.identity)
            let named = try await ArtifactHandover.put(
                bytes, type: png, from: sender, in: .dev, on: bus, timeout: .seconds(120))
            let store = try await StreamArtifactStore.existing(.dev, on: bus)
            #expect(try await store.contents(named.digest, atMost: .max) == bytes)
            #expect(try await store.describe(named.digest)?.sender == sender)
            // Two witnesses open the gate; one of them names the picture.
            for (cell, artifacts) in [("camera", [named]), ("nose", [])] as [(String, [ArtifactReference])] {
                let wave = WaveSignal(
                    domain: try Token(cell), confidence: 0.97, semanticContent: [:], region: try Region("smoke"),
                    artifacts: artifacts)
                let id = MessageID.v7()
                let message = Envelope(id: id, at: .now(), from: Source(entityID: cell, entityType: .cell), wave)
                try bus.publish(
                    .wave(.dev, cell: try Token(cell)), payload: message.encoded(),
                    headers: [Headers.messageID: id.text])
            }
            try await bus.flush(timeout: .seconds(60))
            let deadline = ContinuousClock.now + .seconds(120)
            var opening: Envelope<GateTransition>?
            while opening == nil, ContinuousClock.now < deadline {
                let stored = try? await bus.lastMessage(
                    stream: SystemStreams.transitions(.dev),
                    subject: .transition(.dev, gate: GateID(region: try Region("smoke"))))
                opening = stored.flatMap { try? Envelope<GateTransition>(decoding: $0.message.payload) }
                    .flatMap { $0.body.collapse == nil ? nil : $0 }
            }
            let found = try #require(opening)
            #expect(found.body.collapse?.witnesses.flatMap(\.artifacts) == [named])
            var trail: [String] = []
            while !trail.contains(where: { $0.contains(named.digest.short) }), ContinuousClock.now < deadline {
                let answer = try await ChildProcess.run(
                    desk.command(["memory", "why", found.header.messageID.text]), limit: .seconds(60))
                trail = answer.lines.map(\.text)
            }
            #expect(trail.contains { $0.contains("artifact") && $0.contains("image/png 300000 B") }, "\(trail)")
            await bus.close()
        } catch {
            print(up.log.lines.joined(separator: "\n"))
            await up.child.terminate(grace: .seconds(60))
            throw error
        }
        await up.child.terminate(grace: .seconds(60))
    }
}

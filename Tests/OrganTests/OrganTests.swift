import Glibc
import IdentifiedServers
import MindServers
import NimmerBus
import NimmerBusNATS
import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

/// Two organs as processes, on a real bus, each with a real model server of its own, taking turns at one card.
@Suite(.serialized, .timeLimit(.minutes(5))) struct OrganTests {
    private static let products: String = {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        return String(decoding: buffer[..<max(0, count)].prefix { $0 != 0 }, as: UTF8.self)
            .split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
    }()

    struct Place {
        let folder: String
        let bus: NATSBus
        let nats: IdentifiedServer

        func ask(_ organ: String, _ verb: String, _ payload: JSON = [:], seconds: Int = 60) async throws
            -> CommandResult
        {
            let order = Command(command: verb, payload: payload, deadlineMilliseconds: seconds * 1000, cause: "test")
            let message = Envelope(
                id: .v7(), at: .now(), from: Source(entityID: "test", entityType: .service), order)
            let answer = try await bus.request(
                .organ(.dev, organ: Token(organ), verb: Token(verb)), payload: message.encoded(),
                timeout: .seconds(seconds + 5))
            return try Envelope<CommandResult>(decoding: answer.payload).body
        }

        /// Runs `nimmer organ …`.
        func nimmer(_ words: String...) async throws -> (status: ChildExit, lines: [String]) {
            try await run(["organ"] + words)
        }

        /// Runs `nimmer iris …`.
        func iris(_ words: String...) async throws -> (status: ChildExit, lines: [String]) {
            try await run(["iris"] + words)
        }

        private func run(_ words: [String]) async throws -> (status: ChildExit, lines: [String]) {
            let command = ChildCommand(products + "/nimmer", words + ["--server", nats.clientURL])
            let answer = try await ChildProcess.run(command)
            return (answer.status, answer.lines.map(\.text))
        }

        func isLoaded(_ organ: String) async throws -> Bool {
            try await ask(organ, "state").result["loaded"]?.bool == true
        }

        /// Waits until an organ is loaded, or is not.
        func until(_ organ: String, isLoaded wanted: Bool) async throws -> Bool {
            for _ in 0..<1200 {
                if try await isLoaded(organ) == wanted { return true }
                try await Task.sleep(for: .milliseconds(100))
            }
            return false
        }
    }

    static func withOrgans(_ names: [String], _ yaml: String, _ body: (Place) async throws -> Void) async throws {
        var template = Array("/tmp/nimmer-organ-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        let system = "nimmerverse: 1\nname: organs\n" + yaml
        let file = try #require(fopen(folder + "/system.yaml", "w"))
        fputs(system, file)
        fclose(file)
        let nats = try await IdentifiedServer.start(system, in: folder, try await NATSBinary.choose())
        var organs: [ChildProcess] = []
        var problem: (any Error)?
        do {
            for name in names {
                let command = ChildCommand(
                    products + "/organ",
                    ["--name", name, "--system", folder + "/system.yaml", "--lock-folder", folder + "/cards"],
                    environment: nats.variables(for: name))
                organs.append(try await ChildProcess.spawn(command))
            }
            let bus = try await NATSBus.open(nats.client("test"))
            let place = Place(folder: folder, bus: bus, nats: nats)
            for name in names {
                var isThere = false
                for _ in 0..<2400 where !isThere {
                    isThere = (try? await place.ask(name, "state").status) == .ok
                    if !isThere { try await Task.sleep(for: .milliseconds(50)) }
                }
                #expect(isThere, "\(name) does not answer")
            }
            try await body(place)
            await bus.close()
        } catch { problem = error }
        for organ in organs {
            let exit = await organ.terminate(grace: .seconds(60))
            #expect(exit.isSuccess, "an organ was asked to stop and ended with \(exit)")
        }
        await nats.server.stop()
        _ = try await ChildProcess.run(ChildCommand("rm", ["-rf", folder]))
        if let problem { throw problem }
    }

    @Test(.enabled(SmallModel.note, SmallModel.isThere))
    func twoOrgansTakeTurnsAtOneCard() async throws {
        let command = try #require(await SmallModel.command())
        let words = JSON.array(command.map { .string($0) }).text
        let vectors = JSON.array((command + ["--embeddings"]).map { .string($0) }).text
        let yaml = """
            organs:
              - {name: language, kind: openai, model: small, card: gpu0, warm_ms: 600000, command: \(words)}
              - {name: vectors, kind: openai, model: small, card: gpu0, warm_ms: 1000, command: \(vectors)}
            """
        try await Self.withOrgans(["language", "vectors"], yaml) { place in
            #expect(try await place.isLoaded("language") == false)

            let schema: JSON = [
                "type": "object", "required": ["colour"], "additionalProperties": false,
                "properties": ["colour": ["enum": ["red", "green", "blue"]]],
            ]
            let answer = try await place.ask(
                "language", "ask", ["prompt": "What colour is the sky?", "schema": schema, "max_tokens": 32])
            #expect(answer.status == .ok, "\(answer.error ?? "")")
            #expect(["red", "green", "blue"].contains(answer.result["value"]?["colour"]?.string ?? ""))
            #expect((answer.result["completion_tokens"]?.int ?? 0) > 0)
            #expect(try await place.isLoaded("language"), "it is kept warm")

            // The card is held by the first; it gives it back when the second asks.
            let embedded = try await place.ask("vectors", "embed", ["texts": ["a warm pump", "a cold pump"]])
            #expect(embedded.status == .ok, "\(embedded.error ?? "")")
            let lists = embedded.result["vectors"]?.array ?? []
            #expect(lists.count == 2 && lists.allSatisfy { $0.array?.count == 576 })
            #expect(try await place.isLoaded("language") == false, "one model per card")

            // Not asked for a second, the second unloads by itself; then the first loads again.
            #expect(try await place.until("vectors", isLoaded: false))
            let again = try await place.ask("language", "ask", ["prompt": "Hello", "max_tokens": 16])
            #expect(again.status == .ok && again.result["text"]?.string?.isEmpty == false)
            let state = try await place.ask("language", "state").result
            #expect(state["loads"]?.int == 2 && state["processed"]?.int == 2 && state["waiting"]?.int == 0)

            // A person asks with the tool.
            let file = place.folder + "/schema.json"
            let stream = try #require(fopen(file, "w"))
            fputs(schema.text, stream)
            fclose(stream)
            let (status, lines) = try await place.nimmer("ask", "language", "What colour is grass?", "--schema", file)
            let said = try JSON(parsing: lines.first ?? "")
            #expect(status == .exited(0), "\(lines)")
            #expect(["red", "green", "blue"].contains(said["colour"]?.string ?? ""), "\(lines)")
            let told = try await place.nimmer("state", "language")
            #expect(told.status == .exited(0) && told.lines.contains { $0.hasPrefix("loaded") && $0.hasSuffix("true") })
            let nobody = try await place.nimmer("state", "nobody")
            #expect(nobody.status == .exited(69) && nobody.lines.first?.contains("no organ nobody is running") == true)

            // What makes no sense is refused with the reason, and reaches no model.
            let wrong = try await place.nimmer("ask", "language", "hello", "--temperature", "9")
            let complaint = "language refuses: payload.temperature must be a number from 0 to 2; found 9"
            #expect(wrong.status == .exited(1) && wrong.lines.first?.hasSuffix(complaint) == true, "\(wrong)")
            let refused = try await place.ask("language", "ask", ["prompt": 7])
            #expect(refused.status == .refused && refused.error?.contains("must be a text") == true)
        }
    }

    @Test func aModelThatCannotBeLoadedIsReported() async throws {
        let yaml = """
            organs:
              - {name: broken, kind: openai, model: small, load_timeout_ms: 60000, command: [/bin/false, "{port}"]}
              - {name: nobody, kind: ollama, model: small, load_timeout_ms: 5000, url: "http://127.0.0.1:1"}
            """
        try await Self.withOrgans(["broken", "nobody"], yaml) { place in
            let broken = try await place.ask("broken", "ask", ["prompt": "Hello"])
            #expect(broken.status == .error)
            #expect(broken.error?.contains("cannot be loaded: /bin/false ended") == true, "\(broken.error ?? "")")
            let nobody = try await place.ask("nobody", "embed", ["texts": ["Hello"]])
            #expect(nobody.error?.contains("http://127.0.0.1:1 cannot be reached") == true, "\(nobody.error ?? "")")
        }
    }

    @Test func ollamaIsToldToLoadToKeepAndToUnload() async throws {
        try await FaultServer.run { server in
            server.answer { request in
                switch request.line.split(separator: " ").dropFirst().first ?? "" {
                case "/api/embed": Reply.page("200 OK", #"{"embeddings":[[0.5,0.25]]}"#)
                case "/api/chat" where request.bodyText.contains("\"messages\":[]"):
                    Reply.page("200 OK", #"{"message":{"content":""},"done":true,"done_reason":"load"}"#)
                case "/api/chat": ServedProtocol.ollama.stream("Hello")
                default: Reply.page("404 Not Found", "{}")
                }
            }
            let yaml = """
                organs:
                  - {name: far, kind: ollama, model: "m:1b", warm_ms: 300, url: "\(server.url)"}
                """
            try await Self.withOrgans(["far"], yaml) { place in
                let answer = try await place.ask("far", "ask", ["prompt": "Hi"])
                #expect(answer.result["text"]?.string == "Hello")
                let embedded = try await place.ask("far", "embed", ["texts": ["Hi"]])
                #expect(embedded.result["vectors"] == [[0.5, 0.25]], "\(embedded.error ?? "")")
                #expect(try await place.until("far", isLoaded: false))
            }
            let bodies = try server.requests.map { try JSON(parsing: $0.body) }
            #expect(bodies.first?["keep_alive"]?.string == "60s" && bodies.first?["messages"] == [])
            #expect(bodies.last?["keep_alive"]?.string == "0s" && bodies.last?["messages"] == [])
            #expect(bodies.contains { $0["messages"]?[1]?["content"]?.string == "Hi" })
        }
    }
}

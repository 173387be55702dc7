import Glibc
import NimmerBus
import NimmerBusNATS
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// The private nats-server of `nimmer up`: its owner's commands find what it asks for, nobody else gets in.
@Suite("The private server", .enabled(Prerequisites.note, Prerequisites.areMet), .serialized, .timeLimit(.minutes(5)))
struct PrivateServerTests {
    private static let sum = #"{"operation": "addition", "operands": [15, 27]}"#

    /// A desk with a sensor and a part of its own, whose devices stand in the system file.
    private static let devices = """
        nimmerverse: 1
        name: desk
        cells:
          - {name: math, kind: math/v1}
          - name: wheels
            command: [/bin/sleep, "1000"]
            subjects: {publish: [robot.wheels], subscribe: [robot.button]}
        """

    private static func variables(_ desk: TestSystem) async throws -> [String: String] {
        var variables: [String: String] = [:]
        for line in try await desk.nimmer("env", "--export") {
            let words = try #require(line.split(separator: " ", maxSplits: 1).last)
            let parts = words.split(separator: "=", maxSplits: 1)
            variables[String(parts[0])] = String(parts[1].dropFirst().dropLast())
        }
        return variables
    }

    private static func run(
        on binary: NATSBinary, _ system: String = TestSystem.system, _ body: (TestSystem, Living) async throws -> Void
    ) async throws {
        let desk = try TestSystem(system, server: binary)
        defer { desk.remove() }
        let up = try await desk.up("--no-database")
        do { try await body(desk, up) } catch {
            print(up.log.lines.joined(separator: "\n"))
            await up.child.terminate(grace: .seconds(60))
            throw error
        }
        await up.child.terminate(grace: .seconds(60))
    }

    @Test(arguments: await NATSBinary.installed())
    func onlyItsOwnerGetsIn(_ binary: NATSBinary) async throws {
        try await Self.run(on: binary) { desk, up in
            let url = try #require(try await Self.variables(desk)["NIMMERVERSE_NATS_URL"])
            let error = await #expect(throws: BusError.self) {
                try await NATS.connector(BusSettings(url: url, name: "stranger", waitsForServer: false))
            }
            #expect(error?.code == .badCredentials && error?.message.contains("requires credentials") == true)
            #expect(
                up.log.lines.contains { $0.contains("it requires credentials") && $0.contains("nimmer env --export") })

            // In the folder, below it, and where the server is named.
            try SmallFile.makeFolder(desk.folder + "/a/b")
            for folder in ["", "/a/b"] {
                for more in [[], ["--server", url], ["--server", url.replacing("127.0.0.1", with: "localhost")]] {
                    let answer = try await ChildProcess.run(
                        desk.command(["cell", "ask", "math", Self.sum, "--timeout", "60"] + more, in: folder),
                        limit: .seconds(120))
                    #expect(answer.lines.contains { $0.text.contains("42") }, "\(folder) \(more): \(answer.lines)")
                }
            }
            // Elsewhere the server's name alone is not enough.
            let outside = try await ChildProcess.run(
                desk.command(["cell", "ask", "math", Self.sum, "--server", url], in: "/.."), limit: .seconds(120))
            #expect(outside.status == .exited(77))
            #expect(outside.lines.first?.text.contains("the server requires credentials") == true)
        }
    }

    @Test("another user reads no file of it and gets the reason", .enabled(if: getuid() == 0))
    func nobody() async throws {
        try await Self.run(on: try await NATSBinary.choose(), Self.devices) { desk, _ in
            let url = try #require(try await Self.variables(desk)["NIMMERVERSE_NATS_URL"])
            for (words, expected, status) in [
                (["cell", "ask", "math", Self.sum, "--server", url], "the server requires credentials", Int32(77)),
                (["cell", "list"], "is that of user root", 69), (["env", "--export"], "is that of user root", 77),
            ] {
                var command = desk.command(words)
                command.arguments =
                    [
                        "--reuid=65534", "--regid=65534", "--clear-groups", command.executable,
                    ] + command.arguments
                command.executable = "setpriv"
                let answer = try await ChildProcess.run(command, limit: .seconds(120))
                #expect(answer.status == .exited(status), "\(words)")
                #expect(answer.lines.contains { $0.text.contains(expected) }, "\(words): \(answer.lines)")
            }
            var open: [String] = []
            func look(_ path: String) {
                var status = stat()
                guard lstat(path, &status) == 0 else { return }
                if status.st_mode & S_IFMT == S_IFDIR {
                    // What lies below a folder that others may not enter is out of their reach.
                    guard status.st_mode & 0o001 != 0 else { return }
                    if status.st_mode & 0o066 != 0 { open.append(path) }
                    for name in SmallFile.names(in: path) { look(path + "/" + name) }
                } else if status.st_mode & 0o077 != 0 {
                    open.append(path)
                }
            }
            look(desk.folder + "/.nimmer/dev")
            #expect(open.isEmpty, "others may read \(open)")
            let home = desk.folder + "/.nimmer/dev"
            for path in ["auth/private.conf", "auth/owner.password", "auth/device.password", "nats/nats-server.conf"] {
                var status = stat()
                #expect(stat("\(home)/\(path)", &status) == 0 && status.st_mode & 0o077 == 0, "\(path)")
            }
        }
    }

    @Test(arguments: await NATSBinary.installed())
    func anyOtherClientFindsThemInTheShellsVariables(_ binary: NATSBinary) async throws {
        try await Self.run(on: binary) { desk, _ in
            let nimmer = WholeSystem.executable("nimmer")
            let script = "eval \"$('\(nimmer)' env --export)\" && cd / && '\(nimmer)' cell ask math '\(Self.sum)'"
            let shell = try await ChildProcess.run(
                desk.command(["-c", script], program: "/bin/sh"), limit: .seconds(120))
            #expect(shell.lines.first?.text.contains("42") == true, "\(shell.lines)")
            let address = try #require(try await Self.variables(desk)["NATS_URL"])
            #expect(address.contains("owner:"))
            let bus = try await NATS.connector(BusSettings(url: address, name: "plain", waitsForServer: false))
            let answer = try await bus.request(
                try Subject(foreign: "dev.nervous.cells.math.request"), payload: Array(Self.sum.utf8))
            #expect(String(decoding: answer.payload, as: UTF8.self).contains("42"))
            await bus.close()
        }
    }

    @Test func isStartedAgainFromAShellThatHasItsVariables() async throws {
        let desk = try TestSystem(TestSystem.system)
        defer { desk.remove() }
        let first = try await desk.up("--no-database")
        let variables = try await Self.variables(desk)
        await first.child.terminate(grace: .seconds(60))
        let second = try await desk.up("--no-database", variables: variables)
        #expect(!second.log.lines.contains { $0.contains("not ours") })
        await second.child.terminate(grace: .seconds(60))
    }

    @Test(arguments: await NATSBinary.installed())
    func keysAreReplacedWhileItRuns(_ binary: NATSBinary) async throws {
        try await Self.run(on: binary) { desk, up in
            let owner = desk.folder + "/.nimmer/dev/auth/keys/owner.nk"
            let old = desk.folder + "/owner.old"
            try SmallFile.write(try #require(SmallFile.read(owner)), to: old, mode: 0o600)
            #expect(
                try await desk.nimmer("auth", "rotate", "desk.yaml", "--all").contains { $0.contains("made new keys") })
            #expect(SmallFile.read(owner) != SmallFile.read(old))
            let ask = ["cell", "ask", "math", Self.sum, "--timeout", "60"]
            for file in [owner, old] {
                let answer = try await ChildProcess.run(
                    desk.command(ask + ["--credentials", file]), limit: .seconds(120))
                #expect(answer.status.isSuccess, "both are valid: \(answer.lines)")
            }
            #expect(
                try await desk.nimmer("auth", "list", "desk.yaml", "--name", "math").contains {
                    $0.contains("former key")
                })
            #expect(try await desk.nimmer("doctor").contains { $0.contains("former keys valid until") })

            #expect(
                try await desk.nimmer("auth", "rotate", "desk.yaml", "--finish", "--all").contains {
                    $0.contains("ended")
                })
            try await desk.emit(["first", "second"], about: "door", domain: "door", confidence: 0.9)
            try await up.says("◇ decision  door")
            #expect(
                try await desk.nimmer("cell", "ask", "math", Self.sum, "--timeout", "60").first?.contains("42") == true)
            // The server ends it when it has read its configuration, which it does by itself.
            var refused: (status: ChildExit, lines: [OutputLine])?
            repeat {
                refused = try await ChildProcess.run(
                    desk.command(ask + ["--credentials", old]), limit: .seconds(120))
            } while refused?.status.isSuccess == true
            #expect(!up.log.lines.contains { $0.contains("was ended") || $0.contains("ended with") })
            try await desk.nimmer("auth", "rotate", "other.yaml", "--all", expect: 64)
        }
    }

    @Test("a grant that is not allowed is named before anything starts")
    func wrongSystem() async throws {
        let desk = try TestSystem(
            "nimmerverse: 1\nname: desk\ncells:\n  - {name: eye, kind: sensor/v1, settings: {subject: dev.cognitive.bridge.response}}\n"
        )
        defer { desk.remove() }
        let lines = try await desk.nimmer("up", "desk.yaml", "--no-database", expect: 64)
        #expect(lines.contains { $0.contains("a device's subject") })
        #expect(!lines.contains { $0.contains("nats-server  nats://") })
        #expect(!SmallFile.exists(desk.folder + "/.nimmer/dev/nats"))
    }

    @Test(arguments: await NATSBinary.installed())
    func devicesSayAndHearTheirSubjectsOnly(_ binary: NATSBinary) async throws {
        try await Self.run(on: binary, Self.devices) { desk, up in
            let line = try #require(up.log.lines.first { $0.contains("  mqtt ") })
            #expect(line.contains("user device") && line.contains("device.password"))
            let port = try #require(
                line.split(separator: ":").dropFirst().first.flatMap { UInt16($0.prefix { $0.isNumber }) })
            let file = desk.folder + "/.nimmer/dev/auth/device.password"
            let password = try #require(SmallFile.read(file)?.split(separator: "\n").first.map { String($0) })
            #expect(!up.log.lines.contains { $0.contains(password) })

            let address = try #require(try await Self.variables(desk)["NATS_URL"])
            let bus = try await NATS.connector(BusSettings(url: address, name: "watch", waitsForServer: false))
            let feed = try await bus.messages(try SubjectPattern(">"), limit: 65_536)
            var heard = feed.makeAsyncIterator()
            func next(_ subject: String) async -> String? {
                while let message = await heard.next() {
                    #expect(!String(decoding: message.payload, as: UTF8.self).contains("forged"), "\(message.subject)")
                    if message.subject.text == subject { return String(decoding: message.payload, as: UTF8.self) }
                }
                return nil
            }

            #expect(MQTTDevice(port: port, name: "x", user: "device", password: "guessed")?.answer != 0)
            // A device speaks MQTT, and is no NATS client, who could name where it wants answers.
            let asClient = "nats://device:\(password)@\(try #require(address.split(separator: "@").last))"
            let refused = await #expect(throws: BusError.self) {
                try await NATS.connector(BusSettings(url: asClient, name: "device", waitsForServer: false))
            }
            #expect(refused?.code == .badCredentials)
            let device = try #require(
                MQTTDevice(
                    port: port, name: "button", user: "device", password: password,
                    will: ("dev/cognitive/bridge/response", "forged will")))
            #expect(device.answer == 0)
            #expect(device.publish("robot/button", "pressed"))
            #expect(await next("robot.button") == "pressed")
            #expect(device.subscribe("robot/wheels"))
            for topic in ["dev/#", "#", "robot/button", "$MQTT/#", "_INBOX/#"] {
                #expect(!device.subscribe(topic), "\(topic)")
            }
            try bus.publish(try Subject(foreign: "robot.wheels"), payload: Array("turn".utf8))
            let message = try #require(device.hears())
            #expect(message.topic == "robot/wheels" && message.text == "turn")

            // What it may not say is heard by nobody, neither now nor when it vanishes.
            _ = device.publish("dev/cognitive/bridge/response", "forged")
            device.vanish()
            let other = try #require(
                MQTTDevice(
                    port: port, name: "other", user: "device", password: password, will: ("robot/button", "gone")))
            other.vanish()
            #expect(await next("robot.button") == "gone")
            await bus.close()
            while let message = await heard.next() {
                #expect(!String(decoding: message.payload, as: UTF8.self).contains("forged"), "\(message.subject)")
            }
        }
    }
}

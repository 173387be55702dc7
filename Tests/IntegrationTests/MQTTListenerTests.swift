import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// Devices that speak MQTT, with a client of theirs (paho-mqtt), on the listener that the system file names.
@Suite(
    "The MQTT listener", .enabled(Prerequisites.note, Prerequisites.areMet), .serialized, .timeLimit(.minutes(5)))
struct MQTTListenerTests {
    /// A Python that has paho-mqtt.
    @Sendable static func python() async -> String? {
        let named = ChildCommand.inheritedEnvironment["NIMMER_PYTHON"].map { [$0] } ?? []
        for candidate in named + Executables.all("python3") {
            let answer = try? await ChildProcess.run(ChildCommand(candidate, ["-c", "import paho.mqtt.client"]))
            if answer?.status.isSuccess == true { return candidate }
        }
        return nil
    }

    private static let note: Comment = "no python3 with paho-mqtt; install it with: pip install paho-mqtt"

    private static func publish(
        _ port: UInt16, _ password: String, _ words: [String]
    ) async throws -> (status: ChildExit, lines: [OutputLine]) {
        let script = Prerequisites.fixture("mqtt_device.py")
        return try await ChildProcess.run(
            ChildCommand(try #require(await python()), [script, "127.0.0.1", "\(port)", "device", password] + words),
            limit: .seconds(60))
    }

    private static func system(_ port: UInt16) -> String {
        """
        nimmerverse: 1
        name: desk
        mqtt: {port: \(port)}
        cells:
          - {name: water, kind: sensor/v1, settings: {subject: tele/hotWater/SENSOR, path: AM2301.temperature}}
          - {name: doors, kind: sensor/v1, settings: {subject: zigbee2mqtt/+/contact}}
        """
    }

    @Test(
        "a retained and a plain message reach a sensor cell by their topics; who has no password gets nowhere",
        .enabled(note) { await python() != nil }, arguments: await NATSBinary.installed())
    func messages(_ binary: NATSBinary) async throws {
        let port = try LoopbackPort.free()
        let desk = try TestSystem(Self.system(port), server: binary)
        defer { desk.remove() }
        let up = try await desk.up("--no-database")
        do {
            #expect(up.log.lines.contains { $0.contains("  mqtt         127.0.0.1:\(port)  user device") })
            let file = desk.folder + "/.nimmer/dev/auth/device.password"
            let password = try #require(SmallFile.read(file)?.split(separator: "\n").first.map { String($0) })
            // It reads its subject from the moment at which it answers with its counters.
            for cell in ["water", "doors"] {
                while try await Self.statistics(of: cell, desk)["messages_in"] == nil {}
            }
            let json = #"{"AM2301": {"temperature": 48.5}}"#
            let retained = try await Self.publish(
                port, password, ["tele/hotWater/SENSOR=\(json)", "zigbee2mqtt/front/contact=1", "--retain"])
            #expect(retained.status.isSuccess, "\(retained.lines.map(\.text))")
            let plain = try await Self.publish(
                port, password, ["tele/hotWater/SENSOR=\(json)", "zigbee2mqtt/back/contact=0"])
            #expect(plain.status.isSuccess, "\(plain.lines.map(\.text))")
            for cell in ["water", "doors"] {
                while true {
                    let data = try await Self.statistics(of: cell, desk)
                    #expect(data["messages_rejected"]?.int == 0)
                    if data["messages_in"]?.int == 2 { break }
                }
            }
            let wrong = try await Self.publish(port, "guessed", ["tele/hotWater/SENSOR=\(json)"])
            #expect(wrong.status == .exited(5), "\(wrong.lines.map(\.text))")
        } catch {
            print(up.log.lines.joined(separator: "\n"))
            await up.child.terminate(grace: .seconds(60))
            throw error
        }
        await up.child.terminate(grace: .seconds(60))
    }

    private static func statistics(of cell: String, _ desk: TestSystem) async throws -> JSON {
        let cells = try await desk.json("cell", "list", "--json")
        let entry = cells.array?.first { $0["name"]?.string == cell } ?? .null
        return entry["data"] ?? entry
    }

    @Test("a port that another program has is named before anything starts")
    func taken() async throws {
        let holder = try LoopbackPort.free()
        var options = NATSServerOptions(folder: "")
        let place = try TestSystem()
        defer { place.remove() }
        options.folder = place.folder + "/other"
        options.port = holder
        let other = try await NATSServer.start(options)
        let desk = try TestSystem(Self.system(holder))
        defer { desk.remove() }
        let lines = try await desk.nimmer("up", "desk.yaml", "--no-database", expect: 69)
        #expect(lines.contains { $0.contains("port \(holder) for MQTT is in use") }, "\(lines)")
        await other.stop()
    }
}

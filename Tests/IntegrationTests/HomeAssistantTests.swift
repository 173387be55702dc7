import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// docs/tutorial/home-assistant.md, with an MQTT client in Home Assistant's place.
@Suite(
    "Home Assistant", .enabled(Prerequisites.note, Prerequisites.areMet), .serialized, .timeLimit(.minutes(5)))
struct HomeAssistantTests {
    static let page = "docs/tutorial/home-assistant.md"

    /// The blocks of a language on a page, in order.
    static func blocks(_ language: String, of page: String) throws -> [String] {
        let text = try #require(SmallFile.read(NewPackages.root + "/" + page))
        var blocks: [String] = []
        var current: [Substring]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "```\(language)" {
                current = []
            } else if line == "```", let lines = current {
                blocks.append(lines.joined(separator: "\n"))
                current = nil
            } else {
                current?.append(line)
            }
        }
        return blocks
    }

    private static let note: Comment = "no python3 with paho-mqtt; install it with: pip install paho-mqtt"

    /// Readings that are calm for so many, and then far away.
    private static func readings(calm: Int, normal: Double, then: Double) -> String {
        let noise = [0, 0.1, -0.1, 0.2, 0, -0.2, 0.1, 0, -0.1]
        let first = (0..<calm).map { JSON.number(((normal + noise[$0 % noise.count]) * 10).rounded() / 10).text }
        let gap = ["unavailable", "unknown"]
        let last = (0..<60).map { JSON.number(((then + noise[$0 % noise.count]) * 10).rounded() / 10).text }
        return (first.prefix(calm / 2) + gap + first.suffix(calm - calm / 2) + last).joined(separator: ",")
    }

    @Test("the page's system file has no mistake")
    func check() async throws {
        let yaml = try Self.blocks("yaml", of: Self.page)
        #expect(yaml.count == 2)
        let desk = try TestSystem(yaml[0])
        defer { desk.remove() }
        let lines = try await desk.nimmer("check", "desk.yaml")
        #expect(lines.contains { $0.contains("ha.sensor.living_temperature.state") }, "\(lines)")
    }

    @Test("the topics of statestream are those that the cells hear, and the entity's is the motor's")
    func topics() throws {
        let yaml = try Self.blocks("yaml", of: Self.page)
        let stream = yaml[1].split(separator: "\n").map { $0.drop { $0 == " " || $0 == "-" } }
        let base = try #require(stream.first { $0.hasPrefix("base_topic: ") }?.dropFirst("base_topic: ".count))
        let entities = stream.filter { $0.hasPrefix("sensor.") }
        #expect(entities.count == 2)
        for entity in entities {
            let topic = "\(base)/\(entity.replacing(".", with: "/"))/state"
            let isHeard = yaml[0].includes("subject: \(topic),")
            #expect(isHeard, "\(topic)")
        }
        let json = try Self.blocks("json", of: Self.page).map { try JSON(parsing: $0) }
        #expect(json.count == 2)
        let motor = yaml[0].includes("publish: {alert: \(json[1]["state_topic"]?.string ?? "")}")
        #expect(motor)
        #expect(json[0]["command"]?.string == "alert")
    }

    @Test(
        "states reach the cells, and the alert comes back as the value of the discovered entity",
        .enabled(note) { await MQTTListenerTests.python() != nil }, arguments: await NATSBinary.installed())
    func bothWays(_ binary: NATSBinary) async throws {
        let yaml = try Self.blocks("yaml", of: Self.page)
        let json = try Self.blocks("json", of: Self.page)
        let port = try LoopbackPort.free()
        let text = yaml[0].replacing("port: 1883", with: "port: \(port)")
            .replacing("host: 192.168.1.10 ", with: "host: 127.0.0.1 ")
        try #require(text.includes("port: \(port)") && text.includes("host: 127.0.0.1 "))
        let desk = try TestSystem(text, server: binary)
        defer { desk.remove() }
        let up = try await desk.up("--no-database")
        do {
            let file = desk.folder + "/.nimmer/dev/auth/device.password"
            let password = try #require(SmallFile.read(file)?.split(separator: "\n").first.map { String($0) })
            for cell in ["living-temperature", "living-humidity", "home-assistant"] {
                while try await Self.entry(cell, desk) == nil {}
            }
            try SmallFile.write(json[1], to: desk.folder + "/alert.json")
            let answer = try await ChildProcess.run(
                ChildCommand(
                    try #require(await MQTTListenerTests.python()),
                    [
                        Prerequisites.fixture("home_assistant.py"), "127.0.0.1", "\(port)", "device", password,
                        "homeassistant/binary_sensor/nimmer_alert/config", desk.folder + "/alert.json",
                        "ha/sensor/living_humidity/state=" + Self.readings(calm: 20, normal: 45, then: 45),
                        "ha/sensor/living_temperature/state=" + Self.readings(calm: 450, normal: 21, then: 5),
                    ]), limit: .seconds(120))
            let lines = answer.lines.map(\.text)
            #expect(answer.status.isSuccess, "\(lines)")
            let message = lines.first { $0.hasPrefix("message ") }?.dropFirst("message ".count)
            #expect(try message.map { try JSON(parsing: String($0)) } == JSON(parsing: json[0]), "\(lines)")
            #expect(lines.last == "value ON", "\(lines)")
            for cell in ["living-temperature", "living-humidity"] {
                let data = try #require(try await Self.entry(cell, desk)?["data"])
                #expect(data["messages_rejected"]?.int == 0, "\(cell): \(data.text)")
            }
            try await desk.nimmer(
                "cell", "ask", "home-assistant", "--timeout", "60", "--command", "alert", #"{"state": "OFF"}"#)
        } catch {
            print(up.log.lines.joined(separator: "\n"))
            await up.child.terminate(grace: .seconds(60))
            throw error
        }
        await up.child.terminate(grace: .seconds(60))
    }

    /// A cell as it answers, once it counts.
    private static func entry(_ name: String, _ desk: TestSystem) async throws -> JSON? {
        let cells = try await desk.json("cell", "list", "--json")
        return cells.array?.first { $0["name"]?.string == name && $0["data"]?["messages_in"] != nil }
    }
}

import Glibc
import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

/// Requests as the thalamus sends them, from recordings that `nimmer replay` runs through the project's own systems: of a pump and
/// a robot where they are at hand (`../shared/data`), else of a pump that this file makes up.
enum Recordings {
    /// Gates that open sooner than the project's, so that there are enough openings.
    private static let pump = (
        "      trust: earned\n      window_ms: 30000\n      half_life_ms: 15000\n      open_threshold: 0.9\n      weight: 0.7\n",
        "      window_ms: 5000\n      half_life_ms: 1500\n      open_threshold: 0.5\n      weight: 0.9\n"
    )
    private static let robot = (
        "motion: {weight: 0.9}", "motion: {weight: 0.9}\n    obstacle: {window_ms: 1000, half_life_ms: 500}"
    )

    /// Requests of recordings, in the order of their recordings, and what they are recordings of.
    static func requests(_ count: Int) async throws -> (requests: [CognitiveRequest], of: String) {
        let data = Bridge.root + "/../shared/data"
        let folder = "/tmp/nimmer-recordings-\(getpid())"
        mkdir(folder, 0o700)
        defer { for name in ["pump.yaml", "robot.yaml", "made.csv"] { unlink("\(folder)/\(name)") }; rmdir(folder) }
        let pumpFile = try system("pump", pump, in: folder)
        let recordings = names(in: data + "/skab").filter { $0.hasSuffix(".csv") }.sorted()
        guard !recordings.isEmpty else {
            print("no recordings at \(data): the pump of this test is made up")
            var made: [CognitiveRequest] = []
            for seed in 1...12 where made.count < count {
                Bridge.write(recording(seed: UInt64(seed)), to: folder + "/made.csv")
                made += try await replay(pumpFile, folder + "/made.csv")
            }
            return (Array(made.prefix(count)), "a pump that the test makes up")
        }
        var ofPump: [CognitiveRequest] = []
        for name in recordings { ofPump += try await replay(pumpFile, "\(data)/skab/\(name)") }
        let ofRobot = try await replay(
            try system("robot", robot, in: folder), data + "/robot/sensor_readings_4.csv")
        let robots = min(ofRobot.count, count / 5)
        return (
            spread(ofPump, count - robots) + spread(ofRobot, robots), "recordings of a pump (SKAB) and a robot (UCI)"
        )
    }

    /// So many of a list, evenly.
    private static func spread(_ all: [CognitiveRequest], _ count: Int) -> [CognitiveRequest] {
        (0..<min(count, all.count)).map { all[$0 * all.count / min(count, all.count)] }
    }

    private static func system(_ name: String, _ change: (String, String), in folder: String) throws -> String {
        let text = try #require(Bridge.read("\(Bridge.root)/deploy/systems/\(name).yaml"))
        let parts = text.split(separator: change.0, maxSplits: 1, omittingEmptySubsequences: false)
        try #require(parts.count == 2, "deploy/systems/\(name).yaml no longer holds '\(change.0)'")
        let path = "\(folder)/\(name).yaml"
        Bridge.write(parts[0] + change.1 + parts[1], to: path)
        return path
    }

    private static func replay(_ system: String, _ recording: String) async throws -> [CognitiveRequest] {
        let answer = try await ChildProcess.run(
            ChildCommand(
                Bridge.products + "/nimmer", ["replay", "--system", system, "--input", recording, "--json"]))
        let lines = answer.lines.filter { $0.stream == .output && $0.text.hasPrefix(#"{"type":"escalation""#) }
        return try lines.map { line in
            let json = try JSON(parsing: line.text)
            return CognitiveRequest(
                requestID: .named(line.text), collapseID: .named("collapse of \(line.text)"),
                eventType: json["event_type"]?.string ?? "", domain: try Token(json["domain"]?.string ?? ""),
                confidence: json["confidence"]?.double ?? 0, structuredInput: json["structured_input"] ?? [:],
                processingBudgetLF: 10, responseTimeoutMilliseconds: 15_000, expiresAt: .now())
        }
    }

    private static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names
    }

    /// A pump of eight sensors, a row a second: well for seven minutes, then now and then not for a minute and a half.
    static func recording(seed: UInt64) -> String {
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        func noise() -> Double {
            var sum = 0.0
            for _ in 0..<6 {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                sum += Double(state >> 11) / Double(1 << 53)
            }
            return (sum - 3) * 1.4
        }
        let normal = [
            ("Accelerometer1RMS", 0.027, 0.0004), ("Accelerometer2RMS", 0.04, 0.0005), ("Current", 1.3, 0.2),
            ("Pressure", 0.2, 0.2), ("Temperature", 79.3, 0.15), ("Thermocouple", 26, 0.02), ("Voltage", 233, 6),
            ("Volume Flow RateRMS", 32, 0.3),
        ]
        var text = "datetime;" + normal.map(\.0).joined(separator: ";") + "\n"
        for second in 0..<2_400 {
            let phase = (second - 420) % 330
            let isFault = second >= 420 && phase < 90
            let minute = second / 60
            let clock = [10 + minute / 60, minute % 60, second % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
            text += "2026-01-05 \(clock.joined(separator: ":"))"
            for (index, sensor) in normal.enumerated() {
                let isIll = isFault && (index + second / 330) % 3 == 0
                text += ";\(sensor.1 + noise() * sensor.2 + (isIll ? sensor.2 * 14 : 0))"
            }
            text += "\n"
        }
        return text
    }
}

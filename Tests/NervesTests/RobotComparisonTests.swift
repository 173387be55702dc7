import DistanceCell
import Glibc
import NimmerWave
import Testing

@testable import CollisionAvoidanceNerve

@Suite("collision avoidance: beside a recorded robot")
struct RobotComparisonTests {
    @Test("the table counts what it is given, and its shares follow")
    func table() {
        var comparison = Comparison()
        comparison.count(robot: "Sharp-Right-Turn", nerve: "turn_right")
        comparison.count(robot: "Sharp-Right-Turn", nerve: "forward")
        comparison.count(robot: "Move-Forward", nerve: "turn_left")
        comparison.count(robot: "Move-Forward", nerve: "forward")
        #expect(comparison.precision(of: ["Sharp-Right-Turn"]) == 0.5)
        #expect(comparison.recall(of: ["Sharp-Right-Turn"]) == 0.5)
        #expect(comparison.recall(of: ["Waltz"]) == nil)
        #expect(comparison.table.split(separator: "\n").count == 3)
    }

    @Test("a line that is no row is refused by its number")
    func refused() {
        #expect(throws: Refusal.self) { try RobotRow.parse("1,2,3,4,Move-Forward\n1,2,x,4,Move-Forward\n") }
    }

    @Test(
        "on the wall-following robot it evades when the robot turns sharply",
        .enabled(
            if: Recording.text != nil,
            "no recording of a robot: set ROBOT to sensor_readings_4.csv of UCI's Wall-Following Robot Navigation"))
    func recorded() throws {
        let rows = try RobotRow.parse(try #require(Recording.text))
        #expect(rows.count == 5456)
        var rangers: [Sector: Ranger] = [:]
        let settings = try Ranger.Settings()
        let result = Comparison.run(rows, hertz: 9, settings: AvoidanceSettings()) { sector, metres, at in
            let judged = try? rangers[sector, default: Ranger(settings: settings)].read(metres, at: at).get()
            return judged.map { ($0.distance, $0.confidence) }
        }
        let precision = try #require(result.comparison.precision(of: ["Sharp-Right-Turn"]))
        let recall = try #require(result.comparison.recall(of: ["Sharp-Right-Turn"]))
        // The table of the nerve's README.
        #expect(
            result.comparison.counts == [
                "Move-Forward": ["forward": 2045, "turn_left": 4, "turn_right": 156],
                "Slight-Left-Turn": ["forward": 322, "DETECT": 5, "turn_right": 1],
                "Slight-Right-Turn": ["forward": 787, "turn_right": 39],
                "Sharp-Right-Turn": ["forward": 108, "DETECT": 76, "turn_left": 62, "turn_right": 1851],
            ])
        #expect(precision > 0.9)
        #expect(recall > 0.9)
        #expect(result.comparison.rows == rows.count)
        // The wall was always to its left: a reverse or an escalation would be a mistake.
        #expect(!result.changes.contains { $0.to == .escalated || $0.to == .disabled })
    }
}

/// The recording that ROBOT names, or that stands beside the project where it was developed.
private enum Recording {
    static let text: String? = {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let named = getenv("ROBOT").map { String(cString: $0) }
        let path = named ?? "/\(root)/../shared/data/robot/sensor_readings_4.csv"
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }()
}

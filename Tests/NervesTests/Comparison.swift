import NimmerWave

@testable import CollisionAvoidanceNerve

/// One row of a recorded robot: distances of the four sectors, and what the robot did.
struct RobotRow: Sendable, Hashable {
    /// Metres to the nearest obstacle in front, left, right and back.
    var distances: [Double]
    /// Action of the robot: `Move-Forward`, `Sharp-Right-Turn`, …
    var action: String

    /// A row.
    init(distances: [Double], action: String) { (self.distances, self.action) = (distances, action) }

    /// Reads lines `front,left,right,back,action`; a malformed line is refused by its number.
    static func parse(_ text: String) throws(Refusal) -> [RobotRow] {
        var rows: [RobotRow] = []
        for (index, line) in text.split(whereSeparator: \.isNewline).enumerated() {
            let fields = line.split(separator: ",").map { $0.filter { !$0.isWhitespace } }
            let distances = fields.prefix(4).compactMap(Double.init)
            guard fields.count == 5, distances.count == 4 else {
                throw Refusal(
                    .value, field: "line \(index + 1)",
                    "line \(index + 1) must be four distances and an action, separated by commas",
                    found: "'\(line.prefix(80))'")
            }
            rows.append(RobotRow(distances: distances, action: fields[4]))
        }
        return rows
    }
}

/// Comparison of the nerve's decisions with what a recorded robot did: a confusion table.
///
/// The recording is open loop: the robot followed a wall and never heard the nerve, so that a turn of the nerve's that the
/// robot did not make does not clear the way. Read it as agreement moment by moment, not as a drive.
struct Comparison: Sendable, Hashable {
    /// Rows by what the robot did and what the nerve was doing.
    private(set) var counts: [String: [String: Int]] = [:]
    /// Rows counted.
    private(set) var rows = 0

    /// Nothing counted.
    init() {}

    /// Current action of a nerve, as one word: its maneuver while it evades, else its state.
    static func word(_ nerve: CollisionAvoidance) -> String {
        nerve.maneuver?.rawValue ?? (nerve.state == .idle || nerve.state == .resume ? "forward" : nerve.state.rawValue)
    }

    /// Counts one row.
    mutating func count(robot: String, nerve: String) {
        counts[robot, default: [:]][nerve, default: 0] += 1
        rows += 1
    }

    /// Runs a nerve over a recording.
    ///
    /// - Parameters:
    ///   - rows: the recording.
    ///   - hertz: rows a second.
    ///   - settings: the nerve's settings.
    ///   - confidence: how sure the distance cell of a sector is about a distance in metres; nil for a refused reading.
    static func run(
        _ rows: [RobotRow], hertz: Double, settings: AvoidanceSettings,
        confidence: (Sector, Double, Timestamp) -> (distance: Double, confidence: Double)?
    ) -> (comparison: Comparison, changes: [CollisionAvoidance.Change], spent: Double) {
        var nerve = GatedAvoidance(settings: settings)
        var comparison = Comparison()
        var changes: [CollisionAvoidance.Change] = []
        for (index, row) in rows.enumerated() {
            let at = Timestamp(milliseconds: (Double(index) * 1000 / hertz).rounded())
            // The sides speak first, so that the front is judged with what stands beside it now.
            for sector in [Sector.back, .left, .right, .front] {
                guard let judged = confidence(sector, row.distances[Int(sector.number)], at) else { continue }
                let actions = nerve.receive(
                    Obstacle(sector, distance: judged.distance, confidence: judged.confidence, at: at))
                changes += actions.compactMap { if case .state(let change) = $0 { change } else { nil } }
            }
            comparison.count(robot: row.action, nerve: word(nerve.behaviour))
        }
        return (comparison, changes, nerve.behaviour.spent)
    }

    /// Of the rows in which the nerve evades, the share in which the robot did one of `actions`; nil without such rows.
    func precision(of actions: Set<String>) -> Double? {
        let evading = Maneuver.allCases.map(\.rawValue)
        let all = evading.reduce(0) { sum, word in sum + counts.values.reduce(0) { $0 + ($1[word] ?? 0) } }
        let agreed = evading.reduce(0) { sum, word in
            sum + counts.filter { actions.contains($0.key) }.values.reduce(0) { $0 + ($1[word] ?? 0) }
        }
        return all == 0 ? nil : Double(agreed) / Double(all)
    }

    /// Of the rows in which the robot did one of `actions`, the share in which the nerve evades; nil without such rows.
    func recall(of actions: Set<String>) -> Double? {
        let rows = counts.filter { actions.contains($0.key) }.values
        let all = rows.reduce(0) { $0 + $1.values.reduce(0, +) }
        let evading = rows.reduce(0) { sum, row in
            sum + Maneuver.allCases.reduce(0) { $0 + (row[$1.rawValue] ?? 0) }
        }
        return all == 0 ? nil : Double(evading) / Double(all)
    }

    /// The table, a line for each thing the robot did, a column for each thing the nerve was doing.
    var table: String {
        let columns = Set(counts.values.flatMap(\.keys)).sorted()
        let width = (counts.keys.map(\.count).max() ?? 0) + 2
        func cell(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        func name(_ text: String) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
        var lines = [name("robot") + columns.map { cell($0, max(9, $0.count + 2)) }.joined()]
        for (robot, row) in counts.sorted(by: { $0.key < $1.key }) {
            lines.append(name(robot) + columns.map { cell(String(row[$0] ?? 0), max(9, $0.count + 2)) }.joined())
        }
        return lines.joined(separator: "\n")
    }
}

import NimmerCell
import NimmerWave

extension Manifest {
    /// The motor cell.
    public static let motor = Manifest(
        name: "motor", version: "1.0.0", summary: "Carries out the commands that it was configured for, and no others.",
        costs: ["command": 0.2],
        commands: [("stop", "Ends what runs."), ("*", "What run and publish name.")])
}

/// Settings of the motor cell.
public struct MotorOptions: ProcessOptions {
    let run = Setting.table("run", "Commands and the programs that they run: a full path and its arguments.")
    let publish = Setting.table("publish", "Commands and the subjects that they publish to.")
    let timeout = Setting.number(
        "timeout_ms", 5000, in: 1...86_400_000, unit: "milliseconds", "How long a motion may take.")
    let parallel = Setting.whole("parallel", 1, in: 1...16, "How many motions may run at once.")

    public init() {}
}

extension MotorSettings {
    /// Reads and checks the cell's settings.
    ///
    /// - Throws: a ``Refusal`` naming the setting and what was expected.
    public init(_ settings: Settings<MotorOptions>) throws(Refusal) {
        var motions: [String: Motion] = [:]
        for row in settings.run { motions[row.name] = .run(row.values) }
        for row in settings.publish {
            guard motions[row.name] == nil else {
                throw Refusal(
                    .duplicate, field: "publish.\(row.name)", "a command may either run or publish",
                    found: "'\(row.name)' in both")
            }
            guard row.values.count == 1 else {
                throw Refusal(
                    .value, field: "publish.\(row.name)", "publish.\(row.name) must be one subject",
                    found: row.values.joined(separator: ", "))
            }
            motions[row.name] = .publish(try Subject(given: row.values[0]))
        }
        try self.init(
            motions: motions, timeout: settings.timeout, parallel: settings.parallel)
    }
}

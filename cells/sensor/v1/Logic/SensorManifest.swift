import NimmerCell

extension Manifest {
    /// The sensor cell.
    public static let sensor = Manifest(
        name: "sensor", version: "1.0.0",
        summary:
            "Learns what is normal in a stream of numbers, and emits how sure it is that something lasting changed.",
        costs: ["wave": 0.02])
}

/// Settings of the sensor cell.
public struct SensorOptions: ProcessOptions {
    let subject = Setting.text("subject", "The NATS subject, or MQTT topic, that numbers come from.")
    let path = Setting.text("path", "Where the number is in a JSON message or line: sensors.0.value.")
    let command = Setting.list("command", [], "A program and its arguments; each line that it writes is a number.")
    let file = Setting.text("file", "A CSV or NDJSON file to read.")
    package let column = Setting.text(
        "column", "The CSV file's column, by name or counted from 1; without it lines are numbers or JSON.")
    let delimiter = Setting.text("delimiter", "What separates the file's columns; found out unless set.")
    let decimal = Setting.text("decimal", "What separates decimals, . or a comma; found out unless set.")
    let follow = Setting.flag(
        "follow", false, "Read what is appended to the file from now on, instead of what is in it.")
    package let row = Setting.whole(
        "row_ms", 1000, in: 0...100_000_000_000, unit: "milliseconds",
        "The pause between two rows of a file, and before a command that ended is started again.")
    let minimum = Setting.number(
        "minimum", in: -1e300...1e300, "A value below it is no reading, in the source's unit.")
    let maximum = Setting.number(
        "maximum", in: -1e300...1e300, "A value above it is no reading, in the source's unit.")
    let ignore = Setting.list(
        "ignore", [], "Values that are no readings, such as 65535, or the 85 of a thermometer that just started.")
    let learningSamples = Setting.whole(
        "learning_samples", 400, in: 20...1_000_000,
        "Samples to learn normal from; it emits waves about extreme values after a quarter of them.")
    let changes = Setting.flag(
        "changes", true, "Also report to people when a change begins and when it ends; no gate hears of that.")
    let floor = Setting.number("floor", 0.2, in: 0...1, "Below this confidence it is silent.")

    public init() {}
}

/// Source of a sensor's numbers.
public enum SensorSource: Sendable, Hashable {
    /// Messages on the bus.
    case subject(SubjectPattern)
    /// The lines of a program.
    case command([String])
    /// The lines of a file.
    case file(String)
    /// Nowhere: the caller passes them in, as replay does.
    case none

    /// Reads the settings.
    ///
    /// - Throws: a `Refusal` when there are several sources.
    init(_ settings: Settings<SensorOptions>) throws {
        let subject = settings.subject
        let file = settings.file
        let command = settings.command
        let named = [subject == nil ? nil : "subject", command.isEmpty ? nil : "command", file == nil ? nil : "file"]
            .compactMap { $0 }
        guard named.count < 2 else {
            throw Refusal(
                .value, field: named[1], "only one of subject, command and file may be set",
                found: named.joined(separator: " and "))
        }
        if let subject {
            self = .subject(try SubjectPattern(given: subject))
        } else if let file {
            self = .file(file)
        } else {
            self = command.isEmpty ? .none : .command(command)
        }
    }
}

import NimmerCell
import NimmerSensing
import NimmerWave

extension Manifest {
    /// The distance cell.
    public static let distance = Manifest(
        name: "distance", version: "1.0.0", summary: "Judges the ranges of one sensor: how near, how noisy, how sure.",
        costs: ["sense": 0.05], interval: 100)
}

/// Settings of the distance cell.
public struct DistanceOptions: ProcessOptions {
    enum Unit: String, CaseIterable, Sendable {
        case metres = "m"
        case centimetres = "cm"
        case millimetres = "mm"

        /// Metres for one of it.
        var scale: Double {
            switch self {
            case .metres: 1
            case .centimetres: 0.01
            case .millimetres: 0.001
            }
        }
    }

    let sector = Setting.text("sector", "front", "Where the sensor looks; nerves know front, left, right and back.")
    let subject = Setting.text("subject", "The NATS subject, or MQTT topic, on which a device publishes ranges.")
    let path = Setting.text("path", "Where the number is in a JSON message: ranges.0.")
    let file = Setting.text("file", "A CSV file to read instead, at the pace of interval_ms.")
    package let column = Setting.text("column", "1", "The file's column, by name or counted from 1.")
    let delimiter = Setting.text("delimiter", "What separates the file's columns; found out unless set.")
    let unit = Setting.choice("unit", Unit.metres, "The unit of the ranges.")
    let minimumValue = Setting.number(
        "minimum", in: 0...1e300, "A value below it is no reading, in the source's unit.")
    let maximumValue = Setting.number(
        "maximum", in: 0...1e300, "A value above it is no reading, in the source's unit.")
    let ignore = Setting.list(
        "ignore", ["0"], "Values that are no readings; 0 is no echo unless the list leaves it out.")
    let maximum = Setting.number(
        "maximum_m", 5, in: 0.01...10_000, unit: "metres", "What the sensor can measure at the most.")
    let near = Setting.number("near_m", 0.3, in: 0...10_000, unit: "metres", "At or below it the closeness is 1.")
    let far = Setting.number("far_m", 1.5, in: 0.001...10_000, unit: "metres", "At or above it the closeness is 0.")
    let noise = Setting.number("noise_m", 0.1, in: 0.0001...1000, unit: "metres", "Noise that halves the confidence.")
    let forget = Setting.number(
        "forget_ms", 1000, in: 1...100_000_000_000, unit: "milliseconds",
        "A pause after which earlier readings do not count.")

    public init() {}
}

/// Settings of the distance cell.
public struct DistanceSettings: Sendable {
    /// Source of ranges.
    public enum Origin: Sendable, Hashable {
        /// A device on the bus; the path leads into a JSON message, and is empty for a bare number.
        case subject(SubjectPattern, path: String)
        /// A column of a CSV file.
        case file(String, column: String, DelimitedText?)
    }

    /// Source of ranges.
    public var origin: Origin
    /// Direction of the sensor.
    public var sector: String
    /// Settings of the sensor: what it can measure, and what is near.
    public var ranger: Ranger.Settings
    /// Values that stand for no reading, in the unit of the source.
    public var sentinels: Sentinels
    /// Units that may stand behind ranges, and are converted to the unit of the source.
    package var units: UnitScale

    /// Reads and checks the settings.
    ///
    /// - Throws: a ``Refusal`` naming the setting and what was expected.
    public init(_ settings: Settings<DistanceOptions>) throws(Refusal) {
        sector = try Token(settings.sector).text
        try NumberPath.check(settings.path)
        ranger = try Ranger.Settings(
            scale: settings.unit.scale, maximum: settings.maximum,
            near: settings.near, far: settings.far, noise: settings.noise,
            forgetting: settings.forget)
        units = settings.units
        sentinels = try Sentinels(
            minimum: settings.minimumValue, maximum: settings.maximumValue, ignore: settings.ignore)
        switch (settings.subject, settings.file) {
        case (let subject?, nil):
            origin = .subject(try SubjectPattern(given: subject), path: settings.path ?? "")
        case (nil, let file?):
            origin = .file(
                file, column: settings.column,
                try settings.delimiter.map { text throws(Refusal) in try DelimitedText(delimiter: text) })
        case (nil, nil):
            throw Refusal(.missing, field: "subject", "one of subject and file must be set: where ranges come from")
        case (_?, _?):
            throw Refusal(.value, field: "file", "only one of subject and file may be set", found: "both")
        }
    }
}

extension Settings<DistanceOptions> {
    /// Units that may stand behind ranges, and are converted to the setting `unit`.
    package var units: UnitScale {
        UnitScale(DistanceOptions.Unit.allCases.map { ($0.rawValue, $0.scale) }, to: self.unit.scale)
    }
}

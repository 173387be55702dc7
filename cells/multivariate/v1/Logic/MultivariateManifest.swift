import NimmerCell
import NimmerSensing

extension Manifest {
    /// The multivariate cell.
    public static let multivariate = Manifest(
        name: "multivariate", version: "1.0.0",
        summary:
            "Learns how several inputs go together, and emits how sure it is that they no longer do.",
        costs: ["wave": 0.02])
}

/// Settings of the multivariate cell.
public struct MultivariateOptions: ProcessOptions {
    let subjects = Setting.list(
        "subjects", [], "The NATS subjects, or MQTT topics, that numbers come from, one input each.")
    let path = Setting.text("path", "Where the number is in a JSON message: sensors.0.value.")
    let file = Setting.text("file", "A CSV file to read.")
    let columns = Setting.list(
        "columns", [], "The file's or recording's columns, by name or counted from 1; with subjects, their names.")
    let delimiter = Setting.text("delimiter", "What separates the file's columns; found out unless set.")
    let decimal = Setting.text("decimal", "What separates decimals, . or a comma; found out unless set.")
    let follow = Setting.flag(
        "follow", false, "Read what is appended to the file from now on, instead of what is in it.")
    package let row = Setting.whole(
        "row_ms", 1000, in: 0...100_000_000_000, unit: "milliseconds", "The pause between two rows of a file.")
    let learningSamples = Setting.whole(
        "learning_samples", 400, in: MultivariateSettings.learnable, "Rows to learn normal from; silent until then.")
    let floor = Setting.number("floor", 0.2, in: 0...1, "Below this confidence it is silent.")

    public init() {}
}

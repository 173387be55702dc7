import NimmerCell
import NimmerWave

extension Manifest {
    /// The battery cell.
    public static let battery = Manifest(
        name: "battery", version: "1.0.0", summary: "Watches this machine's batteries: MONITORING, LOW, CRITICAL.",
        costs: ["sense": 0.05], interval: 5000,
        settings: [
            .number("low", 0.2, in: 0...1, "At or below this share of full a battery is LOW."),
            .number("critical", 0.08, in: 0...1, "At or below this share of full a battery is CRITICAL."),
            .number("hysteresis", 0.03, in: 0...0.5, "How far the charge must rise above a level to leave the state."),
            .text("path", "/sys/class/power_supply", "Where the kernel shows the batteries."),
        ], origins: ["{name}-*"])
}

extension BatteryMonitor.Limits {
    /// Reads the limits from the cell's settings.
    public init(_ settings: Settings) throws(Refusal) {
        try self.init(
            low: settings.number("low"), critical: settings.number("critical"),
            hysteresis: settings.number("hysteresis"))
    }
}

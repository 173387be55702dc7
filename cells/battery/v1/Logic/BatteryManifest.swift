import NimmerCell
import NimmerWave

extension Manifest {
    /// The battery cell.
    public static let battery = Manifest(
        name: "battery", version: "1.0.0", summary: "Watches this machine's batteries: MONITORING, LOW, CRITICAL.",
        costs: ["sense": 0.05], interval: 5000,
        origins: ["{name}-*"])
}

/// Settings of the battery cell.
public struct BatteryOptions: ProcessOptions {
    let low = Setting.number("low", 0.2, in: 0...1, "At or below this share of full a battery is LOW.")
    let critical = Setting.number("critical", 0.08, in: 0...1, "At or below this share of full a battery is CRITICAL.")
    let hysteresis = Setting.number(
        "hysteresis", 0.03, in: 0...0.5, "How far the charge must rise above a level to leave the state.")
    let path = Setting.text("path", "/sys/class/power_supply", "Where the kernel shows the batteries.")

    public init() {}
}

extension BatteryMonitor.Limits {
    /// Reads the limits from the cell's settings.
    public init(_ settings: Settings<BatteryOptions>) throws(Refusal) {
        try self.init(
            low: settings.low, critical: settings.critical,
            hysteresis: settings.hysteresis)
    }
}

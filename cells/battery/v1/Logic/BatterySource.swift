/// The batteries of a machine.
public protocol BatterySource: Sendable {
    /// - Parameter path: the folder that shows them, such as `/sys/class/power_supply`.
    init(path: String)

    /// Each battery that is there now, by name.
    func batteries() -> [PowerSupply]
}

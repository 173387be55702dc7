/// One battery as `/sys/class/power_supply/<name>/` shows it.
public struct PowerSupply: Sendable, Hashable {
    /// The name of its folder, such as `BAT0`.
    public var name: String
    /// Charge, 0…1.
    public var charge: Double
    /// Indicates whether it is being emptied, filled, or neither.
    public var flow: Flow
    /// Power that it gives or takes, in watts; nil when the battery does not report it.
    public var watts: Double?

    /// Direction of the current.
    public enum Flow: String, Sendable {
        /// The battery feeds the machine.
        case discharging
        /// The battery is being filled.
        case charging
        /// It is full, or held at a level.
        case resting
        /// It does not report it.
        case unknown
    }

    /// A battery.
    public init(name: String, charge: Double, flow: Flow, watts: Double? = nil) {
        self.name = name
        self.charge = charge
        self.flow = flow
        self.watts = watts
    }

    /// Reads a battery from the files of its folder.
    ///
    /// The charge is `capacity`, also where there is nothing else; one above 110 % counts, as full, only where neither energy nor charge are
    /// reported, and one above 200 % not at all.
    ///
    /// - Parameter files: the text of a file by its name; nil if absent.
    /// - Returns: nil for what is no battery of the machine: mains, the battery of a mouse (`scope` `Device`), an empty
    ///   slot (`present` 0), or a battery that does not report its charge.
    public init?(name: String, files: (String) -> String?) {
        func word(_ file: String) -> String? {
            files(file).flatMap { $0.split { $0 == "\n" || $0 == "\0" }.first.map(String.init) }
        }
        func number(_ file: String) -> Double? {
            word(file).flatMap(Double.init).flatMap { $0.isFinite ? $0 : nil }
        }
        guard word("type") == "Battery", word("scope") != "Device", word("present") != "0" else { return nil }
        func share(_ kind: String) -> Double? {
            guard let now = number("\(kind)_now"), let full = number("\(kind)_full"), full > 0, now >= 0 else {
                return nil
            }
            return now / full
        }
        // A worn battery may report more than 100 %; 255 and 65535 stand for no reading.
        let reported = number("capacity").flatMap { (0...200).contains($0) ? $0 / 100 : nil }
        let measured = share("energy") ?? share("charge")
        let plausible = reported.flatMap { $0 <= 1.1 || measured == nil ? $0 : nil }
        guard let charge = plausible ?? measured else { return nil }
        self.name = name
        self.charge = min(1, charge)
        switch word("status") {
        case "Discharging": flow = .discharging
        case "Charging": flow = .charging
        case "Full", "Not charging": flow = .resting
        default: flow = .unknown
        }
        let product = number("voltage_now").flatMap { volts in number("current_now").map { abs($0) * volts / 1e12 } }
        watts = number("power_now").map { abs($0) / 1e6 } ?? product
    }
}

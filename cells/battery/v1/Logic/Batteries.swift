import NimmerCell

/// The battery cell: watches every battery of the machine.
public struct Batteries<Source: BatterySource>: Cell {
    public static var manifest: Manifest { .battery }
    public static var initialState: String { BatteryMonitor.State.monitoring.rawValue }
    private let path: String
    private let source: Source
    private let limits: BatteryMonitor.Limits
    private var monitors: [String: BatteryMonitor] = [:]
    private var hadBattery = true

    public init(_ settings: Settings<BatteryOptions>) throws {
        path = settings.path
        source = Source(path: path)
        limits = try BatteryMonitor.Limits(settings)
    }

    public mutating func start(_ pulse: inout Pulse) throws {
        hadBattery = !source.batteries().isEmpty
        if !hadBattery {
            pulse.leave(.unavailable, "this machine has no battery under \(path)")
        }
    }

    public mutating func sense(_ pulse: inout Pulse) throws {
        let batteries = source.batteries()
        if batteries.isEmpty, hadBattery { pulse.log(.warning, "No battery is left", ["path": path]) }
        hadBattery = !batteries.isEmpty
        for battery in batteries {
            var monitor = monitors[battery.name] ?? BatteryMonitor(limits: limits)
            let seen = monitor.observe(battery)
            monitors[battery.name] = monitor
            for next in seen.entered {
                pulse.enter(
                    next.rawValue, of: battery.name,
                    reason: "\(battery.name) at \(Int(saturating: battery.charge * 100)) %")
            }
            pulse.emit(
                confidence: seen.confidence, seen.content, cost: Self.manifest.cost("sense"),
                origin: Self.origin(of: battery.name, cell: pulse.name))
        }
    }

    /// `<cell>-bat0`: the battery's name as the rest of a token.
    static func origin(of battery: String, cell: Token) -> Token? {
        let name = Token.part(of: battery).prefix(20)
        return name.isEmpty ? nil : try? Token("\(Token.part(of: cell.text))-\(name)")
    }
}

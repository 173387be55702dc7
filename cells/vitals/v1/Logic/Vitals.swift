import NimmerCell

/// The vitals cell: looks at this machine, and emits a wave for each vital.
public struct Vitals<Source: VitalsSource>: Cell {
    public static var manifest: Manifest { .vitals }
    private let machine: Source
    private var monitor: VitalsMonitor

    public init(_ settings: Settings<VitalsOptions>) throws {
        let vitals = try VitalsSettings(settings)
        machine = Source(mounts: vitals.mounts)
        monitor = VitalsMonitor(settings: vitals, host: machine.hostName())
    }

    public mutating func sense(_ pulse: inout Pulse) throws {
        let look = machine.look(at: pulse.at)
        let unknown = monitor.newlyUnknown(look)
        if !unknown.isEmpty {
            pulse.log(
                .warning, "No temperature sensor has a name that without_sensors lists",
                [
                    "names": unknown.joined(separator: ", "),
                    "sensors": look.temperatures.map(\.sensor).joined(separator: ", "),
                ])
        }
        let missing = monitor.newlyMissing(look)
        if !missing.isEmpty {
            pulse.log(
                .info, "This machine has no sensor for some vitals",
                ["vitals": missing.map(\.rawValue).joined(separator: ", ")])
        }
        let observations = monitor.observe(look)
        let cost = rounded(Self.manifest.cost("sense") / Double(max(1, observations.count)))
        for seen in observations {
            pulse.emit(confidence: seen.confidence, seen.content, cost: cost, origin: seen.origin)
        }
    }
}

import BatteryCell
import NimmerPlatform

/// The batteries of this machine, as its kernel shows them.
public struct PowerSupplyFolder: BatterySource {
    private let path: String

    public init(path: String) { self.path = path }

    public func batteries() -> [PowerSupply] {
        SmallFile.names(in: path).filter { !$0.hasPrefix(".") }.sorted().compactMap { name in
            PowerSupply(name: name) { SmallFile.read("\(path)/\(name)/\($0)", limit: 4096) }
        }
    }
}

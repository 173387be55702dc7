import NimmerCell
import Testing

@testable import BatteryCell
@testable import DistanceCell
@testable import MathCell
@testable import MotorCell
@testable import VitalsCell

@Suite("cells: the system files that are shipped")
struct ShippedSystemTests {
    private static let manifests: [String: Manifest] = [
        "math": .math, "vitals": .vitals, "battery": .battery, "distance": .distance, "motor": .motor,
    ]

    private func system(_ name: String) throws -> SystemFile {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try SystemFile(path: "/\(root)/deploy/systems/\(name).yaml")
    }

    @Test(
        "every cell is one that is known, with settings that it takes",
        arguments: ["vitals", "vitals-with-a-mind", "robot"])
    func cells(name: String) throws {
        let system = try system(name)
        for organism in system.cells {
            let manifest = try #require(Self.manifests[organism.kindName], "\(organism.kind)")
            let configuration = try Configuration(
                manifest, role: .cell, environment: .dev, organism: organism, system: system)
            switch organism.kindName {
            case "vitals": _ = try Vitals(configuration.settings)
            case "distance": _ = try Distance(configuration.settings)
            case "motor": _ = try Wheels(configuration.settings)
            default: _ = Calculator(configuration.settings)
            }
        }
    }

    @Test("the vitals system sends no commands, and names its regions")
    func vitals() throws {
        let system = try system("vitals")
        #expect(system.bridge.commands == .dryRun)
        #expect(system.thalamus.regions.map(\.region) == ["vitals", "math"])
        #expect(system.cells.map(\.name) == ["vitals", "math"])
    }
}

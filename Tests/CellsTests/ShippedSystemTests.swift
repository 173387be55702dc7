import BatteryMachine
import DistanceMachine
import MotorMachine
import NimmerCell
import NimmerProcess
import NimmerSystem
import NimmerSystemFile
import Testing
import VitalsMachine

@testable import BatteryCell
@testable import DistanceCell
@testable import MathCell
@testable import MotorCell
@testable import VitalsCell

@Suite("cells: the system files that are shipped")
struct ShippedSystemTests {
    private func system(_ name: String, in folder: String = "systems") throws -> SystemFile {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try SystemFile(path: "/\(root)/deploy/\(folder)/\(name).yaml")
    }

    @Test(
        "no key that is stolen is many machines: what vitals cells are granted is written out",
        arguments: [
            ("systems", "vitals"), ("systems", "vitals-with-a-mind"), ("compose", "system"), ("kubernetes", "system"),
        ])
    func vitalsAreGrantedWhatTheyName(folder: String, name: String) throws {
        let system = try system(name, in: folder)
        let cell = try #require(system.cells.first { $0.kindName == "vitals" })
        #expect(cell.origins.count == Vital.allCases.count)
        #expect(!cell.origins.contains { $0.text.contains("*") }, "\(cell.origins)")
        let configuration = try Configuration(
            of: Vitals<Machine>.self, environment: .dev, organism: cell, system: system)
        #expect(OriginGrants(system).missing(configuration.origins, for: cell.name).isEmpty)
    }

    @Test(
        "every cell is one that is known, with settings that it takes",
        arguments: ["vitals", "vitals-with-a-mind", "robot"])
    func cells(name: String) throws {
        let system = try system(name)
        for organism in system.cells {
            func lives<C: Cell>(_ cell: C.Type) throws -> Configuration {
                let configuration = try Configuration(
                    of: cell, environment: .dev, organism: organism, system: system)
                _ = try CellBody<C>(configuration)
                return configuration
            }
            let configuration =
                switch organism.kindName {
                case "vitals": try lives(Vitals<Machine>.self)
                case "battery": try lives(Batteries<PowerSupplyFolder>.self)
                case "distance": try lives(Distance<LineFile>.self)
                case "motor": try lives(MotorController<Program>.self)
                case "math": try lives(Calculator.self)
                default: throw Refusal(.value, "a cell of the kind \(organism.kind) is not known")
                }
            let missing = OriginGrants(system).missing(configuration.origins, for: organism.name)
            #expect(missing.isEmpty, "\(organism.name) is not granted \(missing): nimmer check --write adds it")
        }
    }

    @Test("the origins that cells need follow from their settings")
    func origins() throws {
        func needs<C: Cell>(_ cell: C.Type, _ name: String, _ changes: [String: SettingValue] = [:]) throws -> [String]
        {
            try Configuration(of: cell, name: name, changes: changes).origins.map(
                \.text)
        }
        #expect(try needs(Calculator.self, "math") == [])
        #expect(try needs(Calculator.self, "math", ["origin": .text("abacus")]) == ["abacus"])
        #expect(try needs(Calculator.self, "math", ["origin": .text("math")]) == [])
        #expect(try needs(Batteries<PowerSupplyFolder>.self, "ups") == ["ups-*"])
        #expect(Batteries<PowerSupplyFolder>.origin(of: "BAT0", cell: try Token("ups"))?.text == "ups-bat0")
        #expect(try needs(Vitals<Machine>.self, "vitals").prefix(2) == ["*-cpu", "*-memory"])
        let named = try needs(Vitals<Machine>.self, "vitals", ["host": .text("Web 1.example")])
        #expect(named == Vital.allCases.map { "web-1-example-\($0.rawValue)" })
        #expect(named.contains(try #require(Vital.cpu.origin(host: "Web 1.example")).text))
    }

    @Test("the vitals system sends no commands, and names its regions")
    func vitals() throws {
        let system = try system("vitals")
        #expect(system.bridge.commands == .dryRun)
        #expect(system.thalamus.regions.map(\.region) == ["vitals", "math"])
        #expect(system.cells.map(\.name) == ["vitals", "math"])
    }
}

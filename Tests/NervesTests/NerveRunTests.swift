import NimmerCell
import NimmerProcess
import NimmerSystem
import NimmerSystemFile
import NimmerTesting
import Testing

@testable import CollisionAvoidanceNerve

@Suite("collision avoidance: its life")
struct NerveRunTests {
    private func look(_ bench: inout CellBench<Avoidance>, front: Double, left: Double, right: Double) throws {
        for (cell, metres) in [("distance-left", left), ("distance-right", right), ("distance-front", front)] {
            try bench.hear(
                cell, confidence: max(0, min(1, (1.5 - metres) / 1.2)), ["distance_m": .number(metres)])
        }
        bench.advance(milliseconds: 100)
    }

    @Test("it hears the distance cells, publishes its states, asks the motor, and emits its own wave")
    func life() throws {
        var bench = try CellBench<Avoidance>(["motor": .text("motor")])
        bench.start()
        for _ in 0..<3 { try look(&bench, front: 3, left: 2, right: 2) }
        #expect(bench.states.isEmpty)
        for _ in 0..<3 { try look(&bench, front: 0.5, left: 0.7, right: 1.2) }
        #expect(bench.states == ["DETECT", "EVALUATE", "EVADE"])
        #expect(bench.requests.map(\.command.command) == ["turn_right"])
        #expect(bench.requests.map(\.cell.text) == ["motor"])
        #expect(bench.waves.map(\.effectiveRegion.text) == ["motion"])
        #expect(bench.transitions.map(\.toState) == [.open])
        for _ in 0..<3 { try look(&bench, front: 3, left: 2, right: 2) }
        #expect(bench.states.suffix(2) == ["RESUME", "IDLE"])
        #expect(bench.requests.last?.command.command == "forward")
    }

    @Test("silence disables it, once")
    func silence() throws {
        var bench = try CellBench<Avoidance>()
        bench.start()
        bench.advance(milliseconds: 5000)
        #expect(bench.states == ["DISABLED"])
    }

    @Test("it hears the four cells of its settings, and two sectors need two cells")
    func hears() throws {
        let bench = try CellBench<Avoidance>(["front": .text("bumper")])
        #expect(bench.cell.hears.map(\.text) == ["bumper", "distance-back", "distance-left", "distance-right"])
        #expect(throws: (any Error).self) { try CellBench<Avoidance>(["front": .text("distance-left")]) }
    }
}

@Suite("collision avoidance: the robot's system file")
struct RobotSystemTests {
    @Test("the nerve takes its settings, and the cells that it hears are there")
    func nerve() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let system = try SystemFile(path: "/\(root)/deploy/systems/robot.yaml")
        let organism = try #require(system.nerves.first)
        let configuration = try Configuration(of: Avoidance.self, environment: .dev, organism: organism, system: system)
        let nerve = try CellBody<Avoidance>(configuration)
        #expect(Set(system.cells.map(\.name)).isSuperset(of: nerve.hears.map(\.text)))
    }
}

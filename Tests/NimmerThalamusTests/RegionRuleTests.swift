import NimmerGate
import NimmerSystem
import NimmerSystemFile
import NimmerThalamus
import NimmerWave
import Testing

/// The rules of a system file about regions, as docs/reference/system-file.md states them.
@Suite struct RegionRuleTests {
    /// Which region each key of the reference is matched with: that in which waves live.
    @Test func aRuleIsMatchedWithTheRegionInWhichWavesLive() throws {
        let system = try SystemFile(
            parsing: Array(
                """
                nimmerverse: 1
                name: p
                gates:
                  regions: {plant--pump: {floor: 0.31}, plant.pump: {floor: 0.32}, plant: {floor: 0.33}}
                thalamus:
                  regions: {plant: [plant.hall]}
                """.utf8), file: "p.yaml")
        let configuration = try ThalamusConfiguration(system, environment: .dev)
        func floor(_ region: String) throws -> Double {
            let home = configuration.home(of: try Region(region))
            return configuration.gate(home).floor
        }
        #expect(try floor("plant.hall") == 0.33)
        #expect(try floor("plant") == 0.33)
        #expect(try floor("plant.pump") == 0.31)
        #expect(try floor("plant.pump.motor") == 0.2)
    }
}

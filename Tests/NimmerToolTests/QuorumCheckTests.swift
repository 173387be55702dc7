import NimmerOutput
import NimmerSystem
import NimmerSystemCheck
import NimmerSystemFile
import NimmerWave
import Testing

@Suite("nimmer check, quorum") struct QuorumCheckTests {
    private func system(_ gate: String, _ more: String = "") throws -> SystemFile {
        let text = """
            nimmerverse: 1
            name: p
            cells:
              - {name: flow, command: [flow], settings: {region: plant}}
              - {name: current, command: [current], settings: {region: plant.motor}}
            \(more)
            thalamus: {regions: {plant: ["plant.>"]}}
            gates: {defaults: {\(gate)}}
            """
        return try SystemFile(parsing: Array(text.utf8), file: "p.yaml")
    }

    private func findings(_ gate: String, _ more: String = "") throws -> [String] {
        WitnessCheck().findings(in: CheckedSystem(system: try system(gate, more), manifests: [:])).map(\.text)
            .filter { $0.contains("quorum asks") }
    }

    @Test("a quorum above max_origins is refused with its place, whatever the trust")
    func refused() throws {
        for trust in ["declared", "earned"] {
            do {
                _ = try system("trust: \(trust), open_threshold: 0.9, quorum: 3, max_origins: 2")
                Issue.record("taken")
            } catch {
                #expect("\(error)".contains("quorum 3, max_origins 2 in gates.defaults"), "\(error)")
                #expect("\(error)".hasPrefix("p.yaml:8:"), "\(error)")
            }
        }
        _ = try system("quorum: 2, max_origins: 2")
    }

    @Test("a quorum that more origins must meet than speak in a region is noted")
    func noted() throws {
        #expect(try findings("quorum: 2").isEmpty)
        let found = try findings("quorum: 3")
        #expect(found.count == 1 && found[0].contains("only 2 origins speak there (current, flow)"), "\(found)")
        let nerve = "nerves:\n  - {name: watcher, command: [watcher], settings: {region: plant}}"
        #expect(try findings("quorum: 3", nerve).isEmpty)
        let gateway = "  - {name: gateway, command: [gateway], origins: [\"vm-*\"], settings: {region: plant}}"
        #expect(try findings("quorum: 3", gateway).isEmpty, "as many as it likes")
    }
}

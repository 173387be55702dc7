import NimmerSystem
import NimmerSystemCheck
import NimmerSystemFile
import Testing

/// Rules over regions that no cell of a file brings are noted, each at its place.
@Suite("Rules over regions") struct UnmatchedRuleTests {
    private func notes(_ text: String) throws -> [String] {
        let system = try SystemFile(parsing: Array("nimmerverse: 1\nname: p\n\(text)".utf8), file: "p.yaml")
        let findings = RegionRuleCheck().findings(in: CheckedSystem(system: system, manifests: [:]))
        #expect(findings.allSatisfy { $0.weight == .note && $0.check == "regions" && !$0.remedy.isEmpty })
        return findings.map { "\($0.mark): \($0.text)" }
    }

    private func cells(_ regions: String..., command: String = "kind: v/v1") -> String {
        "cells:\n"
            + regions.enumerated().map { "  - {name: c\($0.offset), \(command), settings: {region: \($0.element)}}\n" }
            .joined()
    }

    @Test func whatMatchesNoCellIsNamedWithWhatIsNear() throws {
        let text =
            cells("plant") + """
                thalamus:
                  regions:
                    plant: [plant.>]
                gates:
                  regions:
                    plant.pump: {weight: 0.3}
                bridge:
                  event_types:
                    plantt: trouble
                  region_budgets:
                    hall.>: {lf_per_day: 1}
                """
        #expect(
            try notes(text) == [
                "7:5: thalamus.regions.plant: 'plant.>' matches no cell's region (did you mean 'plant'?); there are plant",
                "10:5: gates.regions: 'plant.pump' matches no region in which a cell's waves live; there are plant",
                "13:5: bridge.event_types: 'plantt' matches no region in which a cell's waves live (did you mean 'plant'?); "
                    + "there are plant",
                "15:5: bridge.region_budgets: 'hall.>' matches no region in which a cell's waves live; there are plant",
            ])
    }

    @Test func whatMatchesIsNot() throws {
        let rules = """
            thalamus: {regions: {plant: [plant.>, pump.*]}}
            gates: {regions: {plant: {weight: 0.3}, c1-cell: {weight: 0.3}, hall--door: {weight: 0.3}, ">": {weight: 0.4}}}
            bridge: {event_types: {plant: trouble, hall.*: open}, region_budgets: {hall.>: {lf_per_day: 1}}}
            """
        #expect(try notes(cells("plant.pump", "hall.door") + rules).isEmpty)
        // Waves of a region that is folded into another one live there.
        #expect(
            try notes(
                cells("plant.pump")
                    + "thalamus: {regions: {plant: [plant.>]}}\ngates: {regions: {plant.pump: {weight: 0.3}}}\n"
            )
            .count == 1)
    }

    @Test func aProgramOfItsOwnMaySpeakWithinItsRegionAndAFileWithoutCellsIsAboutOthers() throws {
        let rules = "gates: {regions: {plant.pump: {weight: 0.3}, hall: {weight: 0.3}}}\n"
        #expect(try notes(cells("plant", command: "command: [sh]") + rules).count == 1)
        #expect(try notes(rules).isEmpty)
    }
}

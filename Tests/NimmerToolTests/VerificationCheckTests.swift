import NimmerSystem
import NimmerSystemCheck
import NimmerSystemFile
import Testing

@Suite("nimmer check, outcomes") struct VerificationCheckTests {
    private func findings(_ watcher: String, _ rest: String = "") throws -> [String] {
        let text = """
            nimmerverse: 1
            name: p
            cells:
              - {name: flow, command: [flow], settings: {region: plant}}
            nerves:
              - {name: watcher, command: [watcher], \(watcher)}
            thalamus: {regions: {plant: ["plant.>"]}}
            \(rest)
            """
        let system = try SystemFile(parsing: Array(text.utf8), file: "p.yaml")
        return VerificationCheck().findings(in: CheckedSystem(system: system, manifests: [:])).map {
            "\($0.mark.line): \($0.text)"
        }
    }

    @Test("a nerve that speaks in a region and may verify its openings is noted")
    func nerves() throws {
        let found = try findings("verifies: [plant], settings: {region: plant.valve}")
        #expect(found.count == 1 && found[0].hasPrefix("6: watcher is a witness in 'plant' itself"), "\(found)")
        #expect(try findings("verifies: [plant], settings: {region: yard}").isEmpty)
        #expect(try findings("verifies: [plant]").isEmpty)
    }

    @Test("a rule that asks a nerve about the region in which it speaks is noted at its condition")
    func rules() throws {
        let rule = "verify: {plant: {within: 10m, confirmed: {nerve: watcher, above: 0.8}}}"
        let found = try findings("settings: {region: plant}", rule)
        #expect(found.count == 1 && found[0].contains("gives its openings the outcome confirmed"), "\(found)")
        #expect(found.first?.hasPrefix("8:") == true, "\(found)")
        #expect(try findings("settings: {region: yard}", rule).isEmpty)
    }
}

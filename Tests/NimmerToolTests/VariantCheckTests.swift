import NimmerSystem
import NimmerSystemCheck
import NimmerSystemFile
import NimmerWave
import Testing

/// Each variant is checked as if it were real; only what the real system does not have as well is named of it.
@Suite struct VariantCheckTests {
    private func findings(_ virtual: String) throws -> [CheckFinding] {
        let text = """
            nimmerverse: 1
            name: plant
            gates: {defaults: {window_ms: 60000}}
            cells:
              - {name: flow, kind: sensor/v1, settings: {interval_ms: 10000, region: plant}}
              - {name: cell, kind: battery/v1, settings: {region: plant}}
            \(virtual)

            """
        let system = try SystemFile(parsing: Array(text.utf8), file: "plant.yaml")
        func manifest(_ kind: String, _ settings: [String]) throws(Refusal) -> ProgramAnswer {
            let json: JSON = [
                "kind": .string(kind), "region": "plant", "settings": .array(settings.map { .string($0) }),
            ]
            return .manifest(try ProgramManifest(json.text))
        }
        let checked = CheckedSystem(
            system: system,
            manifests: [
                "flow": try manifest("sensor", ["interval_ms", "region", "floor"]),
                "cell": try manifest("battery", ["region"]),
            ])
        return VariantCheck().findings(in: checked)
    }

    @Test func whatTheVariantAloneWouldDoIsNamedAtItsPlace() throws {
        let found = try findings("virtual: {fast: {gates: {defaults: {window_ms: 5000}}}}")
        #expect(found.map(\.check) == ["windows"])
        #expect(found.first?.text.hasPrefix("in the variant fast: flow senses every 10000 ms") == true)
        #expect(found.first?.mark.line == 7 && found.first?.weight == .note)
    }

    @Test func whatTheRealSystemDoesAsWellIsNot() throws {
        #expect(try findings("virtual: {slow: {gates: {defaults: {window_ms: 90000}}}}").isEmpty)
    }

    @Test func aSettingThatACellDoesNotHaveIsAProblem() throws {
        let found = try findings("virtual: {a: {cells: {cell: {floor: 0.5}, flow: {floor: 0.5}}}}")
        #expect(found.map(\.weight) == [.problem])
        #expect(found.first?.text.contains("cell (battery) has no setting 'floor'") == true, "\(found)")
    }
}

import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@Suite("lifeforce in a system file") struct LifeforceSettingsTests {
    private func system(_ text: String) throws -> SystemFile {
        try SystemFile(parsing: Array("nimmerverse: 1\nname: l\n\(text)\n".utf8), file: "l.yaml")
    }

    @Test("what outcomes give back, by region; the first rule that matches counts")
    func amounts() throws {
        let plain = try system("").lifeforce
        let plant = try Region("plant")
        #expect(plain.amount(.confirmed, in: plant) == 10)
        #expect(plain.amount(.failed, in: plant) == -2 && plain.amount(.partial, in: plant) == 0)
        let own = try system(
            "lifeforce: {confirmed: 5, partial: 1, regions: {plant.pump: {failed: -9}, plant.>: {confirmed: 20}}}"
        ).lifeforce
        #expect(own.amount(.confirmed, in: try Region("hall")) == 5)
        #expect(own.amount(.failed, in: try Region("plant.pump")) == -9)
        #expect(own.amount(.confirmed, in: try Region("plant.pump")) == 5)
        #expect(own.amount(.confirmed, in: try Region("plant.valve")) == 20)
        #expect(own.amount(.partial, in: try Region("plant.valve")) == 1)
    }

    @Test("a cell's budget, and the regions that feed it")
    func budgets() throws {
        let file = try system(
            """
            thalamus: {regions: {plant: ["plant.>"]}}
            cells:
              - {name: a, kind: sensor/v1, settings: {region: plant.pump}, lifeforce: {budget: 100}}
              - {name: b, kind: math/v1, lifeforce: {budget: 1.5, per: hour, every: 10, regions: [hall, plant]}}
              - {name: c, kind: math/v1}
            """)
        #expect(file.cells[0].lifeforce == CellBudgetSettings(budget: 100))
        #expect(file.foodRegions(of: file.cells[0]).map(\.text) == ["plant"], "where its waves live")
        let own = CellBudgetSettings(
            budget: 1.5, period: .hour, every: 10, regions: [try Region("hall"), try Region("plant")])
        #expect(file.cells[1].lifeforce == own && file.foodRegions(of: file.cells[1]).map(\.text) == ["hall", "plant"])
        #expect(file.cells[2].lifeforce == nil && file.foodRegions(of: file.cells[2]).isEmpty)
    }

    @Test(
        "mistakes are refused with their place",
        arguments: [
            ("lifeforce: {won: 1}", "won"), ("lifeforce: {confirmed: much}", "much"),
            ("lifeforce: {regions: {'a..b': {failed: 1}}}", "a..b"),
            ("cells: [{name: a, kind: math/v1, lifeforce: {budget: 0, regions: [a]}}]", "0"),
            ("cells: [{name: a, kind: math/v1, lifeforce: {regions: [a]}}]", "budget"),
            ("cells: [{name: a, kind: math/v1, lifeforce: {budget: 1, per: week, regions: [a]}}]", "week"),
            ("cells: [{name: a, kind: math/v1, lifeforce: {budget: 1, every: 1, regions: [a]}}]", "1"),
            ("cells: [{name: a, kind: math/v1, lifeforce: {budget: 1, regions: ['a..b']}}]", "regions"),
            ("cells: [{name: a, kind: math/v1, lifeforce: {budget: 1}}]", "no region"),
            ("nerves: [{name: n, command: [n], lifeforce: {budget: 1, regions: [a]}}]", "lifeforce"),
        ])
    func mistakes(text: String, named: String) {
        let error = #expect(throws: SystemError.self) { try system(text) }
        #expect(error?.description.contains(named) == true, "\(String(describing: error))")
        #expect(error?.description.hasPrefix("l.yaml:") == true)
    }
}

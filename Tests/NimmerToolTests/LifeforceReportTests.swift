import NimmerMemory
import NimmerOutput
import NimmerWave
import Testing

@testable import nimmer

@Suite("nimmer lifeforce") struct LifeforceReportTests {
    private func day(_ day: String, _ region: String, cells: Double, earned: Double) -> LifeforceDay {
        var made = LifeforceDay(.init(environment: .dev, region: region, day: day))
        made.cells = cells
        made.earned = earned
        return made
    }

    @Test("a row for each region and day, a sum for regions with several, and two bars a day")
    func report() {
        let report = LifeforceReport([
            day("2026-02-14", "hall", cells: 20, earned: 10), day("2026-02-14", "plant", cells: 20, earned: 0),
            day("2026-02-15", "hall", cells: 10, earned: -4),
        ])
        let table = report.table.lines(.plain).map(\.text)
        #expect(table.count == 5)
        #expect(table[4].split(separator: " ").map(String.init).suffix(3) == ["30.00", "6.00", "-24.00"], "\(table)")
        let plot = report.plot(columns: 72).map(\.text)
        #expect(
            plot == [
                "2026-02-14  spent  \(String(repeating: "#", count: 40)) 40.00",
                "            earned \(String(repeating: "+", count: 10)) 10.00",
                "2026-02-15  spent  \(String(repeating: "#", count: 10)) 10.00",
                "            earned \(String(repeating: "-", count: 4)) -4.00",
            ], "\(plot)")
    }
}

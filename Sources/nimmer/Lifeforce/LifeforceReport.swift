import NimmerMemory
import NimmerOutput
import NimmerWave

/// Days of lifeforce for a person: a table, and a plot of spent against earned.
struct LifeforceReport {
    private let days: [LifeforceDay]

    /// A report of these days, in their order.
    init(_ days: [LifeforceDay]) { self.days = days }

    /// A row for each day and region, and one for each region with several days.
    var table: Table {
        var table = Table(["day", "region", "cells", "nerves", "minds", "organs", "spent", "earned", "net"])
        for day in days { add(day, named: day.day, to: &table) }
        for (region, own) in Dictionary(grouping: days, by: \.region).sorted(by: { $0.key < $1.key })
        where own.count > 1 {
            add(sum(own, region), named: "\(own.count) days", to: &table)
        }
        return table
    }

    private func add(_ day: LifeforceDay, named name: String, to table: inout Table) {
        table.add([
            TerminalText(name), TerminalText(day.region), Self.amount(day.cells), Self.amount(day.nerves),
            Self.amount(day.minds), Self.amount(day.organs), Self.amount(day.spent), Self.amount(day.earned),
            Self.amount(day.net),
        ])
    }

    private func sum(_ days: [LifeforceDay], _ region: String) -> LifeforceDay {
        var all = LifeforceDay(.init(environment: .dev, region: region, day: ""))
        for day in days {
            all.cells += day.cells
            all.nerves += day.nerves
            all.minds += day.minds
            all.organs += day.organs
            all.earned += day.earned
        }
        return all
    }

    private static func amount(_ number: Double) -> TerminalText { "\(decimals(number, 2))" }

    /// Two bars for each day: spent (#) and earned (+; what outcomes cost: -).
    ///
    /// - Parameter columns: width of a line.
    func plot(columns: Int) -> [TerminalText] {
        let sums = Dictionary(grouping: days, by: \.day).map { ($0.key, sum($0.value, "")) }.sorted { $0.0 < $1.0 }
        let most = sums.reduce(0) { max($0, $1.1.spent, abs($1.1.earned)) }
        let room = Double(max(10, min(columns, 100) - 32))
        func bar(_ amount: Double, _ sign: Character) -> String {
            let length = most > 0 ? (abs(amount) / most * room).rounded() : 0
            return String(repeating: sign, count: amount == 0 ? 0 : max(1, Int(saturating: length)))
        }
        return sums.flatMap { day, all -> [TerminalText] in
            [
                "\(day)  spent  \(bar(all.spent, "#")) \(Self.amount(all.spent))",
                "            earned \(bar(all.earned, all.earned < 0 ? "-" : "+")) \(Self.amount(all.earned))",
            ]
        }
    }
}

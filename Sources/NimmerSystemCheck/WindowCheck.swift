import NimmerSystem
import NimmerWave

/// Each window that the file fixes holds two waves of each cell of its region (gates.md, Window and half-life).
package struct WindowCheck: SystemCheck {
    package init() {}

    package func findings(in checked: CheckedSystem) -> [CheckFinding] {
        let members = DeclaredMembers(checked.system)
        return checked.system.cells.compactMap { cell in
            guard let region = members.region(of: cell.name), let interval = Self.interval(of: cell) else { return nil }
            let home = checked.system.home(of: region)
            let gate = checked.system.gates.overrides(region: home.text, gate: GateID(region: home).text)
            guard let window = gate.windowMS, window < 2 * interval else { return nil }
            return CheckFinding(
                weight: .note, check: "windows", mark: cell.mark,
                text:
                    "\(cell.name) senses every \(JSON.number(interval).text) ms, and the window of '\(home.text)' is fixed at "
                    + "\(JSON.number(window).text) ms: it does not hold two of its waves",
                remedy: "leave window_ms out, or set it to \(JSON.number(2 * interval).text) or more")
        }
    }

    /// The interval that an entry names, in milliseconds: of a cell that senses by its own clock, or reads a file row by row.
    private static func interval(of cell: Organism) -> Double? {
        func value(_ key: String) -> String? { cell.settings.first { $0.key == key }?.value.text }
        if let interval = value("interval_ms") { return Double(interval) }
        // Beside a command it is a pause, and what is appended to a file comes at a pace of its own.
        guard value("file") != nil, value("follow") != "true" else { return nil }
        return value("row_ms").flatMap { Double($0) }
    }
}

extension SystemFile {
    /// The region in which a wave's region lives, by the first rule of the file that matches.
    func home(of region: Region) -> Region { (try? RegionMap(self))?.home(of: region) ?? region }
}

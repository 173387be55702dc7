/// The table of docs/architecture.md, Rooms: which folder may import what.
struct RoomTable {
    struct Row {
        /// A folder, in which a part may be `*` or end in it: `cells/*/*/Logic`.
        let folder: String
        let allowed: Set<String>
        /// Indicates whether the row says that the folder holds one `Main.swift`.
        let isOneFile: Bool

        func matches(_ folder: String) -> Bool {
            let wanted = self.folder.split(separator: "/")
            let found = folder.split(separator: "/")
            return wanted.count == found.count
                && zip(wanted, found).allSatisfy { wanted, found in
                    wanted.last == "*" ? found.hasPrefix(wanted.dropLast()) : wanted == found
                }
        }
    }

    let rows: [Row]

    init(rows: [Row]) { self.rows = rows }

    /// Reads the rows under the heading: the first cell names a folder (several, one behind the other), the last what they may import.
    init(_ page: String) {
        var rows: [Row] = []
        var isThere = false
        for line in page.split(separator: "\n") {
            if line.hasPrefix("#") { isThere = line == "## Rooms" }
            guard isThere, line.hasPrefix("| `") else { continue }
            let cells = line.split(separator: "|").map(String.init)
            guard cells.count >= 3 else { continue }
            for folder in Self.code(cells[0]) {
                rows.append(
                    Row(
                        folder: folder, allowed: Set(Self.code(cells[2])),
                        isOneFile: cells[1].contains("one `Main.swift`")))
            }
        }
        self.rows = rows
    }

    private static func code(_ text: String) -> [String] {
        text.matches(of: #/`([^`]+)`/#).map { String($0.1) }
    }

    /// The row of a folder; the most exact where several match.
    func row(of folder: String) -> Row? {
        rows.filter { $0.matches(folder) }.min { $0.folder.count { $0 == "*" } < $1.folder.count { $0 == "*" } }
    }
}

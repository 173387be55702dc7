/// Who may import whom: the rules that hold the rooms apart (docs/architecture.md, Rooms).
enum RoomRules {
    /// Modules of the toolchain that need no dependency. `Synchronization` is free for all; the others open the machine, and the table
    /// says who may have them.
    static let toolchain: Set<String> = ["Dispatch", "Foundation", "Glibc", "Musl", "Synchronization", "Testing"]

    /// What pure logic may have of the C library: functions of numbers.
    static let mathematics: Set<String> = [
        "acos", "asin", "atan", "atan2", "cbrt", "cos", "cosh", "exp", "exp2", "fmod", "hypot", "log", "log10", "log2",
        "pow", "sin", "sinh", "sqrt", "tan", "tanh",
    ]

    /// Every breach, one line each.
    static func breaches(_ rooms: [Room], _ table: RoomTable) -> [String] {
        let shipped = rooms.filter { !$0.folder.hasPrefix("Tests/") }
        var found = shipped.flatMap { breaches(of: $0, among: rooms, table) }
        for row in table.rows {
            let own = shipped.filter { table.row(of: $0.folder)?.folder == row.folder }
            if own.isEmpty { found.append("the table has \(row.folder), and there is no such room") }
            let used = own.reduce(into: Set<String>()) { $0.formUnion(imports(of: $1).map(\.module)) }
            for name in row.allowed.subtracting(used).sorted() where !own.isEmpty {
                found.append("the table lets \(row.folder) import \(name), which it does not")
            }
        }
        return found
    }

    private static func imports(of room: Room) -> [SourceImports.Import] {
        room.imports.values.flatMap { $0 }
    }

    private static func breaches(of room: Room, among rooms: [Room], _ table: RoomTable) -> [String] {
        guard let row = table.row(of: room.folder) else { return ["\(room.folder) has no row in the table"] }
        var found: [String] = []
        let imported = Set(imports(of: room).map(\.module))
        let declared = Set(room.dependencies.map { name in rooms.first { $0.name == name }?.module ?? name })
        for name in imported.subtracting(declared).subtracting(toolchain).sorted() {
            found.append("\(room.folder) imports \(name), and Package.swift does not declare that")
        }
        if !room.isForeign {
            for name in declared.subtracting(imported).sorted() {
                found.append("Package.swift lets \(room.folder) import \(name), which it does not")
            }
        }
        for name in imported.subtracting(row.allowed).subtracting(["Synchronization"]).sorted() {
            found.append("\(room.folder) imports \(name): the table does not allow it")
        }
        for other in rooms where imported.contains(other.module) {
            if other.kind == .executable { found.append("\(room.folder) imports the executable \(other.name)") }
            if other.folder.hasPrefix("Tests/") { found.append("\(room.folder) imports \(other.folder)") }
        }
        if row.isOneFile {
            for path in room.imports.keys.sorted() where path != "\(room.folder)/Main.swift" {
                found.append("\(room.folder) is one Main.swift, and has \(path)")
            }
        }
        if room.folder.hasSuffix("/Logic") {
            found += impurities(of: room)
        }
        return found
    }

    /// Where logic reaches for the machine or for a bus.
    private static func impurities(of room: Room) -> [String] {
        room.imports.sorted { $0.key < $1.key }.flatMap { path, imports in
            imports.compactMap { item in
                if item.module == "Glibc", !(item.declaration.map(mathematics.contains) ?? false) {
                    return "\(path) is logic, and imports more of Glibc than mathematics"
                }
                let adapters: Set<String> = ["NimmerBus", "NimmerBusNATS", "CNATS", "Foundation", "Dispatch"]
                return adapters.contains(item.module) ? "\(path) is logic, and imports \(item.module)" : nil
            }
        }
    }
}

import NimmerPlatform
import Testing

/// Who may import whom is written once, in docs/architecture.md, and holds.
@Suite struct RoomsTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    @Test func everyRoomImportsWhatTheTableAllows() async throws {
        let rooms = try await Room.all(of: Self.root, scratch: "\(Self.root)/.build/rooms")
        let table = RoomTable(try #require(SmallFile.read("\(Self.root)/docs/architecture.md")))
        #expect(rooms.count > 40 && table.rows.count > 20)
        #expect(rooms.filter { !$0.isForeign }.allSatisfy { !$0.imports.isEmpty })
        for breach in RoomRules.breaches(rooms, table) { Issue.record("\(breach)") }
    }

    // MARK: The rules find what they are for

    private let table = RoomTable(
        """
        ## Rooms
        | folder | job | may import |
        |---|---|---|
        | `Sources/Wire` | the wire | `Glibc` |
        | `Sources/Port` `Sources/Other` | a port | `Wire` |
        | `Sources/CShim` | C | |
        | `Sources/tool` | wires: one `Main.swift` | `Port`, `Wire` |
        | `cells/*/*/Logic` | logic | `Glibc`, `Wire` |
        ## Rules
        | `Sources/Nowhere` | | `Wire` |
        """)

    private func rooms() -> [String: Room] {
        let all = [
            Room(name: "Wire", folder: "Sources/Wire", sources: ["a": "import Glibc\n"], dependencies: []),
            Room(name: "Port", folder: "Sources/Port", sources: ["b": "import Wire\n"], dependencies: ["Wire"]),
            Room(
                name: "Other", folder: "Sources/Other", sources: ["c": "import Synchronization\nimport Wire\n"],
                dependencies: ["Wire"]),
            Room(name: "CShim", folder: "Sources/CShim", dependencies: []),
            Room(
                name: "tool", kind: .executable, folder: "Sources/tool",
                sources: ["Sources/tool/Main.swift": "import Port\nimport Wire\n"],
                dependencies: ["Port", "Wire"]),
            Room(
                name: "Cell", folder: "cells/math/v1/Logic", sources: ["e": "import Wire\nimport func Glibc.pow\n"],
                dependencies: ["Wire"]),
        ]
        return Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
    }

    private func breaches(_ change: (inout [String: Room]) -> Void = { _ in }) -> [String] {
        var rooms = rooms()
        change(&rooms)
        return RoomRules.breaches(rooms.values.sorted { $0.name < $1.name }, table)
    }

    @Test func roomsInOrderAreNotTouched() { #expect(breaches() == []) }

    @Test func whatIsImportedIsDeclaredAndAllowed() {
        let found = breaches {
            $0["Port"]?.imports["b"] = SourceImports("import Wire\n@_exported public import struct Far.Away\n").all
        }
        #expect(
            found == [
                "Sources/Port imports Far, and Package.swift does not declare that",
                "Sources/Port imports Far: the table does not allow it",
            ])
    }

    @Test func whatIsDeclaredIsImported() {
        let found = breaches {
            $0["Port"] = Room(
                name: "Port", folder: "Sources/Port", sources: ["b": "import Wire\n"], dependencies: ["Wire", "Other"])
        }
        #expect(found == ["Package.swift lets Sources/Port import Other, which it does not"])
    }

    @Test func noTargetImportsUpwardOrAProgram() {
        let upward = breaches {
            $0["Wire"] = Room(
                name: "Wire", folder: "Sources/Wire", sources: ["a": "import Glibc\nimport Port\n"],
                dependencies: ["Port"])
        }
        #expect(upward == ["Sources/Wire imports Port: the table does not allow it"])
        let program = breaches {
            $0["Other"] = Room(
                name: "Other", folder: "Sources/Other", sources: ["c": "import Wire\nimport tool\n"],
                dependencies: ["Wire", "tool"])
        }
        #expect(program.contains("Sources/Other imports the executable tool"))
    }

    @Test(arguments: ["NimmerBusNATS", "NimmerSystemFile"]) func onlyProgramsImportWhatTheyHandIn(adapter: String) {
        let source = "import Wire\nimport \(adapter)\n"
        let breach = "is a library, and imports \(adapter): executables hand it in"
        let found = breaches {
            $0["Port"]?.imports["b"] = SourceImports(source).all
            $0["Cell"]?.imports["e"] = SourceImports(source).all
            $0["tool"]?.imports["d"] = SourceImports(source).all
        }
        #expect(found.filter { $0.hasSuffix(breach) } == ["cells/math/v1/Logic \(breach)", "Sources/Port \(breach)"])
    }

    @Test func whatOnlyWiresIsOneFile() {
        let found = breaches { $0["tool"]?.imports["Sources/tool/Logic.swift"] = SourceImports("import Wire\n").all }
        #expect(found == ["Sources/tool is one Main.swift, and has Sources/tool/Logic.swift"])
    }

    @Test func whatIsForTestsStaysThere() {
        let found = breaches {
            $0["Seeds"] = Room(name: "Seeds", folder: "Tests/Seeds", dependencies: [])
            $0["Other"] = Room(
                name: "Other", folder: "Sources/Other", sources: ["c": "import Seeds\nimport Wire\n"],
                dependencies: ["Seeds", "Wire"])
        }
        #expect(found.contains("Sources/Other imports Tests/Seeds"))
    }

    @Test(arguments: ["import Glibc\n", "import func Glibc.open\n", "#if canImport(Glibc)\n    import Glibc\n#endif\n"])
    func logicDoesNotReachForTheMachine(text: String) {
        let found = breaches { $0["Cell"]?.imports["e"] = SourceImports("import Wire\n\(text)").all }
        #expect(found == ["e is logic, and imports more of Glibc than mathematics"])
    }

    @Test func logicDoesNotKnowABus() {
        let found = breaches { $0["Cell"]?.imports["f"] = SourceImports("import NimmerBus\n").all }
        #expect(found.contains("f is logic, and imports NimmerBus"))
    }

    @Test func rowsAndRoomsBelongTogether() {
        #expect(
            breaches { $0["CShim"] = nil } == ["the table has Sources/CShim, and there is no such room"])
        #expect(
            breaches {
                $0["More"] = Room(name: "More", folder: "Sources/More", dependencies: [])
            } == ["Sources/More has no row in the table"])
        #expect(
            breaches { $0["Wire"]?.imports["a"] = SourceImports("").all } == [
                "the table lets Sources/Wire import Glibc, which it does not"
            ])
    }

    @Test func anImportInATextIsNone() {
        let source = #"""
            import A
            @testable import B
            let text = """
                import C
                """
            private import func D.e
            """#
        #expect(SourceImports(source).all.map(\.module) == ["A", "B", "D"])
    }
}

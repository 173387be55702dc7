import NimmerOutput
import NimmerWave
import Testing

@testable import NimmerDeploy

@Suite struct ScaffoldTests {
    @Test(arguments: [
        ("door", "Door", "DoorCell", "door-cell"),
        ("front_door-2", "FrontDoor2", "FrontDoor2Cell", "front-door-2-cell"),
        ("2nd", "N2nd", "N2ndCell", "2nd-cell"), ("cell", "CellCell", "CellCell", "cell-cell"),
    ])
    func namesFitTheirPlaces(name: String, type: String, module: String, program: String) throws {
        let scaffold = Scaffold(kind: .cell, name: try Token(name), project: "..")
        #expect(scaffold.typeName == type)
        #expect(scaffold.module == module)
        #expect(scaffold.program == program)
    }

    @Test(arguments: [Scaffold.Kind.cell, .nerve])
    func aWholeCellIsAtMost25Lines(kind: Scaffold.Kind) throws {
        let scaffold = Scaffold(kind: kind, name: try Token("door"), project: "..")
        #expect(scaffold.source.trimmingLineEnd.split(separator: "\n", omittingEmptySubsequences: false).count <= 25)
        #expect(scaffold.files.map(\.path).contains("Package.swift"))
        #expect(scaffold.files.allSatisfy { !$0.text.isEmpty && $0.text.hasSuffix("\n") })
    }

    @Test(arguments: ["a", "door", "collision-avoidance-of-the-left-arm"])
    func commentsOfTheReadmeStandInOneColumn(name: String) throws {
        let readme = Scaffold(kind: .cell, name: try Token(name), project: "..").readme
        let lines = readme.split(separator: "\n").filter { $0.hasPrefix("    ") && $0.contains("  # ") }
        #expect(lines.count == 4)
        #expect(Set(lines.map { $0.prefix { $0 != "#" }.count }).count == 1, "\(readme)")
    }

    @Test func pathsGoThroughWhatTheyShare() {
        #expect(ProjectFolder.path(from: "/home/a/door", to: "/home/a/nimmerverse") == "../nimmerverse")
        #expect(ProjectFolder.path(from: "/home/a/nimmerverse/cells/door", to: "/home/a/nimmerverse") == "../..")
        #expect(ProjectFolder.path(from: "/tmp/door", to: "/home/a/nimmerverse") == "/home/a/nimmerverse")
    }
}

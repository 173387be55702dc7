import NimmerOutput
import NimmerWave

/// A complete new package for a cell or nerve: manifest, one source file, its test and its README.
///
/// A value: it lists the files and their text; ``write(to:)`` puts them on the disk.
package struct Scaffold: Equatable {
    package enum Kind: String, Sendable {
        case cell
        case nerve
    }

    package let kind: Kind
    /// The name on the bus: `door`.
    package let name: Token
    /// The package of this project, as seen from the new one.
    package let project: String

    package init(kind: Kind, name: Token, project: String) {
        self.kind = kind
        self.name = name
        self.project = project
    }

    /// The type in the source: `Door`. A name that the system uses itself gets the kind's name behind it.
    package var typeName: String {
        let camel = Self.camel(name.text)
        return Self.taken.contains(camel) ? camel + kindWord : camel
    }

    /// The module: `DoorCell`.
    package var module: String { Self.camel(name.text) + kindWord }

    /// The program: `door-cell`, so that a system file's `kind: door/v1` finds it.
    package var program: String { String(name.text.map { $0 == "_" ? "-" : $0 }) + "-\(kind.rawValue)" }

    private var kindWord: String { kind == .cell ? "Cell" : "Nerve" }

    private static let taken: Set<String> = [
        "Cell", "Nerve", "Manifest", "Setting", "Settings", "ProcessOptions", "NoOptions", "Options", "Pulse", "NATS",
        "Token", "Region", "Gate", "GateState",
        "GateTransition", "HeardWave", "HeardEvidence", "JSON", "String", "Double", "Int", "Bool", "Self", "Type",
        "Protocol", "Any",
    ]

    /// `front_door-2` is `FrontDoor2`; a name that begins with a digit gets an `N` before it.
    package static func camel(_ name: String) -> String {
        let words = name.split { $0 == "_" || $0 == "-" }
        let joined = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        return joined.first?.isNumber == true || joined.isEmpty ? "N" + joined : joined
    }

    /// Every file by its path inside the new package.
    package var files: [(path: String, text: String)] {
        [
            ("Package.swift", manifest), ("Sources/\(module)/\(typeName).swift", source),
            ("Tests/\(module)Tests/\(typeName)Tests.swift", test), ("README.md", readme), (".gitignore", ".build/\n"),
            ("Containerfile", containerfile), (".containerignore", containerIgnore), (".dockerignore", containerIgnore),
        ]
    }

    /// Writes the package into a folder that does not exist yet, or is empty.
    package func write(to folder: String) throws(Failure) {
        for file in files {
            let path = "\(folder)/\(file.path)"
            if let slash = path.lastIndex(of: "/") { try FileText.makeFolder(String(path[..<slash])) }
            try FileText.write(file.text, to: path)
        }
    }

    private var manifest: String {
        """
        // swift-tools-version: 6.2
        import PackageDescription

        let package = Package(
            name: "\(program)",
            products: [.executable(name: "\(program)", targets: ["\(module)"])],
            dependencies: [.package(name: "nimmerverse", path: Context.environment["NIMMERVERSE_PACKAGE"] ?? "\(project)")],
            targets: [
                .executableTarget(
                    name: "\(module)",
                    dependencies: [
                        .product(name: "NimmerCell", package: "nimmerverse"),
                        .product(name: "NimmerBusNATS", package: "nimmerverse"),
                        .product(name: "NimmerSystemFile", package: "nimmerverse"),
                    ]),
                .testTarget(
                    name: "\(module)Tests",
                    dependencies: [.target(name: "\(module)"), .product(name: "NimmerTesting", package: "nimmerverse")]),
            ]
        )

        """
    }
}

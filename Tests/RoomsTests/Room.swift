import NimmerPlatform
import NimmerWave

/// A target of the package that is not a test: what it is built from, and what Package.swift lets it import.
struct Room {
    enum Kind: String {
        case library = "regular"
        case executable
        /// A module map alone.
        case system
    }

    let name: String
    let kind: Kind
    /// The folder from the root of the repository: `Sources/NimmerWave`.
    let folder: String
    /// What its Swift files import, by their path from the root.
    var imports: [String: [SourceImports.Import]] = [:]
    /// Targets of this package and modules of others' products.
    let dependencies: Set<String>

    /// Indicates whether it is C.
    var isForeign: Bool { kind == .system || name.firstMatch(of: #/^C[A-Z]/#) != nil }

    /// The rooms that Package.swift declares, whatever NIMMER_TESTS leaves out here, with their sources.
    ///
    /// - Throws: when the package cannot be read.
    static func all(of root: String, scratch: String) async throws -> [Room] {
        var variables = ChildCommand.inheritedEnvironment
        variables["NIMMER_TESTS"] = nil
        // In a folder of its own: the tests' build may hold the lock of the usual one.
        let arguments = ["package", "--package-path", root, "--scratch-path", scratch, "dump-package"]
        let answer = try await ChildProcess.run(
            ChildCommand("swift", arguments, environment: variables), limit: .seconds(600))
        let text = answer.lines.filter { $0.stream == .output }.map(\.text).joined(separator: "\n")
        let package = try JSON(parsing: text)
        var rooms = (package["targets"]?.array ?? []).compactMap(Room.init)
        let folders = ["Sources", "Tests", "cells", "nerves"].map { "\(root)/\($0)" }
        let find = folders + ["-name", ".*", "-prune", "-o", "-name", "*.swift", "-print"]
        let files = try await ChildProcess.run(ChildCommand("find", find)).lines.map(\.text)
        for index in rooms.indices {
            let folder = "\(root)/\(rooms[index].folder)"
            // A room inside another's folder has its files for itself: `cells/math/v1/Logic` in `cells/math/v1`.
            let inner = rooms.map { "\(root)/\($0.folder)/" }.filter {
                $0.hasPrefix(folder + "/") && $0 != folder + "/"
            }
            for file in files
            where file.hasPrefix(folder + "/") && !inner.contains(where: { file.hasPrefix($0) }) {
                let path = String(file.dropFirst(root.utf8.count + 1))
                rooms[index].imports[path] = SourceImports(SmallFile.read(file) ?? "").all
            }
        }
        return rooms
    }

    /// A target as `swift package dump-package` prints it; nil for a test.
    init?(_ json: JSON) {
        guard let name = json["name"]?.string, let kind = json["type"]?.string.flatMap(Kind.init) else { return nil }
        self.init(
            name: name, kind: kind, folder: json["path"]?.string ?? "Sources/\(name)",
            dependencies: Set(
                (json["dependencies"]?.array ?? []).compactMap { dependency in
                    ["byName", "target", "product"].lazy.compactMap { dependency[$0]?[0]?.string }.first
                }))
    }

    init(
        name: String, kind: Kind = .library, folder: String, sources: [String: String] = [:], dependencies: Set<String>
    ) {
        self.name = name
        self.kind = kind
        self.folder = folder
        imports = sources.mapValues { SourceImports($0).all }
        self.dependencies = dependencies
    }

    /// The module's name in an import.
    var module: String { String(name.map { $0 == "-" ? "_" : $0 }) }
}

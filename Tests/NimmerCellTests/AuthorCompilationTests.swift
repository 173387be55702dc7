import Glibc
import NimmerPlatform
import Testing

/// What the compiler says to an author's file with the one import.
@Suite("A cell author's file", .enabled(if: Executables.find("swiftc") != nil, "needs swiftc in PATH"))
struct AuthorCompilationTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// A nerve as it should be.
    private static let nerve = """
        struct Watch: Nerve {
            static let manifest = Manifest(name: "watch", version: "1.0.0", summary: "Watches.")
            struct Options: ProcessOptions {
                let alarm = Setting.number("alarm", 4, in: 1...100, unit: "%", "Humidity that is too much.")
            }
            let alarm: Double
            init(_ settings: Settings<Options>) { alarm = settings.alarm }
            var hears: [Token] { [] }
            mutating func gateChanged(_ change: GateTransition, _ pulse: inout Pulse) throws {
                pulse.enter("ALERT", reason: "the gate is \\(change.toState.word)")
                pulse.log(.warning, "Too damp", ["alarm": "\\(alarm)"])
            }
        }
        """

    /// The errors of a file that imports `NimmerCell` alone; empty when it compiles.
    private func errors(in source: String) async throws -> [String] {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/Author.swift"
        try folder.write("import NimmerCell\n\(source)\n", to: file)
        let build = try #require(Self.buildFolder)
        var arguments = ["-swift-version", "6", "-typecheck", "-I", "\(build)/Modules"]
        // The C modules that they are built on.
        for module in SmallFile.names(in: "\(Self.root)/Sources").filter({ $0.hasPrefix("C") }) {
            let places = ["\(build)/\(module).build", "\(Self.root)/Sources/\(module)"]
            for map in places.map({ "\($0)/module.modulemap" }) where SmallFile.exists(map) {
                arguments += ["-Xcc", "-fmodule-map-file=\(map)"]
            }
            arguments += ["-Xcc", "-I\(Self.root)/Sources/\(module)/include"]
        }
        let result = try await ChildProcess.run(ChildCommand("swiftc", arguments + [file]), limit: .seconds(600))
        let errors = result.lines.map(\.text).filter { $0.contains(": error: ") }
        #expect(result.status.isSuccess == errors.isEmpty, "\(result.lines.map(\.text).joined(separator: "\n"))")
        return errors
    }

    /// Where the modules of this build are: beside the program that runs.
    private static var buildFolder: String? {
        var bytes = [CChar](repeating: 0, count: 4096)
        guard readlink("/proc/self/exe", &bytes, bytes.count - 1) > 0 else { return nil }
        let path = String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let build = path.split(separator: "/").prefix { $0 != ".build" }
        let debug = "/" + build.joined(separator: "/") + "/.build/debug"
        let beside = "/" + path.split(separator: "/").dropLast().joined(separator: "/")
        return [beside, debug].first { access("\($0)/Modules/NimmerCell.swiftmodule", R_OK) == 0 }
    }

    @Test("a nerve with its settings compiles")
    func compiles() async throws {
        #expect(try await errors(in: Self.nerve) == [])
    }

    @Test("a misspelt setting, or one of another type, does not compile")
    func misspelt() async throws {
        let misspelt = try await errors(in: Self.nerve.replacing("settings.alarm", with: "settings.alrm"))
        #expect(misspelt.contains { $0.contains("no dynamic member 'alrm'") }, "\(misspelt)")
        let retyped = try await errors(in: Self.nerve.replacing("let alarm: Double", with: "let alarm: String"))
        #expect(!retyped.isEmpty)
    }

    @Test("a nerve without hears does not compile")
    func deaf() async throws {
        let deaf = try await errors(in: Self.nerve.replacing("    var hears: [Token] { [] }\n", with: ""))
        #expect(deaf.contains { $0.contains("does not conform to protocol 'Nerve'") }, "\(deaf)")
    }

    @Test("the import brings what is listed, and no general names of the libraries below")
    func names() async throws {
        let file = try #require(SmallFile.read("\(Self.root)/Sources/NimmerCell/Exports.swift"))
        let exports = file.split(separator: "\n").filter { $0.hasPrefix("@_exported") }
        let names = exports.compactMap { $0.split(separator: ".").last.map(String.init) }
        #expect(exports.allSatisfy { $0.split(separator: " ").count == 4 }, "a whole module is exported")
        #expect(names.count <= 32, "an author's file is for its author's names")
        let kinds = exports.map { $0.split(separator: " ")[2] }
        let uses = zip(kinds, names).map { kind, name -> String in
            switch (kind, name) {
            case ("protocol", _): "func use\(name)(_ value: any \(name)) {}"
            case (_, "Setting"), (_, "Settings"): "func use\(name)<Value>(_ value: \(name)<Value>) {}"
            default: "func use\(name)(_ value: \(name)) {}"
            }
        }
        #expect(try await errors(in: uses.joined(separator: "\n")) == [])
        let general = [
            "Gate", "Envelope", "Subscription", "InMemoryBus", "Outbox", "SystemStreams", "YAMLNode", "SystemFile",
            "RejectLimiter", "Health", "MetricsPage", "Configuration", "StreamConfiguration", "Delivery", "Evidence",
        ]
        let unknown = try await errors(in: general.map { "let use\($0) = \($0).self" }.joined(separator: "\n"))
        for name in general {
            #expect(unknown.contains { $0.contains("cannot find '\(name)'") }, "\(name) is exported")
        }
    }
}

/// A folder that goes with the value.
private final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/nimmer-author-XXXXXX".utf8CString)
        path = String(cString: try #require(mkdtemp(&template)))
    }

    func write(_ text: String, to file: String) throws {
        let stream = try #require(fopen(file, "w"))
        fputs(text, stream)
        fclose(stream)
    }

    deinit {
        unlink("\(path)/Author.swift")
        rmdir(path)
    }
}

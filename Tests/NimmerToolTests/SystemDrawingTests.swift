import NimmerOutput
import NimmerPlatform
import NimmerServers
import Testing

@testable import nimmer

#if canImport(Glibc)
    import Glibc
#endif

/// Pictures of systems, held to the grammars of their languages.
@Suite struct SystemDrawingTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    private func drawn(_ file: String, status: Int32 = 0) async throws -> (dot: String, svg: String, path: String) {
        var template = Array("/tmp/nimmer-draw-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        let answer = try await Tool.run(["check", file, "--dot", "\(folder)/s.dot", "--svg", "\(folder)/s.svg"])
        #expect(answer.status == .exited(status), "\(answer.text)")
        let dot = try #require(FileText.read("\(folder)/s.dot"))
        return (dot, try #require(FileText.read("\(folder)/s.svg")), folder)
    }

    @Test("the robot's cells, nerve, regions and commands are drawn, with what leads from one to the other")
    func robot() async throws {
        let (dot, svg, folder) = try await drawn(Self.root + "/deploy/systems/robot.yaml")
        defer { SmallFile.remove(folder) }
        for line in [
            #""cell:distance-front" [label="distance-front\ndistance/v1", shape=box];"#,
            #""nerve:collision_avoidance" [label="collision_avoidance\ncollision_avoidance/v1", shape=hexagon];"#,
            #""region:obstacle" [label="obstacle", shape=ellipse];"#,
            #""cell:distance-front" -> "nerve:collision_avoidance";"#,
            #""cell:distance-front" -> "region:obstacle" [label="obstacle.front"];"#,
            #""region:obstacle" -> "bridge:cognition bridge" [label="obstacle_nearby"];"#,
            #""nerve:collision_avoidance" -> "command:motor" [label="asks"];"#,
            #""command:motor" -> "cell:motor" [style=dashed, constraint=false];"#,
        ] { #expect(dot.contains("  \(line)\n"), "\(line)\n\(dot)") }
        #expect(try DotGrammar.edges(of: dot).count == dot.split(separator: "\n").count { $0.contains(" -> ") })
        for name in ["distance-front", "collision_avoidance", "obstacle", "cognition bridge", "motor"] {
            #expect(svg.contains("<title>\(name)</title>"))
        }
        try await wellFormed(folder)
    }

    @Test("names that mean something to XML or Graphviz are written out")
    func hostile() async throws {
        var template = Array("/tmp/nimmer-draw-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        let file = "\(folder)/h.yaml"
        try FileText.write(
            """
            nimmerverse: 1
            name: h
            cells:
              - {name: own, command: ["./a\\"b<c>&\\\\d\\u001b[31m"]}
            bridge: {event_types: {own: "<\\"&>"}}
            """, to: file)
        let (dot, svg, path) = try await drawn(file, status: 1)
        defer { SmallFile.remove(path) }
        #expect(try DotGrammar.edges(of: dot).count == 2, "\(dot)")
        #expect(!svg.contains("\u{1b}") && !dot.contains("\u{1b}"))
        try await wellFormed(path)
    }

    /// Reads the SVG as XML, and the dot by Graphviz where it is installed.
    private func wellFormed(_ folder: String) async throws {
        let python = try #require(Executables.find("python3"))
        let script = "import sys, xml.dom.minidom as m; print(m.parse(sys.argv[1]).documentElement.tagName)"
        let xml = try await ChildProcess.run(ChildCommand(python, ["-c", script, "\(folder)/s.svg"]))
        #expect(xml.lines.map(\.text) == ["svg"])
        guard let graphviz = Executables.find("dot") else { return }
        let answer = try await ChildProcess.run(ChildCommand(graphviz, ["-Tsvg", "-o/dev/null", "\(folder)/s.dot"]))
        #expect(answer.status.isSuccess, "\(answer.lines.map(\.text))")
    }
}

/// The part of Graphviz's grammar that drawings use: statements of quoted ids, edges and lists of attributes.
private enum DotGrammar {
    struct Mistake: Error { let text: String }

    /// The edges of a graph.
    static func edges(of text: String) throws -> [(String, String)] {
        var tokens = try tokens(text)[...]
        func expect(_ wanted: String) throws {
            guard tokens.popFirst() == wanted else {
                throw Mistake(text: "expected \(wanted) before \(tokens.prefix(5))")
            }
        }
        func id() throws -> String {
            guard let token = tokens.popFirst(), token.first == "\"" || token.first?.isLetter == true else {
                throw Mistake(text: "expected an id before \(tokens.prefix(5))")
            }
            return token
        }
        var edges: [(String, String)] = []
        try expect("digraph")
        _ = try id()
        try expect("{")
        while tokens.first != "}" {
            let from = try id()
            if tokens.first == "=" {
                try expect("=")
                _ = try id()
            } else if tokens.first == "->" {
                try expect("->")
                edges.append((from, try id()))
            }
            if tokens.first == "[" {
                try expect("[")
                while tokens.first != "]" {
                    _ = try id()
                    try expect("=")
                    _ = try id()
                    if tokens.first == "," { try expect(",") }
                }
                try expect("]")
            }
            try expect(";")
        }
        try expect("}")
        guard tokens.isEmpty else { throw Mistake(text: "more after the graph: \(tokens.prefix(5))") }
        return edges
    }

    private static func tokens(_ text: String) throws -> [String] {
        var tokens: [String] = []
        var rest = Array(text)[...]
        while let next = rest.popFirst() {
            if next.isWhitespace { continue }
            if next == "\"" {
                var quoted = "\""
                while let character = rest.popFirst(), character != "\"" {
                    quoted.append(character)
                    if character == "\\", let escaped = rest.popFirst() { quoted.append(escaped) }
                }
                tokens.append(quoted + "\"")
            } else if next.isLetter || next == "_" {
                var word = String(next)
                while let character = rest.first, character.isLetter || character.isNumber || character == "_" {
                    word.append(rest.removeFirst())
                }
                tokens.append(word)
            } else if next == "-", rest.first == ">" {
                rest.removeFirst()
                tokens.append("->")
            } else if "{}[]=;,".contains(next) {
                tokens.append(String(next))
            } else {
                throw Mistake(text: "unexpected \(next)")
            }
        }
        return tokens
    }
}

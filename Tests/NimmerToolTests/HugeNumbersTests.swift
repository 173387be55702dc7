import NimmerOutput
import NimmerPlatform
import NimmerServers
import Testing

@testable import nimmer

#if canImport(Glibc)
    import Glibc
#endif

/// Numbers that no sensor measures, beyond ±1e150: refused by name and counted (sensing.md).
@Suite("replay: numbers beyond ±1e150") struct HugeNumbersTests {
    private static let systems = [
        "- {name: warm, kind: sensor/v1, settings: {column: t, subject: t.t, learning_samples: 20}}",
        "- {name: warm, kind: multivariate/v1, settings: {columns: [t, u, v], learning_samples: 40}}",
    ]

    private func replay(_ cell: String, _ value: (Int) -> String) async throws -> Tool.Answer {
        var template = Array("/tmp/nimmer-huge-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        try FileText.write("nimmerverse: 1\nname: h\ncells:\n  \(cell)\n", to: "\(folder)/h.yaml")
        let rows = (0..<220).map { "\(1_600_000_000 + $0),\(value($0)),\($0 * 7 % 11),\($0 * 5 % 7)\n" }
        try FileText.write("time,t,u,v\n" + rows.joined(), to: "\(folder)/h.csv")
        return try await Tool.run(["replay", "--system", "h.yaml", "--input", "h.csv"], folder: folder)
    }

    @Test("most of a column: exit status 1", arguments: systems, ["1e200", "-1e150"])
    func most(cell: String, value: String) async throws {
        let answer = try await replay(cell) { _ in value }
        #expect(answer.status == .exited(1), "\(answer.text) \(answer.errors)")
        let errors = answer.errors.joined(separator: "\n")
        #expect(
            errors.contains("nimmer: warm refused 220 of its 220 readings: expected a number within ±1e150"),
            "\(errors)")
        #expect(errors.contains("found \(value == "1e200" ? "1e+200" : "-1e+150")"), "\(errors)")
    }

    @Test("a few: counted and named", arguments: systems)
    func few(cell: String) async throws {
        let answer = try await replay(cell) { [50, 60, 70].contains($0) ? "1e200" : "\($0 * 3 % 13)" }
        #expect(answer.status == .exited(0), "\(answer.errors)")
        #expect(
            answer.errors.contains {
                $0.hasPrefix("nimmer: warm refused 3 of 220 readings; the first: expected a number")
            },
            "\(answer.errors)")
    }

    @Test("the largest that is taken")
    func largest() async throws {
        let answer = try await replay(Self.systems[0]) { "\($0 * 3 % 13)e148" }
        #expect(answer.status == .exited(0) && answer.errors.isEmpty, "\(answer.errors)")
    }
}

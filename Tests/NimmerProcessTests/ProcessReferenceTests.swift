import Glibc
@testable import NimmerProcess
import Testing

@Suite("docs/reference/processes.md")
struct ProcessReferenceTests {
    private func page(_ name: String = "processes.md") throws -> String {
        let root = "\(#filePath)".split(separator: "/").dropLast(3).joined(separator: "/")
        let file = try #require(fopen("/\(root)/docs/reference/\(name)", "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        return String(decoding: bytes[..<fread(&bytes, 1, bytes.count, file)], as: UTF8.self)
    }

    @Test("names every variable, every common setting and every exit status")
    func complete() throws {
        let page = try page()
        for variable in ProcessVariable.all { #expect(page.contains("`\(variable.name)`"), "\(variable.name)") }
        let manifest = Manifest(
            name: "any", version: "1.0.0", summary: "Any.", interval: 1000, commands: [("do", "Does.")])
        for setting in try DeclaredSettings(manifest, NoOptions.self, role: .cell).all {
            #expect(page.contains("| `\(setting.key)` |"), "\(setting.key)")
        }
        #expect(page.contains("output.md#exit-statuses"))
        let table = try self.page("output.md")
        for status in ProcessFailure.Status.allCases {
            #expect(table.contains("| \(status.rawValue) | \(status) |"))
        }
    }
}

import Glibc
import NimmerOutput
import Testing

@testable import nimmer

/// The reference of commands is what the commands themselves say. To write it again:
/// `NIMMER_WRITE_DOCS=1 swift test --filter CommandReferenceTests`.
@Suite struct CommandReferenceTests {
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    /// Indicates whether what is generated is to be written.
    static let writes = getenv("NIMMER_WRITE_DOCS") != nil

    @Test func theReferenceIsTheHelpOfTheCommands() async throws {
        var page = """
            # Commands

            The help of each command. `nimmer --generate-completion-script bash` (or `zsh`, `fish`) writes
            completions for a shell. This page is written by `NIMMER_WRITE_DOCS=1 swift test --filter CommandReferenceTests`,
            and a test holds it to the commands.

            """
        for command in leaves() {
            let answer = try await Tool.run(command.words + ["--help"])
            let help = answer.output.map(\.trimmingSpacesAtEnd).joined(separator: "\n")
            page +=
                "\n## nimmer \(command.words.joined(separator: " "))\n\n```text\n\(help.trimmingNewlinesAtEnd)\n```\n"
        }
        let path = Self.root + "/docs/reference/commands.md"
        if Self.writes { try FileText.write(page, to: path) }
        #expect(FileText.read(path) == page, "docs/reference/commands.md")
    }
}

extension String {
    fileprivate var trimmingSpacesAtEnd: String { trimmed { $0 == " " } }
    fileprivate var trimmingNewlinesAtEnd: String { trimmed { $0 == "\n" } }

    private func trimmed(_ isEmpty: (Character) -> Bool) -> String {
        var text = self
        while let last = text.last, isEmpty(last) { text.removeLast() }
        return text
    }
}

import Glibc
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// Packages that a person makes, really built; one after the other, since each takes both processors.
@Suite("New packages", .serialized) struct NewPackages {
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
}

extension NewPackages {
    /// The tutorial is run, block by block in one shell, beside a real server and the real thalamus.
    @Suite struct TutorialTests {
        /// The text of every `sh` block of a page.
        static func blocks(_ page: String) -> [String] {
            var blocks: [String] = []
            var current: [Substring]?
            for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
                if line == "```sh" {
                    current = []
                } else if line == "```", let lines = current {
                    blocks.append(lines.joined(separator: "\n"))
                    current = nil
                } else {
                    current?.append(line)
                }
            }
            return blocks
        }

        @Test(
            .enabled(Prerequisites.note, Prerequisites.areMet),
            .timeLimit(.minutes(20)))
        func everyStepOfTheFirstCellWorks() async throws {
            let page = try #require(SmallFile.read(NewPackages.root + "/docs/tutorial/first-cell.md"))
            let blocks = Self.blocks(page)
            #expect(blocks.count == 5)
            let binary = try #require(await NATSBinary.installed().first)
            try await WholeSystem.run(on: binary, isIdentified: false) { system in
                var template = Array("/tmp/nimmer-tutorial-XXXXXX".utf8CString)
                let folder = String(cString: try #require(mkdtemp(&template)))
                defer { SmallFile.remove(folder) }
                var variables = ChildCommand.inheritedEnvironment
                variables["NIMMERVERSE_NATS_URL"] = system.nats.url
                variables["NIMMERVERSE_ENV"] = "dev"
                variables["PATH"] = WholeSystem.products + ":" + (variables["PATH"] ?? "/usr/bin:/bin")
                let script = "set -e\n" + blocks.joined(separator: "\necho '== next ==' \n")
                let answer = try await ChildProcess.run(
                    ChildCommand("/bin/bash", ["-c", script], environment: variables, workingDirectory: folder),
                    limit: .seconds(900))
                let text = answer.lines.map(\.text).joined(separator: "\n")
                #expect(answer.status.isSuccess, "\(text)")
                let parts = text.components("== next ==")
                #expect(parts.count == 5, "\(text)")
                guard parts.count == 5 else { return }
                #expect(parts[0].contains("struct Cellar: Cell"))
                #expect(parts[1].contains("1 test") && parts[1].contains("passed"))
                #expect(parts[2].contains("cellar") && parts[2].contains("wave"))
                #expect(parts[3].contains("alone: only cellar"))
                #expect(parts[4].contains("It opened at") && parts[4].contains("thermometer"))
            }
        }
    }
}

extension String {
    /// The parts between the occurrences of a mark.
    func components(_ mark: String) -> [String] {
        var parts = [""]
        for line in split(separator: "\n", omittingEmptySubsequences: false) {
            if line.trimmed == mark { parts.append("") } else { parts[parts.count - 1] += line + "\n" }
        }
        return parts
    }
}

extension Substring {
    fileprivate var trimmed: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}

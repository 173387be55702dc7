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
    /// The tutorial is run word for word, block by block in one clean shell, in the folder of a real `nimmer up`.
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

        /// Runs every step of a page in one shell, in a folder where `nimmer up` runs.
        ///
        /// - Returns: what each step printed.
        private static func parts(of name: String, steps: Int) async throws -> [String] {
            let page = try #require(SmallFile.read(NewPackages.root + "/docs/tutorial/\(name).md"))
            let blocks = blocks(page)
            #expect(blocks.count == steps)
            // A checkout's folder, in which a person leaves `nimmer up` open; a shell without any variable of the system.
            let desk = try TestSystem()
            defer { desk.remove() }
            let copy = try await ChildProcess.run(
                ChildCommand("/bin/cp", ["-r", NewPackages.root + "/deploy", desk.folder + "/deploy"]))
            try #require(copy.status.isSuccess)
            var variables = ["PATH": WholeSystem.products + ":/usr/local/bin:/usr/bin:/bin"]
            for name in ["HOME", "PATH"] {
                guard let value = ChildCommand.inheritedEnvironment[name] else { continue }
                variables[name] = variables[name].map { "\($0):\(value)" } ?? value
            }
            let log = Log()
            let up = try await ChildProcess.spawn(
                ChildCommand(
                    WholeSystem.executable("nimmer"), ["up"], environment: variables, workingDirectory: desk.folder,
                    leftoverGrace: .seconds(20)), output: .lines { log.append($0.text) })
            try await Living(child: up, log: log).says("Listening pattern=dev")
            let script = "set -e\n" + blocks.joined(separator: "\necho '== next ==' \n")
            let answer = try await ChildProcess.run(
                ChildCommand("/bin/bash", ["-c", script], environment: variables, workingDirectory: desk.folder),
                limit: .seconds(900))
            await up.terminate(signal: SIGINT, grace: .seconds(60))
            let text = answer.lines.map(\.text).joined(separator: "\n")
            #expect(answer.status.isSuccess, "\(text)")
            let parts = text.components("== next ==")
            try #require(parts.count == steps, "\(text)")
            return parts
        }

        @Test(
            .enabled(Prerequisites.note, Prerequisites.areMet),
            .timeLimit(.minutes(20)))
        func everyStepOfTheFirstCellWorks() async throws {
            let parts = try await Self.parts(of: "first-cell", steps: 5)
            #expect(parts[0].contains("struct Cellar: Cell"))
            #expect(parts[1].contains("1 test") && parts[1].contains("passed"))
            #expect(parts[2].contains("cellar") && parts[2].contains("wave"))
            #expect(parts[3].contains("cellar 1 alone: untried"), "\(parts[3])")
            #expect(parts[4].contains("It opened at") && parts[4].contains("thermometer"))
        }

        @Test(.enabled(Prerequisites.note, Prerequisites.areMet), .timeLimit(.minutes(5)))
        func everyStepOfTheFirstReflexWorks() async throws {
            let parts = try await Self.parts(of: "first-reflex", steps: 4)
            #expect(parts[0].contains("alone: untried") && parts[0].contains("door, window"), "\(parts[0])")
            #expect(parts[1].contains("door  1.0 of 1.0 confirmed"), "\(parts[1])")
            #expect(parts[2].contains("door alone at 0.8: trusted 0.55, 1 of 1 confirmed"), "\(parts[2])")
            #expect(parts[3].contains("door 0.8 alone: trusted 0.367, 1 of 2 confirmed"), "\(parts[3])")
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

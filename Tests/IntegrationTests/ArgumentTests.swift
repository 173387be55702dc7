import Glibc
import NimmerPlatform
import Testing

@testable import NimmerServers

/// The words of a command line reach a program whatever is loaded before it (`ProcessArguments`).
@Suite(
    "Arguments", .enabled(Prerequisites.note, Prerequisites.areMet),
    .enabled(if: Executables.find("cc") != nil, "there is no C compiler"))
struct ArgumentTests {
    @Test("are read where a preloaded library has moved the environment", arguments: ["nimmer", "thalamus"])
    func movedEnvironment(_ program: String) async throws {
        try await Prerequisites.preloading("moved-environment.c") { _, environment in
            let command = WholeSystem.executable(program)
            let plain = try await ChildProcess.run(ChildCommand(command, ["--version"]), limit: .seconds(120))
            let moved = try await ChildProcess.run(
                ChildCommand(command, ["--version"], environment: environment), limit: .seconds(120))
            #expect(plain.status.isSuccess && plain.lines.count == 1)
            #expect(moved.lines.map(\.text) == plain.lines.map(\.text))
        }
    }
}

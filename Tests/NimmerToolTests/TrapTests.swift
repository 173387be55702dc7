import Glibc
import NimmerServers
import Testing

@testable import nimmer

/// Real traps of Swift in a program that has taken its terminal over: the terminal is given back, what the runtime says is to be
/// read, and who started the program sees how it ended (oscilloscope.md, Must: restored after a crash).
@Suite struct TrapTests {
    private static let program = OwnProgram.folder + "/trap-screen"
    #if arch(x86_64)
        private static let signal = SIGILL
    #else
        private static let signal = SIGTRAP
    #endif

    /// A trap, and what the runtime says of it; an overflowing stack says nothing.
    enum Trap: String, CaseIterable, Sendable {
        case index, `nil`, precondition, overflow, depth

        var message: String? {
            switch self {
            case .index: "Index out of range"
            case .nil: "Unexpectedly found nil"
            case .precondition: "a promise was broken"
            case .overflow, .depth: nil
            }
        }
    }

    @Test(arguments: Trap.allCases) func theTerminalIsGivenBack(after trap: Trap) async throws {
        try await check(trap, backtrace: "enable=no")
    }

    /// The runtime's own handler, which takes some seconds, comes after ours.
    @Test func theRuntimeStillSaysWhere() async throws {
        let said = try await check(
            .index, backtrace: "enable=yes,threads=crashed,color=no,sanitize=no,limit=4,interactive=no")
        #expect(said.contains("crashed"))
    }

    /// - Returns: what was said after the terminal was given back.
    @discardableResult
    private func check(_ trap: Trap, backtrace: String) async throws -> String {
        let terminal = try PseudoTerminal()
        let before = try terminal.settings()
        try terminal.start(Self.program, [trap.rawValue], environment: ["SWIFT_BACKTRACE": backtrace])
        try #require(try await terminal.wait(for: "drawn"))
        #expect(try terminal.settings() != before)
        terminal.type("x")
        #expect(try await terminal.end(seconds: 60) == -(trap == .depth ? SIGSEGV : Self.signal))
        #expect(try terminal.settings() == before)
        let text = String(decoding: terminal.output, as: UTF8.self)
        let parts = text.split(separator: ScreenTests.leave, omittingEmptySubsequences: false)
        try #require(parts.count == 3, "given back once before, and once at the trap: \(text)")
        if let message = trap.message { #expect(parts[2].contains(message)) }
        return String(parts[2])
    }

    @Test func withoutATrapNothingIsPrinted() async throws {
        let terminal = try PseudoTerminal()
        let before = try terminal.settings()
        try terminal.start(Self.program, [])
        try #require(try await terminal.wait(for: "drawn"))
        terminal.type("x")
        #expect(try await terminal.end() == 0)
        #expect(try terminal.settings() == before)
        #expect(String(decoding: terminal.output, as: UTF8.self).hasSuffix(ScreenTests.leave))
    }
}

import Glibc
import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

/// Decision 0015, on the running process: its wall clock is set while gates are open, and while it is away.
@Suite(
    "When somebody sets the clock", .enabled(Prerequisites.note, Prerequisites.areMet),
    .enabled(if: Executables.find("cc") != nil, "there is no C compiler"), .serialized, .timeLimit(.minutes(5)))
struct WallClockTests {
    /// The wall clock of one process, which a test sets.
    struct WallClock {
        let folder: String
        var variables: [String: String] {
            ["LD_PRELOAD": "\(folder)/wall-clock.so", "WALL_CLOCK_OFFSET": "\(folder)/offset"]
        }

        init(_ folder: String) async throws {
            self.folder = folder
            let source = Prerequisites.fixture("wall-clock.c")
            let built = try await ChildProcess.run(
                ChildCommand("cc", ["-shared", "-fPIC", "-o", "\(folder)/wall-clock.so", source, "-ldl"]))
            try #require(built.status.isSuccess, "\(built.lines.map(\.text))")
            try set(0)
        }

        /// Sets it so many seconds away from the machine's, in one step.
        func set(_ seconds: Int) throws {
            try SmallFile.write("\(seconds)", to: "\(folder)/next")
            try #require(rename("\(folder)/next", "\(folder)/offset") == 0)
        }
    }

    static let hour = 3_600, day = 86_400

    /// The transitions of a region, each once, in the order in which they came.
    private func path(_ system: WholeSystem, _ region: String) -> [GateTransition] {
        var seen: Set<MessageID> = []
        return system.transitions.filter { $0.body.region.text == region && seen.insert($0.header.messageID).inserted }
            .map(\.body)
    }

    private func waitForStep(_ system: WholeSystem, _ region: String, _ states: [GateState]) async throws {
        // On a busy machine the gate may have released by now.
        let isThere = await eventually(within: .seconds(120)) {
            path(system, region).map(\.toState).starts(with: states)
        }
        try #require(isThere, "\(region): \(path(system, region).map(\.toState)) instead of \(states)")
    }

    @Test("an hour back or a day ahead, open gates release in their time, and others open; also across a restart")
    func jumps() async throws {
        var template = Array("/tmp/nimmer-clock-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        chmod(folder, 0o755)
        defer { SmallFile.remove(folder) }
        let clock = try await WallClock(folder)
        try await WholeSystem.run(on: try await NATSBinary.choose()) { system in
            await system.crash(.thalamus)
            try await system.start(.thalamus, adding: clock.variables)
            try await system.settle()
            for (region, jump) in [("back", -Self.hour), ("ahead", Self.day)] {
                try clock.set(0)
                try await system.agree(on: region)
                try await waitForStep(system, region, [.open])
                try clock.set(jump)
                // It neither waits for the wall to catch up, nor has it been over for a day.
                try await waitForStep(system, region, [.open, .stable])
                try await system.agree(on: region)
                try await waitForStep(system, region, [.open, .stable, .open])
                let path = path(system, region)
                #expect(path[0].at < path[1].at && path[1].at < path[2].at)
                #expect(abs(path[1].stateValue - 0.2) < 1e-9)
                if jump > 0 {
                    // What is said names the new time.
                    let since = path[1].at.milliseconds(since: path[0].at) / 1000
                    #expect(since > Double(jump) && since < Double(jump) + 60)
                }
            }
            try clock.set(0)
            try await system.agree(on: "restart")
            try await waitForStep(system, "restart", [.open])
            try await system.settle()
            await system.crash(.thalamus)
            try clock.set(-Self.hour)
            try await system.start(.thalamus, adding: clock.variables)
            // Taken up from ahead of now, it decays from now on.
            try await waitForStep(system, "restart", [.open, .stable])
            let path = path(system, "restart")
            #expect(path[0].at < path[1].at)
        }
    }
}

import NimmerBus
import NimmerWave
import Testing

/// Killing the bridge at any moment: one response for each request, and no command twice.
@Suite("The bridge, killed", .enabled(Prerequisites.note, Prerequisites.areMet), .timeLimit(.minutes(5)))
struct BridgeKillTests {
    private static let acting = """
          commands: act
          allow:
            - {target: motor, command: halt, payload: {}}
            - {target: motor, command: report, payload: {}}
          event_types:
            plant:
              event: fault
              reflex: {action: halt, commands: [{target: motor, command: halt}, {target: motor, command: report}]}
        """

    /// How many commands may have reached the motor, and where the record stands in the end: what was on its way when the
    /// bridge died is not sent again, and the rest with it.
    private static let ends: [(step: String, commands: [Int], state: String)] = [
        ("taken", [2], "done"), ("decided", [2], "done"), ("answered", [2], "done"), ("kept", [2], "done"),
        ("acknowledged", [2], "done"), ("begun", [0], "unknown"), ("sent", [1], "unknown"), ("ended", [2], "done"),
        ("begun:2", [1], "unknown"), ("sent:2", [2], "unknown"), ("ended:2", [2], "done"), ("reported", [2], "done"),
    ]

    @Test("after each step, it finishes what it may and repeats nothing", arguments: ends)
    func afterEachStep(_ step: String, _ counts: [Int], _ state: String) async throws {
        try await BridgeBench.run(bridge: Self.acting) { bench in
            let request = try BridgeBench.request("kill \(step)", reflex: true)
            try await bench.ask(request)
            try await bench.start(["--kill-at", step])
            #expect(await bench.ends(within: .seconds(120)), "it dies after \(step)")
            try await bench.start()
            let isSettled = try await bench.wait(within: .seconds(90)) {
                try await bench.state(of: request.requestID) == state
            }
            let found = try await bench.state(of: request.requestID) ?? "no record"
            #expect(isSettled, "\(found)\n\(bench.log)")
            // A second request goes through, so that whatever was due has had its turn.
            let after = try BridgeBench.request("after \(step)", reflex: true)
            try await bench.ask(after)
            #expect(
                try await bench.wait(within: .seconds(120)) { try await bench.state(of: after.requestID) == "done" })
            let responses = try await bench.responses()
            #expect(responses.count { $0.requestID == request.requestID } == 1)
            let acts = try await bench.acts(of: request.requestID)
            #expect(acts.map(\.outcome.rawValue) == [state], "what became of it is told once")
            let own = bench.commands.filter { $0.cause == request.requestID.text }
            #expect(Set(own).count == own.count, "no command twice: \(own)")
            #expect(counts.contains(own.count), "\(own)")
        }
    }

    @Test("again and again under load, each request still has one response and no command leaves twice")
    func again() async throws {
        try await BridgeBench.run(bridge: Self.acting) { bench in
            let requests = try (0..<120).map { number in
                try BridgeBench.request("load \(number)", region: number % 2 == 0 ? "plant" : "office", reflex: true)
            }
            var random = SystemRandomNumberGenerator()
            for (number, request) in requests.enumerated() {
                if number % 30 == 0 {
                    await bench.crash()
                    try await bench.start()
                }
                try await bench.ask(request)
                if number % 30 == 20 {
                    try await Task.sleep(for: .milliseconds(Int.random(in: 0...60, using: &random)))
                    await bench.crash()
                    try await bench.start()
                }
            }
            let isAnswered = try await bench.wait(within: .seconds(90)) {
                Set(try await bench.responses().map(\.requestID)).count == requests.count
            }
            #expect(isAnswered, "\(bench.log)")
            let isSettled = try await bench.wait(within: .seconds(120)) {
                (try? await bench.command("status"))?.result["acts_open"]?.int == 0
            }
            #expect(isSettled)
            #expect(try await bench.responses().count == requests.count, "one each")
            #expect(Set(bench.commands).count == bench.commands.count, "no command twice")
            for request in requests where request.structuredInput["region"]?.string == "plant" {
                let state = try await bench.state(of: request.requestID)
                #expect(state == "done" || state == "unknown")
                if state == "done" {
                    #expect(
                        bench.commands.filter { $0.cause == request.requestID.text }.map(\.command) == [
                            "halt", "report",
                        ])
                }
            }
        }
    }
}

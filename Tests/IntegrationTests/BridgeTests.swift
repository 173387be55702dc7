import NimmerBus
import NimmerWave
import Testing

/// The bridge as a process, without a mind: who may command, and what becomes of a burst.
@Suite("The bridge", .enabled(Prerequisites.note, Prerequisites.areMet), .timeLimit(.minutes(5)))
struct BridgeTests {
    private func settings(_ mode: String, _ more: String = "") -> String {
        """
          commands: \(mode)
          allow: [{target: motor, command: halt, payload: {}}]
          event_types:
            plant: {event: fault, reflex: {action: halt, commands: [{target: motor, command: halt}]}}
        \(more)
        """
    }

    @Test("a person's word is waited for; approving sends once, refusing never")
    func confirm() async throws {
        try await BridgeBench.run(bridge: settings("confirm")) { bench in
            try await bench.startAndWait()
            let yes = try BridgeBench.request("yes", reflex: true), no = try BridgeBench.request("no", reflex: true)
            try await bench.ask(yes)
            // With a sender behind the subject, as where identities are configured, it is the same question.
            try await bench.ask(no, from: try Token("operator"))
            #expect(
                try await bench.wait(within: .seconds(120)) {
                    try await bench.command("pending", from: try Token("operator")).result.array?.count == 2
                })
            #expect(bench.commands.isEmpty)
            let prefix = JSON.string(String(yes.requestID.text.prefix(8)))
            #expect(try await bench.command("approve", ["id": prefix, "by": "ada"]).status == .ok)
            let refused = try await bench.command("refuse", ["id": .string(no.requestID.text), "by": "ada"])
            #expect(refused.status == .ok)
            #expect(
                try await bench.wait(within: .seconds(120)) { try await bench.state(of: yes.requestID) == "done" })
            #expect(try await bench.state(of: no.requestID) == "refused")
            #expect(try await bench.command("approve", ["id": prefix]).status == .refused)
            #expect(try await bench.command("approve", ["id": .string(no.requestID.text)]).status == .refused)
            #expect(bench.commands == [.init(cause: yes.requestID.text, command: "halt")])
            #expect(try await bench.command("pending").result.array?.isEmpty == true)
        }
    }

    @Test("in dry run a decision names its commands, and nothing leaves")
    func dryRun() async throws {
        try await BridgeBench.run(bridge: settings("dry-run")) { bench in
            try await bench.startAndWait()
            let request = try BridgeBench.request("dry", reflex: true)
            try await bench.ask(request)
            #expect(try await bench.wait(within: .seconds(120)) { try await bench.responses().count == 1 })
            let response = try #require(try await bench.responses().first)
            #expect(response.downstreamCommands.map(\.command) == ["halt"])
            #expect(response.result["commands"]?.string == "dry-run")
            #expect(try await bench.state(of: request.requestID) == nil)
            #expect(bench.commands.isEmpty)
        }
    }

    @Test("1,000 requests at once, with a mind that does not answer: each has one response")
    func burst() async throws {
        let mind = """
              minds:
                - {name: small, kind: openai, url: "http://127.0.0.1:9", model: none, breaker: {failures: 3, pause_ms: 500}}
            """
        try await BridgeBench.run(bridge: settings("act", mind)) { bench in
            let requests = try (0..<1000).map { try BridgeBench.request("burst \($0)", region: "r\($0 % 17)") }
            for request in requests { try await bench.ask(request) }
            try await bench.startAndWait()
            let isAnswered = try await bench.wait(within: .seconds(120)) {
                try await bench.command("status").result["answered"]?.int == requests.count
            }
            #expect(isAnswered, "\(bench.log)")
            let responses = try await bench.responses()
            #expect(responses.count == requests.count)
            #expect(Set(responses.map(\.requestID)) == Set(requests.map(\.requestID)))
            #expect(responses.allSatisfy { $0.outcome == .answered || $0.outcome == .merged })
            #expect(bench.commands.isEmpty)
        }
    }
}

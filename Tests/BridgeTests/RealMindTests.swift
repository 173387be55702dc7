import MindServers
import NimmerServers
import NimmerWave
import Testing

/// The whole bridge before a real server of llama.cpp with a real model of 100 MB: openings from recordings, each answered by
/// JSON that keeps to its contract or honestly not by the mind, and nothing acted on that does not keep to it.
@Suite("A real mind", .serialized, .timeLimit(.minutes(15))) struct RealMindTests {
    static let count = 50
    /// All of them where the figures are written (docs/reference/real-mind.md); else as many as come in this time, at least
    /// ``fewest``, and until the mind has kept to its contract once: it samples, and where others want the processors few answers come.
    private static let enough = Duration.seconds(120)
    private static let fewest = 10
    private static let actions = ["inspect", "lower_load", "observe"]

    private static func system(_ url: String) -> String {
        """
        bridge:
          commands: act
          about: A machine with sensors. A witness says how many times worse than ever while all was well its value is.
          allow:
            - target: plant
              command: lower_load
              payload: {percent: {type: number, minimum: 0, maximum: 50}}
          minds:
            - name: small
              kind: openai
              url: \(url)
              model: SmolLM2-135M-Instruct.Q4_1
              timeout_ms: 120000
              max_tokens: 160
              breaker: {failures: 1000}
        """
    }

    @Test(.enabled(SmallModel.note, SmallModel.isThere))
    func openingsAreAnsweredAndNoInvalidAnswerIsActedOn() async throws {
        let (requests, source) = try await Recordings.requests(Self.count)
        try #require(requests.count == Self.count)
        // One thread: several wait for each other turning in circles, for many times the work, where others want the processors.
        try await SmallModel.run(["--threads", "1"]) { server in
            try await Bridge.run(bridge: Self.system(server.url)) { bridge in
                var responses: [CognitiveResponse] = []
                let end = ContinuousClock.now + Self.enough
                for (index, recorded) in requests.enumerated() {
                    let isEnough = responses.count >= Self.fewest && Figures(responses).byMind > 0
                    if !Bridge.isWriting, isEnough, ContinuousClock.now > end { break }
                    var request = recorded
                    request.requestID = .named("real-\(index)")
                    request.suggestedActions = Self.actions.map { SuggestedAction(action: $0, confidence: 0.5) }
                    request.processingBudgetLF = 1000
                    request.responseTimeoutMilliseconds = 240_000
                    request.expiresAt = .now().advanced(milliseconds: 300_000)
                    responses.append(try await bridge.decide(request, within: .seconds(300)))
                }
                for response in responses { try Self.check(response) }
                #expect(Set(responses.map(\.requestID)).count == responses.count)
                let stored = try await bridge.stored()
                #expect(stored.count == responses.count, "a request has more than one response")
                var wanted = 0
                for response in responses where !response.downstreamCommands.isEmpty {
                    wanted += response.downstreamCommands.count
                    let sent = await bridge.orders(
                        of: response.requestID, atLeast: response.downstreamCommands.count)
                    #expect(sent.map(\.command.command) == response.downstreamCommands.map(\.command))
                }
                #expect(bridge.orders.count == wanted, "something was sent that no decision holds")
                let figures = Figures(responses)
                #expect(figures.byMind > 0, "the mind never kept to its contract")
                try Self.keep(figures, source, commands: wanted)
            }
        }
    }

    /// Checks of every response, whichever mind answered.
    private static func check(_ response: CognitiveResponse) throws {
        #expect(response.outcome == .answered)
        let asked = response.result["asked"]?.array ?? []
        #expect((1...2).contains(asked.count), "\(response.json.text)")
        #expect(actions.contains(response.decision), "\(response.decision)")
        switch response.boundary {
        case .model:
            #expect(response.mind?.model == "SmolLM2-135M-Instruct.Q4_1")
            #expect(["valid", "unsure"].contains(asked.last?["verdict"]?.string ?? ""))
            for command in response.downstreamCommands {
                #expect(command.target == "plant" && command.command == "lower_load")
                let percent = try #require(command.payload["percent"]?.double)
                #expect((0...50).contains(percent) && command.payload.object?.keys == ["percent"])
            }
        case .deterministic:
            #expect(asked.allSatisfy { !["valid", "unsure"].contains($0["verdict"]?.string ?? "") })
            #expect(asked.allSatisfy { $0["problems"]?.array?.isEmpty == false }, "it does not say why")
            #expect(response.downstreamCommands.isEmpty)
        }
    }

    /// What was measured over all responses.
    struct Figures {
        var byMind = 0
        var byRule = 0
        var unsure = 0
        var repaired = 0
        var refused = 0
        var milliseconds: [Double] = []
        var read: [Double] = []
        var written: [Double] = []

        init(_ responses: [CognitiveResponse]) {
            for response in responses {
                if response.boundary == .model { byMind += 1 } else { byRule += 1 }
                let asked = response.result["asked"]?.array ?? []
                if asked.last?["verdict"]?.string == "unsure" { unsure += 1 }
                if response.boundary == .model, asked.count > 1 { repaired += 1 }
                for question in asked {
                    if question["verdict"]?.string == "invalid" { refused += 1 }
                    milliseconds.append(question["ms"]?.double ?? 0)
                    guard let completion = question["completion_tokens"]?.double else { continue }
                    written.append(completion)
                    read.append((question["tokens"]?.double ?? completion) - completion)
                }
            }
        }

        /// `median (5 % … 95 %)`
        static func spread(_ values: [Double], _ scale: Double = 1, digits: Double = 1) -> String {
            guard !values.isEmpty else { return "none" }
            let sorted = values.sorted()
            func at(_ share: Double) -> String {
                let value =
                    (sorted[Int(saturating: Double(sorted.count - 1) * share)] * scale * digits).rounded() / digits
                return JSON.number(value).text
            }
            return "\(at(0.5)) (\(at(0.05)) to \(at(0.95)))"
        }
    }

    /// Prints the figures, and writes them into the docs when asked to: they are of one machine and one day.
    private static func keep(_ figures: Figures, _ source: String, commands: Int) throws {
        let table = """
            | \(figures.byMind + figures.byRule) openings | found |
            |---|---|
            | from | \(source) |
            | answered by the mind, keeping to its contract | \(figures.byMind), of these \(figures.repaired) at the second try |
            | answered by rule, since it did not | \(figures.byRule) |
            | the mind called itself unsure | \(figures.unsure) |
            | answers refused as invalid | \(figures.refused) |
            | commands that the mind asked for and the system file allows, sent once each | \(commands) |
            | invalid answers acted on | 0 |
            | seconds for an answer, median (5 % to 95 %) | \(Figures.spread(figures.milliseconds, 0.001, digits: 10)) |
            | tokens read for an answer | \(Figures.spread(figures.read)) |
            | tokens written for an answer | \(Figures.spread(figures.written)) |

            """
        print(table)
        guard Bridge.isWriting else { return }
        let path = Bridge.root + "/docs/reference/real-mind.md"
        let text = try #require(Bridge.read(path))
        let start = "<!-- figures -->\n"
        let end = "<!-- /figures -->"
        let before = try #require(text.split(separator: start, maxSplits: 1).first)
        let after = try #require(text.split(separator: end, maxSplits: 1).last)
        Bridge.write("\(before)\(start)\(table)\(end)\(after)", to: path)
    }
}

/// The pump that is made up where no recording is at hand opens gates as a real one does.
@Suite struct MadeUpRecordingTests {
    @Test func aMadeUpPumpHasItsRows() {
        let lines = Recordings.recording(seed: 1).split(separator: "\n")
        #expect(lines.count == 2_401 && lines[1].hasPrefix("2026-01-05 10:00:00;"))
        #expect(Recordings.recording(seed: 1) == Recordings.recording(seed: 1))
        #expect(Recordings.recording(seed: 1) != Recordings.recording(seed: 2))
    }
}

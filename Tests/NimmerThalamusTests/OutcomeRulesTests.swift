import NimmerSystem
import NimmerSystemFile
import NimmerThalamus
import NimmerWave
import Testing

/// Outcomes by rules of the system file, without clock or bus (trust.md, Who verifies).
@Suite("Outcomes by rule") struct OutcomeRulesTests {
    private static func rules(_ verify: String) throws -> OutcomeRules {
        let text = """
            nimmerverse: 1
            name: rules
            cells:
              - {name: pressure, command: [pressure]}
              - {name: level, command: [level]}
            nerves:
              - {name: guard, command: [guard]}
            verify: {\(verify)}
            """
        return OutcomeRules(try SystemFile(parsing: Array(text.utf8), file: "rules.yaml"))
    }

    private static func at(_ seconds: Double) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

    private static func opening(_ region: String = "plant", at seconds: Double, commands: Bool = false) throws
        -> GateTransition
    {
        let region = try Region(region)
        var opening = GateTransition(
            gateID: GateID(region: region), domain: try Token("plant"), region: region, fromState: .stable,
            toState: .open,
            stateValue: 1, weight: 0.5, at: at(seconds))
        if commands {
            opening.collapse = OpeningCollapse(
                collapseID: .named("collapse"), confidence: 0.9, windowStart: at(seconds), witnesses: [])
            opening.escalation = Escalation(
                eventType: "resonance", suggestedActions: [], processingBudgetLF: 1, responseTimeoutMilliseconds: 1000,
                expiresAt: at(seconds + 60))
        }
        return opening
    }

    private static func wave(_ confidence: Double, polarity: Int = 1, _ content: JSON = [:]) throws -> WaveSignal {
        WaveSignal(
            domain: try Token("pressure"), confidence: confidence, semanticContent: content, region: nil,
            polarity: polarity,
            origin: nil)
    }

    private let id = MessageID.named("opening")
    private let pressure = try! Token("pressure")

    @Test("the first wave behind the opening that a condition holds for decides; never the one that opened")
    func decides() throws {
        var rules = try Self.rules("plant: {within: 10m, confirmed: {cell: pressure, above: 0.8}, else: failed}")
        rules.opened(id, try Self.opening(at: 100))
        #expect(rules.heard(pressure, try Self.wave(0.9), at: Self.at(100)).isEmpty, "the wave of the opening's moment")
        #expect(rules.heard(try Token("level"), try Self.wave(0.9), at: Self.at(101)).isEmpty, "another cell")
        #expect(rules.heard(pressure, try Self.wave(0.8), at: Self.at(102)).isEmpty)
        #expect(rules.heard(pressure, try Self.wave(0.95, polarity: -1), at: Self.at(103)).isEmpty, "a denial")
        let outcomes = rules.heard(pressure, try Self.wave(0.9), at: Self.at(104))
        #expect(outcomes.map(\.result) == [.confirmed] && outcomes.first?.decided?.number == 0.9)
        #expect(rules.next == nil)
        #expect(rules.heard(pressure, try Self.wave(0.9), at: Self.at(105)).isEmpty, "once")
        let message = outcomes[0].message(
            in: .dev, at: Self.at(104), from: Source(entityID: "thalamus", entityType: .thalamus))
        #expect(message.body.verificationSource == "rule:plant" && message.header.messageID == .ruled(id, in: .dev))
    }

    @Test("what was heard without a decision gets the outcome of else; silence and STALE get none")
    func silence() throws {
        let text = "plant: {within: 10m, confirmed: {cell: pressure, above: 0.8}, else: failed}"
        var heard = try Self.rules(text)
        heard.opened(id, try Self.opening(at: 0))
        _ = heard.heard(pressure, try Self.wave(0.3), at: Self.at(5))
        #expect(heard.due(by: Self.at(600)).isEmpty && heard.next == Self.at(600))
        #expect(heard.due(by: Self.at(601)).map(\.result) == [.failed] && heard.next == nil)
        var silent = try Self.rules(text)
        silent.opened(id, try Self.opening(at: 0))
        _ = silent.heard(pressure, try Self.wave(0.9), at: Self.at(700))
        #expect(silent.due(by: Self.at(701)).isEmpty && silent.next == nil, "too late")
        var stale = try Self.rules(text)
        stale.opened(id, try Self.opening(at: 0))
        _ = stale.heard(pressure, try Self.wave(0.3), at: Self.at(5))
        stale.silence(of: pressure, begins: true)
        #expect(stale.due(by: Self.at(601)).isEmpty)
        var without = try Self.rules("plant: {within: 10m, confirmed: {cell: pressure, above: 0.8}}")
        without.opened(id, try Self.opening(at: 0))
        _ = without.heard(pressure, try Self.wave(0.3), at: Self.at(5))
        #expect(without.due(by: Self.at(601)).isEmpty)
    }

    @Test("conditions are looked at in the order confirmed, failed, partial, each about a field or the confidence")
    func fields() throws {
        let text = """
            plant: {within: 90s, confirmed: {cell: level, field: tank.level, above: 5}, failed: {cell: level, field: tank.level, below: 1},
                    partial: {nerve: guard, above: 0.5, below: 0.7}, else: failed}
            """
        let (level, nerve) = (try Token("level"), try Token("guard"))
        func tank(_ level: Double) -> JSON { ["tank": ["level": .number(level)]] }
        var rules = try Self.rules(text)
        rules.opened(id, try Self.opening(at: 0))
        #expect(rules.names == ["level", "guard"])
        #expect(rules.heard(level, try Self.wave(0.9, ["tank": 7]), at: Self.at(1)).isEmpty, "no such field")
        #expect(rules.due(by: Self.at(91)).isEmpty, "neither was heard")
        rules.opened(id, try Self.opening(at: 100))
        #expect(rules.heard(level, try Self.wave(0.9, tank(0.5)), at: Self.at(101)).map(\.result) == [.failed])
        rules.opened(.named("second"), try Self.opening(at: 200))
        #expect(rules.heard(nerve, try Self.wave(0.6), at: Self.at(201)).map(\.result) == [.partial])
        rules.opened(.named("third"), try Self.opening(at: 300))
        _ = rules.heard(level, try Self.wave(0.9, tank(3)), at: Self.at(301))
        #expect(rules.due(by: Self.at(391)).isEmpty, "the nerve was not heard")
    }

    @Test("after command done the time begins when all commands were carried out; else there is no outcome")
    func commands() throws {
        let text = "plant: {within: 60s, after: command done, confirmed: {cell: pressure, above: 0.8}, else: failed}"
        func act(_ outcome: ActOutcome, _ status: CommandStatus, at seconds: Double) throws -> Act {
            let request = try #require(try Self.opening(at: 0, commands: true).escalated).requestID
            return Act(
                requestID: request, outcome: outcome,
                commands: [ActedCommand(target: "motor", command: "stop", status: status)], at: Self.at(seconds))
        }
        var rules = try Self.rules(text)
        #expect(rules.waitsForCommands)
        rules.opened(.named("no question"), try Self.opening(at: 0))
        #expect(rules.next == nil, "without a question there are no commands")
        rules.opened(id, try Self.opening(at: 0, commands: true))
        #expect(rules.heard(pressure, try Self.wave(0.9), at: Self.at(5)).isEmpty, "before")
        rules.acted(try act(.done, .ok, at: 10))
        #expect(rules.next == Self.at(70))
        #expect(rules.heard(pressure, try Self.wave(0.9), at: Self.at(11)).map(\.result) == [.confirmed])
        rules.opened(id, try Self.opening(at: 0, commands: true))
        rules.acted(try act(.failed, .error, at: 10))
        #expect(rules.next == nil)
    }

    @Test("the first rule that matches holds, and what is decided otherwise is forgotten")
    func patterns() throws {
        var rules = try Self.rules(
            "plant.pump: {within: 1s, failed: {cell: level, above: 0}}, plant.>: {within: 5s, confirmed: {cell: pressure, above: 0}}"
        )
        rules.opened(id, try Self.opening("plant.pump", at: 0))
        #expect(rules.next == Self.at(1))
        rules.opened(.named("b"), try Self.opening("plant.valve", at: 0))
        rules.opened(.named("c"), try Self.opening("hall", at: 0))
        rules.decided(id)
        #expect(rules.next == Self.at(5))
        rules.forget { $0.text == "plant--valve" }
        #expect(rules.next == nil)
    }

    @Test(
        "a rule that cannot be is refused with its place",
        arguments: [
            ("plant: {confirmed: {cell: pressure, above: 1}}", "within"),
            ("plant: {within: ten, confirmed: {cell: pressure, above: 1}}", "10m"),
            ("plant: {within: 9d, confirmed: {cell: pressure, above: 1}}", "at most 6d"),
            ("plant: {within: 9s}", "confirmed, failed or partial"),
            ("plant: {within: 9s, confirmed: {cell: presure, above: 1}}", "did you mean 'pressure'?"),
            ("plant: {within: 9s, confirmed: {nerve: pressure, above: 1}}", "a nerve of this file: guard"),
            ("plant: {within: 9s, confirmed: {cell: pressure, nerve: guard, above: 1}}", "either a cell or a nerve"),
            ("plant: {within: 9s, confirmed: {cell: pressure}}", "above or below"),
            ("plant: {within: 9s, confirmed: {cell: pressure, above: 2, below: 1}}", "above less than below"),
            ("plant: {within: 9s, confirmed: {cell: pressure, above: 1}, else: never}", "confirmed, failed, partial"),
            ("plant: {within: 9s, after: lunch, confirmed: {cell: pressure, above: 1}}", "opening, or command done"),
            ("plant: {within: 9s, confirms: {cell: pressure, above: 1}}", "confirms"),
        ])
    func refusals(text: String, expected: String) throws {
        do {
            _ = try Self.rules(text)
            Issue.record("\(text) was taken")
        } catch let error as SystemError {
            #expect("\(error)".contains(expected) && "\(error)".contains("rules.yaml:8:"), "\(error)")
        }
    }

    @Test("what is heard before an opening is stored counts, and its outcome waits until it is")
    func unstored() throws {
        let text = "plant: {within: 10m, confirmed: {cell: pressure, above: 0.8}, else: failed}"
        var rules = try Self.rules(text)
        rules.opened(id, try Self.opening(at: 0), isStored: false)
        #expect(rules.heard(pressure, try Self.wave(0.9), at: Self.at(1)).isEmpty, "no outcome may name it yet")
        #expect(rules.stored(id)?.result == .confirmed && rules.stored(id) == nil)
        // Heard before it is stored, decided behind.
        rules.opened(id, try Self.opening(at: 100), isStored: false)
        #expect(rules.heard(pressure, try Self.wave(0.3), at: Self.at(101)).isEmpty)
        #expect(rules.stored(id) == nil)
        #expect(rules.due(by: Self.at(701)).map(\.result) == [.failed])
        // Given up, or decided otherwise.
        for end in 0..<3 {
            rules.opened(id, try Self.opening(at: 1000), isStored: false)
            if end == 1 { _ = rules.heard(pressure, try Self.wave(0.9), at: Self.at(1001)) }
            if end == 2 {
                _ = rules.heard(pressure, try Self.wave(0.9), at: Self.at(1001))
                rules.decided(id)
            }
            rules.forgetUnstored(of: try GateID("plant"))
            #expect(rules.next == nil && rules.stored(id) == nil)
        }
        rules.opened(id, try Self.opening(at: 2000))
        rules.forgetUnstored(of: try GateID("plant"))
        #expect(rules.next != nil, "it is stored")
    }
}
